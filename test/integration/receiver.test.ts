import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Alert } from "../../lambda/core/alerts/alert-schema.ts";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { delivery, type Json, sessionStart } from "../fixtures/events.ts";
import { lisbon } from "../fixtures/places.ts";

const secret = "a secret with spaces, 64 characters or not";
const proxyRule = "8d5f6c9e-5a0e-4b7c-9d0c-4f6a3a1f2b10";
const mismatchRule = "2b1c7e54-93ad-4c8f-b7e6-0d5e8f7a6c21";

let run: EmbeddedRun;
const errors: unknown[] = [];

beforeAll(async () => {
  run = await startEmbeddedRun({
    port: 0,
    hookSecret: secret,
    mismatchDistanceKm: 500,
    suppressMinutes: 0,
    stormAfter: 0,
    sourceAlertsPerHour: 0,
    onError: (error) => errors.push(error),
  });
  await run.putProfiles([
    { user: "00u1lisbon", locations: [lisbon] },
    { user: "grace@example.com", locations: [lisbon] },
    { user: "00u1toronto", locations: [{ label: "home", countryCode: "CA", latitude: 43.7, longitude: -79.4 }] },
  ]);
});

afterAll(async () => {
  await run.stop();
  expect(errors).toEqual([]);
});

function send(options: RequestInit & { readonly headers?: Record<string, string> }): Promise<Response> {
  return fetch(run.url, { ...options, headers: { authorization: secret, ...options.headers } });
}

