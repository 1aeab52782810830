import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { delivery, type Json, sessionStart, streamedEvent } from "../fixtures/events.ts";

/** What must stand in no log line: each is found again by this. */
const mark = "mark-7f3a9c";
const secret = `secret-${mark}`;

let run: EmbeddedRun;
let written = "";
const capture = (text: unknown) => {
  written += String(text);
  return true;
};

beforeAll(async () => {
  process.env.POWERTOOLS_LOG_LEVEL = "DEBUG";
  vi.spyOn(process.stdout, "write").mockImplementation(capture);
  vi.spyOn(process.stderr, "write").mockImplementation(capture);
  run = await startEmbeddedRun({ port: 0, hookSecret: secret, mismatchDistanceKm: 500, onError: () => {} });
});
afterEach(() => {
  for (const fault of Object.values(run.faults)) fault.set(null);
});
afterAll(async () => {
  await run.stop();
  vi.restoreAllMocks();
});

/** A session start whose every text is personal, but for the ids that logs may hold. */
function personal(overrides: Json = {}): Json {
  return sessionStart({
    displayMessage: mark,
    actor: { id: "00u1marked", type: "User", alternateId: `${mark}@example.com`, displayName: mark },
    client: {
      ipAddress: mark,
      userAgent: { rawUserAgent: mark, os: mark, browser: mark },
      geographicalContext: { city: mark, state: mark, country: mark, postalCode: mark },
    },
    outcome: { result: "SUCCESS", reason: mark },
    securityContext: { isProxy: true, asNumber: 64500, asOrg: mark, isp: mark, domain: mark },
    device: { id: mark, name: mark },
    debugContext: { debugData: { anything: mark } },
    ...overrides,
  });
}

async function post(body: string, authorization = secret, contentType = "application/json"): Promise<number> {
  const response = await fetch(run.url, {
    method: "POST",
    headers: { authorization, "content-type": contentType },
    body,
  });
  await response.arrayBuffer();
  return response.status;
}
const deliver = (...events: readonly unknown[]) => post(JSON.stringify(delivery(events)));

/** Has an event come by the log stream, with the id of a delivery. */
async function stream(event: unknown): Promise<number> {
  const body = JSON.stringify(streamedEvent(event, { id: delivery([]).eventId }));
  return (await fetch(`${run.url}_local/stream`, { method: "POST", body })).status;
}

test("no log line holds a secret, a name, a login or an address, whatever goes well or wrong", async () => {
  // Alerted on, suppressed, known by a login alone, repeated.
  const event = personal();
  const loginOnly = personal({ actor: { id: null, type: "User", alternateId: `${mark}@example.com` } });
  expect(await deliver(event, personal(), loginOnly)).toBe(204);
  expect(await deliver(event)).toBe(204);
  expect(await stream(personal({ actor: { id: "00u1streamed", type: "User", alternateId: mark } }))).toBe(200);
  // Malformed, refused.
  expect(await stream({ marker: mark, eventType: mark })).toBe(200);
  expect(await deliver({ marker: mark, eventType: mark }, personal({ securityContext: { isProxy: mark } }))).toBe(204);
  expect(await post(`{"${mark}": `)).toBe(400);
  expect(await post(JSON.stringify({ [mark]: mark }))).toBe(400);
  expect(await post(mark, secret, `text/${mark}`)).toBe(415);
  expect(await post("{}", `wrong-${mark}`)).toBe(401);
  // Everything down, one after the other, and all of it.
  for (const service of ["sns", "dynamodb", "sqs"] as const) {
    run.faults[service].set({ kind: "refuse" });
    await deliver(personal({ actor: { id: `00u${service}`, type: "User", alternateId: mark, displayName: mark } }));
  }
  expect(await post(`{"${mark}": `)).toBe(503);
  expect(await stream(personal())).toBe(502);
  for (const [service, kind] of [
    ["sns", "throttle"],
    ["dynamodb", "serverError"],
  ] as const) {
    run.faults[service].set({ kind });
    await deliver(personal());
  }
  expect(written).toContain('"kind":"alertPublished"');
  expect(written).toContain('"kind":"suppressed"');
  expect(written).toContain('"kind":"deliveryRefused"');
  expect(written).toContain('"kind":"refusedDeliveryLost"');
  expect(written).toContain("00u1marked");
  expect(written).toContain("00u1streamed");
  const lines = written.split("\n").filter((line) => line.includes(mark));
  expect(lines).toEqual([]);
});

test("every line about an event names it, its delivery and the rules", () => {
  const lines = written.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Json] : []));
  const ofDeliveries = new Set([
    "malformedParked",
    "malformedFailed",
    "secretUnavailable",
    "deliveryRefused",
    "refusedDeliveryLost",
  ]);
  const about = lines.filter(({ kind }) => !ofDeliveries.has(String(kind)));
  // Whether the retry queue was worked on in the meantime is up to its own pace.
  const wanted = [
    "workLost",
    "suppressed",
    "duplicate",
    "workParked",
    "alertPublished",
    "profilesUnavailable",
    "claimsUnavailable",
  ];
  expect(about.map(({ kind }) => kind)).toEqual(expect.arrayContaining(wanted));
  for (const line of about) {
    expect(line).toMatchObject({ deliveryId: delivery([]).eventId, ruleIds: expect.any(Array) });
    expect(line.eventUuid ?? line.eventUuids).toBeTruthy();
  }
});
