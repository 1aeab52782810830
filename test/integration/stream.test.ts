import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { handler as reconcileHandler } from "../../lambda/functions/reconcile.ts";
import type { handler as streamHandler } from "../../lambda/functions/stream.ts";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { loadBuilt } from "../fixtures/built.ts";
import { delivery, type Json, sessionStart, streamedEvent } from "../fixtures/events.ts";
import type { FakeOkta } from "../fixtures/okta.ts";
import { startOktaWithSecret } from "../fixtures/okta-secret.ts";

/*
 * The three inlets on one machine, by the functions that are deployed: the event hook, the log stream, and reconciliation with
 * the System Log of a fake org.
 */

let run: EmbeddedRun;
let okta: FakeOkta;
let stopOkta: () => Promise<unknown>;
let stream: typeof streamHandler;
let reconcile: typeof reconcileHandler;
let redrive: (event: SQSEvent) => Promise<SQSBatchResponse>;

const loadHandler = async <Handler>(name: string) => (await loadBuilt<{ readonly handler: Handler }>(name)).handler;

beforeAll(async () => {
  run = await startEmbeddedRun({
    port: 0,
    hookSecret: "secret",
    mismatchDistanceKm: 500,
    suppressMinutes: 0,
    onError: () => {},
  });
  ({ okta, stop: stopOkta } = await startOktaWithSecret());
  [stream, reconcile, redrive] = await Promise.all([
    loadHandler<typeof streamHandler>("stream"),
    loadHandler<typeof reconcileHandler>("reconcile"),
    loadHandler<typeof redrive>("redrive"),
  ]);
});
beforeEach(() => {
  for (const proxy of Object.values(run.faults)) proxy.set(null);
});
afterAll(async () => {
  await Promise.all([run.stop(), stopOkta()]);
});

/** Long enough ago for reconciliation to look at it. */
const signIn = (overrides: Json = {}) =>
  sessionStart({ published: new Date(Date.now() - 180_000).toISOString(), ...overrides });

