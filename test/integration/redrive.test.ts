import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { SQSEvent, SQSRecord } from "aws-lambda";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { delayReasons } from "../../lambda/core/pipeline/delay-reason.ts";
import { writeWork } from "../../lambda/core/pipeline/work.ts";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import type { RedriveHandler } from "../../local/redrive-poller.ts";
import { loadBuilt } from "../fixtures/built.ts";
import { logEvent } from "../fixtures/events.ts";

let run: EmbeddedRun;
let handler: RedriveHandler;

beforeAll(async () => {
  run = await startEmbeddedRun({
    port: 0,
    hookSecret: "secret",
    mismatchDistanceKm: 500,
    suppressMinutes: 0,
    onError: () => {},
  });
  ({ handler } = await loadBuilt<{ readonly handler: RedriveHandler }>("redrive"));
});
afterAll(() => run.stop());

const work = (uuid: string) =>
  writeWork(
    {
      event: logEvent({ uuid }),
      delivery: { id: null, org: null, eventHookId: null },
      rules: null,
      followUp: false,
      waiting: { reason: delayReasons.notPublished, since: new Date() },
    },
    new Date(),
  );

function batch(...bodies: string[]): SQSEvent {
  const records = bodies.map((body, index) => ({
    messageId: `message-${index}`,
    receiptHandle: `handle-${index}`,
    body,
    attributes: { ApproximateReceiveCount: "1" },
    eventSource: "aws:sqs",
  }));
  return { Records: records as unknown as SQSRecord[] };
}

const alertedUuids = () => run.alerts.received.map(({ alert }) => alert.okta.eventUuid);

test("of a batch, what failed is reported, and what was done is not", async () => {
  // What cannot be read fails where the dead-letter queue does not take it.
  run.faults.sqs.set({ kind: "refuse" });
  const { batchItemFailures } = await handler(batch(work("event-1"), "hello", work("event-2")));
  run.faults.sqs.set(null);
  expect(batchItemFailures).toEqual([{ itemIdentifier: "message-1" }]);
  await vi.waitFor(() => expect(alertedUuids()).toEqual(expect.arrayContaining(["event-1", "event-2"])));
});

test("of batches at the same time, each reports what failed of it", async () => {
  run.faults.sns.set({ kind: "delay", milliseconds: 300 });
  run.faults.sqs.set({ kind: "refuse" });
  const slow = handler(batch(work("event-slow"), "hello"));
  const [first, ...others] = await Promise.all([slow, handler(batch("bye")), handler(batch(work("event-quick")))]);
  run.faults.sns.set(null);
  run.faults.sqs.set(null);
  expect(first.batchItemFailures).toEqual([{ itemIdentifier: "message-1" }]);
  expect(others.map(({ batchItemFailures }) => batchItemFailures)).toEqual([[{ itemIdentifier: "message-0" }], []]);
});

test("a batch that fails whole is reported message by message: nothing of it is lost", async () => {
  run.faults.sns.set({ kind: "refuse" });
  const { batchItemFailures } = await handler(batch(work("event-3"), work("event-4")));
  run.faults.sns.set(null);
  expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier).sort()).toEqual(["message-0", "message-1"]);
});

test("an event that was cut to fit a message is alerted on by what it matched when it was whole, and the alert says so", async () => {
  const junk = Object.fromEntries(Array.from({ length: 1_500 }, (_, index) => [`junk${index}`, "x".repeat(1_000)]));
  const event = logEvent({ uuid: "event-cut", securityContext: { ...junk, isProxy: true } });
  const delivery = { id: null, org: null, eventHookId: null };
  const ruleId = "8d5f6c9e-5a0e-4b7c-9d0c-4f6a3a1f2b10";
  const matched = [{ ruleId, matched: [] }];
  const parked = { event, delivery, rules: [ruleId], followUp: false, waiting: null, matched };
  expect(await handler(batch(writeWork(parked, new Date())))).toEqual({ batchItemFailures: [] });
  const alert = await vi.waitFor(() => {
    const found = run.alerts.received.find((received) => received.alert.okta.eventUuid === "event-cut");
    expect(found).toBeDefined();
    return found?.alert;
  });
  expect(alert?.detections.map(({ id }) => id)).toEqual([ruleId]);
  expect(alert?.eventCut).toEqual(["securityContext"]);
});

test("work that cannot be done waits on the queue; what cannot be read goes to the dead-letter queue", async () => {
  const client = new SQSClient({});
  const send = (MessageBody: string) =>
    client.send(new SendMessageCommand({ QueueUrl: run.environment.RETRY_QUEUE_URL, MessageBody }));
  run.faults.sns.set({ kind: "refuse" });
  await send(work("event-5"));
  await send("unreadable");
  client.destroy();
  await vi.waitFor(() => expect(run.messagesOn("deadLetterQueue")).toEqual(["unreadable"]), { timeout: 60_000 });
  expect(run.messagesOn("retryQueue").join()).toContain("event-5");
  run.faults.sns.set(null);
  await vi.waitFor(() => expect(alertedUuids()).toContain("event-5"), { timeout: 60_000, interval: 200 });
  await vi.waitFor(() => expect(run.messagesOn("retryQueue")).toEqual([]));
});