function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return send({
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

async function alertsAbout(uuids: readonly unknown[], expected: number): Promise<Alert[]> {
  const found = () =>
    run.alerts.received.map(({ alert }) => alert).filter(({ okta }) => uuids.includes(okta.eventUuid));
  await expect.poll(() => found().length, { timeout: 60_000, interval: 20 }).toBeGreaterThanOrEqual(expected);
  return found();
}

/** Delivers one event that alerts behind the others; once its alert is there, theirs would be. */
async function nothingFurther(): Promise<void> {
  const marker = sessionStart();
  await post(delivery([marker]));
  await alertsAbout([marker.uuid], 1);
}

describe("verification", () => {
  test("sends the challenge back when the secret is right", async () => {
    const response = await send({
      headers: { "X-Okta-Verification-Challenge": "kase" },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual({ verification: "kase" });
  });

  test("refuses a wrong secret, without detail", async () => {
    const response = await fetch(run.url, {
      headers: { authorization: `${secret}x`, "x-okta-verification-challenge": "hello" },
    });
    expect([response.status, await response.text()]).toEqual([401, ""]);
  });

  test("refuses a GET without a challenge", async () => {
    expect((await send({})).status).toBe(400);
  });
});

describe("the HTTP table", () => {
  test.each([
    ["no secret", 401, () => fetch(run.url, { method: "POST" })],
    ["no secret with another method", 401, () => fetch(run.url, { method: "DELETE" })],
    ["another method", 405, () => send({ method: "PUT", body: "{}" })],
    ["no content type", 415, () => send({ method: "POST", body: new Uint8Array([123, 125]) })],
    ["another content type", 415, () => post("{}", { "content-type": "text/plain" })],
    ["another charset", 415, () => post("{}", { "content-type": "application/json; charset=utf-16" })],
    ["an empty body", 400, () => post("")],
    ["no JSON", 400, () => post("{nope")],
    ["no envelope", 400, () => post({})],
    ["an envelope without events", 400, () => post(delivery([], { data: {} }))],
    ["over 6 MiB", 413, () => post(JSON.stringify(delivery([{ pad: "x".repeat(6_291_456) }])))],
    ["over 6 MiB with its quotation marks escaped", 413, () => post(delivery([{ pad: '"'.repeat(2_000_000) }]))],
    ["under 6 MiB with its quotation marks escaped", 204, () => post(delivery([], { pad: '"'.repeat(1_500_000) }))],
    ["no events", 204, () => post(delivery([]))],
    ["JSON with its charset", 204, () => post(delivery([]), { "content-type": "application/json; charset=utf-8" })],
  ])("%s: %i", async (_, status, request) => {
    const response = await request();
    expect(response.status).toBe(status);
    if ([400, 415].includes(status)) expect(await response.json()).toEqual({ error: expect.stringMatching(/\w/) });
    if (status === 405) expect(response.headers.get("allow")).toBe("GET, POST");
  });

  test.each([
    ["an empty object", "{}"],
    ["another hook", delivery([], { eventType: "com.okta.inline_hook" })],
  ])("refuses %s, and names the type that it expects", async (_, body) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: expect.stringContaining('eventType: expected "com.okta.event_hook"'),
    });
  });

  test("names the path of each fault of an envelope", async () => {
    const { error } = (await (await post({ eventType: "x", source: 1, data: { events: {} } })).json()) as {
      error: string;
    };
    for (const path of ["eventType", "source", "data.events"]) expect(error).toContain(path);
  });
});

describe("detections", () => {
  test("a sign-in that came through no proxy raises no alert", async () => {
    const events = [null, false, "false"].map((isProxy) => sessionStart({ securityContext: { isProxy } }));
    expect((await post(delivery(events))).status).toBe(204);
    await nothingFurther();
    expect(
      await alertsAbout(
        events.map(({ uuid }) => uuid),
        0,
      ),
    ).toEqual([]);
  });

  test("a proxied sign-in of a user without a profile raises one alert, of unknown location", async () => {
    const event = sessionStart({ actor: { id: "00u1nobody", type: "User", alternateId: null, displayName: null } });
    expect((await post(delivery([event]))).status).toBe(204);
    const [alert, ...others] = await alertsAbout([event.uuid], 1);
    expect(others).toEqual([]);
    expect(alert?.severity).toBe("high");
    expect(alert?.detections.map(({ id }) => id)).toEqual([proxyRule]);
    expect(alert?.geo).toMatchObject({
      verdict: "unknown",
      distanceKm: null,
      thresholdKm: 500,
      nearestProfileLocation: null,
    });
    expect(alert?.event).toEqual(event);
  });

  test("far from every profile location, one alert names both detections, the severest first", async () => {
    const event = sessionStart();
    await post(delivery([event]));
    const [alert, ...others] = await alertsAbout([event.uuid], 1);
    expect(others).toEqual([]);
    expect(alert?.detections.map(({ id }) => id)).toEqual([proxyRule, mismatchRule]);
    expect(alert?.geo).toMatchObject({
      verdict: "mismatch",
      exit: { city: "Toronto", countryCode: "CA", latitude: 43.6567, longitude: -79.34 },
      nearestProfileLocation: { label: "home", city: "Lisbon", state: null },
    });
    expect(alert?.geo.distanceKm).toBeCloseTo(5_723, -1);
    expect(alert?.okta).toMatchObject({
      org: "example.okta.com",
      eventHookId: "who1",
      deliveryId: delivery([]).eventId,
    });
    const received = run.alerts.received.find((each) => each.alert === alert);
    expect(received?.subject).toMatch(
      /^\[high\] sign-in through a proxy: Ada@Example\.com, Canada(?:, \d+ (?:hours|days) old)?$/,
    );
    expect(received?.attributes).toMatchObject({
      severity: { Type: "String", Value: "high" },
      geoVerdict: { Type: "String", Value: "mismatch" },
      eventType: { Type: "String", Value: "user.session.start" },
      outcome: { Type: "String", Value: "SUCCESS" },
      detections: { Type: "String.Array", Value: JSON.stringify([proxyRule, mismatchRule]) },
    });
  });

  test("a user is found by login, whatever its case", async () => {
    const event = sessionStart({ actor: { id: "unknown", type: "User", alternateId: "Grace@Example.COM" } });
    await post(delivery([event]));
    expect((await alertsAbout([event.uuid], 1))[0]?.geo.verdict).toBe("mismatch");
  });

  test("near a profile location, the proxy alone is alerted on", async () => {
    const event = sessionStart({ actor: { id: "00u1toronto", type: "User", alternateId: "x" } });
    await post(delivery([event]));
    const [alert] = await alertsAbout([event.uuid], 1);
    expect(alert?.geo.verdict).toBe("match");
    expect(alert?.detections.map(({ id }) => id)).toEqual([proxyRule]);
  });

  test("an event that stands twice in one delivery raises one alert", async () => {
    const event = sessionStart();
    await post(delivery([event, { ...event }]));
    await nothingFurther();
    expect(await alertsAbout([event.uuid], 1)).toHaveLength(1);
  });

  test("a delivery that is repeated, or comes again while the first is at work, raises one alert", async () => {
    const event = sessionStart();
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(delivery([event]))));
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 204, 204]);
    expect((await post(delivery([event]))).status).toBe(204);
    await nothingFurther();
    expect(await alertsAbout([event.uuid], 1)).toHaveLength(1);
  });

  test("events riddled with null are alerted on", async () => {
    const event = sessionStart({
      actor: null,
      client: null,
      outcome: null,
      authenticationContext: null,
      debugContext: null,
    });
    expect((await post(delivery([event]))).status).toBe(204);
    const [alert] = await alertsAbout([event.uuid], 1);
    expect(alert?.user).toEqual({ id: null, login: null, displayName: null });
    expect(alert?.session.outcome).toBeNull();
  });

  test("of a delivery of 150 users, each has an alert of its own", async () => {
    const events = Array.from({ length: 150 }, (_, index) =>
      sessionStart({ actor: { id: `00u${index}`, type: "User" } }),
    );
    expect((await post(delivery(events))).status).toBe(204);
    const uuids = events.map(({ uuid }) => uuid);
    const alerts = () =>
      run.alerts.received.map(({ alert }) => alert).filter(({ okta }) => uuids.includes(okta.eventUuid));
    // On a slow machine the time runs out for some: they come by the retry queue, those that were out already a second time.
    const named = () => new Set(alerts().map(({ okta }) => okta.eventUuid)).size;
    await expect.poll(named, { timeout: 60_000, interval: 20 }).toBe(150);
    expect(new Set(alerts().map(({ alertId }) => alertId)).size).toBe(150);
  });

  test("over SNS's limit the event is cut, and the alert says so", async () => {
    const event = sessionStart({ debugContext: { debugData: { pad: "é".repeat(200_000) } } });
    expect((await post(delivery([event]))).status).toBe(204);
    const [alert] = await alertsAbout([event.uuid], 1);
    expect(alert?.eventCut).toEqual(["debugContext"]);
    expect(alert?.event).toEqual({ ...event, debugContext: { debugData: { pad: "é".repeat(1_000) } } });
  });

  test("an event nested too deeply to be written is alerted on without the nested part", async () => {
    const uuid = crypto.randomUUID();
    const body = JSON.stringify(delivery([sessionStart({ uuid, deep: "DEEP" })])).replace(
      '"DEEP"',
      "[".repeat(100_000) + "]".repeat(100_000),
    );
    expect((await post(body)).status).toBe(204);
    expect((await alertsAbout([uuid], 1))[0]?.eventCut).toEqual(["deep"]);
  });
});