const post = (url: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  fetch(url, { method: "POST", headers, body: JSON.stringify(body) });

async function deliver(event: Json): Promise<void> {
  const headers = { authorization: "secret", "content-type": "application/json" };
  expect((await post(run.url, delivery([event]), headers)).status).toBe(204);
}

/** Each brings an event by its own way. */
const inlets = {
  hook: deliver,
  streamed: async (event: Json) => void (await stream(streamedEvent(event))),
  reconciled: async (event: Json) => {
    okta.log.add(event);
    expect(await reconcile({}, { getRemainingTimeInMillis: () => 240_000 })).toMatchObject({ finished: true });
  },
} as const;
type Inlet = keyof typeof inlets;

const alertsAbout = ({ uuid }: Json) =>
  run.alerts.received.map(({ alert }) => alert).filter(({ okta: { eventUuid } }) => eventUuid === uuid);

/** Resolves when everything that was published before has come. */
async function everyAlert(): Promise<void> {
  const last = signIn();
  await deliver(last);
  await vi.waitUntil(() => alertsAbout(last).length > 0, 60_000);
}

/** Tries the work of the retry queue now, which else waits until the claims in progress have expired. */
async function redriveAll(): Promise<void> {
  const attributes = { ApproximateReceiveCount: "1", SentTimestamp: String(Date.now()) };
  const Records = run
    .messagesOn("retryQueue")
    .map((body, index) => ({ messageId: `m${index}`, receiptHandle: `r${index}`, body, attributes }));
  const { batchItemFailures } = await redrive({ Records } as unknown as SQSEvent);
  expect(batchItemFailures).toEqual([]);
}

describe("one event by three inlets makes one alert:", () => {
  const orders: readonly (readonly [Inlet, Inlet, Inlet])[] = [
    ["hook", "streamed", "reconciled"],
    ["hook", "reconciled", "streamed"],
    ["streamed", "hook", "reconciled"],
    ["streamed", "reconciled", "hook"],
    ["reconciled", "hook", "streamed"],
    ["reconciled", "streamed", "hook"],
  ];

  test.each(orders.map((order) => [order.join(", then "), order] as const))("%s", async (_, order) => {
    const event = signIn();
    for (const inlet of order) await inlets[inlet](event);
    await everyAlert();
    expect(alertsAbout(event).map(({ source }) => source)).toEqual([order[0]]);
  });

  test("each twice, in each order, one after the other", async () => {
    for (const order of orders) {
      const event = signIn();
      for (const inlet of [...order, ...order]) await inlets[inlet](event);
      await everyAlert();
      expect(alertsAbout(event).map(({ source }) => source)).toEqual([order[0]]);
    }
  });

  test("all at once, and streamed twice, twenty times", async () => {
    const events = Array.from({ length: 20 }, () => signIn());
    for (const [index, event] of events.entries()) {
      const all = [inlets.hook, inlets.streamed, inlets.reconciled, inlets.streamed];
      // Another one is the first each time.
      const order = [...all.slice(index % all.length), ...all.slice(0, index % all.length)];
      await Promise.all(order.map((inlet) => inlet(event)));
    }
    await vi.waitUntil(() => events.every((event) => alertsAbout(event).length > 0), 60_000);
    await redriveAll();
    await everyAlert();
    expect(events.map((event) => alertsAbout(event).length)).toEqual(events.map(() => 1));
  });
});

describe("a streamed event", () => {
  test("is alerted on at once, marked, with the org that the stack knows", async () => {
    const event = signIn();
    expect(await stream(streamedEvent(event, { id: "bridge-1" }))).toMatchObject({
      published: 1,
      failed: 0,
    });
    await vi.waitUntil(() => alertsAbout(event).length > 0, 60_000);
    expect(alertsAbout(event)[0]).toMatchObject({
      source: "streamed",
      delayedSeconds: 0,
      okta: { org: new URL(okta.orgUrl).host, deliveryId: "bridge-1", eventHookId: null },
    });
  });

  test("that no rule matches raises no alert", async () => {
    const direct = signIn({ securityContext: { isProxy: false } });
    expect(await stream(streamedEvent(direct))).toMatchObject({ published: 0, parked: 0 });
    await everyAlert();
    expect(alertsAbout(direct)).toEqual([]);
  });

  test("that is malformed lies on the dead-letter queue with the reason", async () => {
    const detail = { marker: crypto.randomUUID(), eventType: "user.session.start" };
    expect(await stream(streamedEvent(detail, { id: "bridge-2" }))).toMatchObject({ deadLettered: 1, failed: 0 });
    const letters = run.messagesOn("deadLetterQueue").map((letter) => JSON.parse(letter) as Json);
    expect(letters).toContainEqual(
      expect.objectContaining({
        kind: "malformed",
        reason: expect.stringContaining("detail.uuid: expected the event's uuid"),
        deliveryId: "bridge-2",
        event: detail,
      }),
    );
  });

  test("that cannot be published is parked, and the retry alerts on it once, marked as streamed", async () => {
    const event = signIn();
    run.faults.sns.set({ kind: "refuse" });
    expect(await stream(streamedEvent(event))).toMatchObject({ published: 0, parked: 1, failed: 0 });
    run.faults.sns.set(null);
    await vi.waitUntil(() => alertsAbout(event).length > 0, 60_000);
    await inlets.hook(event);
    await everyAlert();
    expect(alertsAbout(event).map(({ source }) => source)).toEqual(["streamed"]);
  });

  test("that can be neither published nor parked is an error, so that Lambda tries it again", async () => {
    const event = signIn();
    for (const service of ["sns", "sqs"] as const) run.faults[service].set({ kind: "refuse" });
    await expect(stream(streamedEvent(event))).rejects.toThrow("could be neither alerted on nor parked");
    await expect(stream(streamedEvent({ marker: 1 }))).rejects.toThrow("could be neither alerted on nor parked");
    for (const service of ["sns", "sqs"] as const) run.faults[service].set(null);
    expect(await stream(streamedEvent(event))).toMatchObject({ published: 1 });
    await everyAlert();
    expect(alertsAbout(event)).toHaveLength(1);
  });
});

describe("the embedded run's way of streaming", () => {
  test("invokes the function that is deployed", async () => {
    const event = signIn();
    const response = await post(`${run.url}_local/stream`, streamedEvent(event));
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ published: 1 });
    await inlets.hook(event);
    await everyAlert();
    expect(alertsAbout(event).map(({ source }) => source)).toEqual(["streamed"]);
  });

  test("answers 400 to what is no JSON, and 502 where the function fails", async () => {
    const noJson = await fetch(`${run.url}_local/stream`, { method: "POST", body: "{" });
    expect(noJson.status).toBe(400);
    for (const service of ["sns", "sqs"] as const) run.faults[service].set({ kind: "refuse" });
    const failed = await post(`${run.url}_local/stream`, streamedEvent(signIn()));
    expect(failed.status).toBe(502);
    expect(await failed.json()).toEqual({ error: "the streamed event could be neither alerted on nor parked" });
  });
});