describe("a delivery of which nothing is lost:", () => {
  /** An event of 3.4 kB, as common ones of Okta's are. */
  const large = (overrides: Json = {}) =>
    sessionStart({
      securityContext: { isProxy: false },
      debugContext: {
        debugData: Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`field${n}`, "x".repeat(40)])),
      },
      ...overrides,
    });

  test.each<[string, Json, (event: Json) => readonly Json[]]>([
    ["an id that is a number", { eventId: 1 }, (event) => [event]],
    ["a time that is an object", { eventTime: {} }, (event) => [event]],
    ["a source that is none", { source: null }, (event) => [event]],
    ["350 events of 3.4 kB", {}, (event) => [...Array.from({ length: 349 }, () => large()), event]],
    ["1,400 events of 3.4 kB, nearly 6 MB", {}, (event) => [...Array.from({ length: 1_399 }, () => large()), event]],
  ])("%s", async (_, overrides, events) => {
    const event = large({
      securityContext: { isProxy: true },
      actor: { id: `00u1${crypto.randomUUID()}`, type: "User" },
    });
    expect((await post(delivery(events(event), overrides))).status).toBe(204);
    expect(await alertsAbout([event.uuid], 1)).toHaveLength(1);
  });
});

describe("malformed events", () => {
  async function deadLetters(): Promise<Json[]> {
    const client = new SQSClient({});
    const letters: Json[] = [];
    for (;;) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({ QueueUrl: run.environment.DEAD_LETTER_QUEUE_URL, MaxNumberOfMessages: 10 }),
      );
      if (Messages.length === 0) return letters;
      letters.push(...Messages.map(({ Body = "" }) => JSON.parse(Body) as Json));
    }
  }

  test("are parked with the reason, and the good ones beside them are alerted on", async () => {
    const good = sessionStart();
    const malformed = [
      { ...sessionStart(), uuid: undefined, marker: 1 },
      { ...sessionStart(), securityContext: { isProxy: "perhaps" }, marker: 2 },
      5,
      ...Array.from({ length: 12 }, () => null),
    ];
    await deadLetters();
    expect((await post(delivery([malformed[0], good, ...malformed.slice(1)]))).status).toBe(204);
    expect(await alertsAbout([good.uuid], 1)).toHaveLength(1);
    const letters = await deadLetters();
    expect(letters).toHaveLength(malformed.length);
    const paths = letters.flatMap(({ faults }) => (faults as { path: string }[]).map(({ path }) => path));
    expect(paths).toEqual(
      expect.arrayContaining(["data.events.0.uuid", "data.events.2.securityContext.isProxy", "data.events.3"]),
    );
    expect(letters.find(({ event }) => (event as Json | null)?.marker === 2)).toMatchObject({
      reason: expect.stringContaining("expected true, false or null"),
      org: "example.okta.com",
      eventCut: false,
    });
  });
});

describe("whatever comes in", () => {
  const table = [200, 204, 400, 401, 405, 413, 415];
  const eventLike = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        uuid: fc.oneof(fc.uuid(), fc.jsonValue()),
        published: fc.oneof(fc.constant("2026-11-24T09:30:00.412Z"), fc.jsonValue()),
        eventType: fc.oneof(fc.constant("user.session.start"), fc.jsonValue()),
        actor: fc.jsonValue(),
        client: fc.jsonValue(),
        outcome: fc.jsonValue(),
        securityContext: fc.oneof(
          fc.record({ isProxy: fc.constantFrom(true, "true", null, 1), risk: fc.jsonValue() }),
          fc.jsonValue(),
        ),
        debugContext: fc.record({
          debugData: fc.dictionary(fc.constantFrom("risk", "behaviors", "tunnels"), fc.jsonValue()),
        }),
      },
      { requiredKeys: [] },
    ),
  );

  test("no body is answered outside the table", async () => {
    const bodies = fc.oneof(
      fc.string(),
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc.array(eventLike, { maxLength: 5 }).map((events) => JSON.stringify(delivery(events))),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        expect(table).toContain((await post(body)).status);
      }),
      { numRuns: 300 },
    );
  });

  test("no method or header is answered outside the table", async () => {
    const headerValue = fc.string({ unit: fc.constantFrom(...'abc;=/, "*0\u00e9') });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"),
        fc.dictionary(
          fc.constantFrom("authorization", "content-type", "x-okta-verification-challenge", "accept"),
          headerValue,
        ),
        async (method, headers) => {
          const response = await fetch(run.url, { method, headers: { authorization: secret, ...headers } });
          expect(table).toContain(response.status);
        },
      ),
      { numRuns: 200 },
    );
  });
});
