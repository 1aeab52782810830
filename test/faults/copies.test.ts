import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";
import { createTopic } from "../../lambda/adapters/aws/topic.ts";
import { createClaims } from "../../lambda/adapters/tables/claims.ts";
import { toMessage } from "../../lambda/core/alerts/message.ts";
import type { PipelinePorts } from "../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../lambda/core/pipeline/process-delivery.ts";
import { retryWork } from "../../lambda/core/pipeline/retry-work.ts";
import { maximumUnconfirmed, UnconfirmedPublishError } from "../../lambda/core/pipeline/unconfirmed.ts";
import { readWork, writeWork } from "../../lambda/core/pipeline/work.ts";
import { type BudgetShares, startBudget, waiting } from "../../lambda/core/time/budget.ts";
import type { Fault } from "../../local/fault-proxy.ts";
import { names } from "../../local/resources.ts";
import { useEmulators } from "../fixtures/emulators.ts";
import { logEvent } from "../fixtures/events.ts";
import { memoryPorts } from "../fixtures/memory.ts";
import { proxied, ruleSet } from "../fixtures/rules.ts";
import { patientClient, patientDynamodb } from "../fixtures/timing.ts";

/*
 * How often one alert arrives when the topic is slow, or never answers: counted on a queue that is subscribed to it, through the
 * real client, the real claims and messages as they lie on the retry queue.
 */

const emulators = await useEmulators();

/** How many messages about an event arrived by now. */
async function copiesOf(uuid: string): Promise<number> {
  const client = new SQSClient({ endpoint: emulators.direct.messaging });
  const command = new ReceiveMessageCommand({ QueueUrl: emulators.alertQueueUrl, MaxNumberOfMessages: 10 });
  let copies = 0;
  for (;;) {
    const { Messages = [] } = await client.send(command);
    if (Messages.length === 0) break;
    copies += Messages.filter(({ Body = "" }) => Body.includes(uuid)).length;
  }
  client.destroy();
  return copies;
}

/** Delivers one event again while it is answered 503, as Okta does once; and then tries what waits until nothing does. */
async function alertOn(
  receiving: BudgetShares,
  redriving: BudgetShares,
  overrides: Partial<PipelinePorts> = {},
  maximumDeliveries = 2,
) {
  const uuid = crypto.randomUUID();
  const queue: string[] = [];
  const deadLetters: string[] = [];
  const publish = createTopic(emulators.environment.ALERT_TOPIC_ARN ?? "", { settings: patientClient });
  const ports = memoryPorts({
    rules: ruleSet([proxied]),
    claims: createClaims(names.stateTable, patientDynamodb()),
    publish: (alert, signal) => publish(toMessage(alert), signal),
    parkWork: async (work) => void queue.push(...work.map((each) => writeWork(each.work, new Date()))),
    deadLetterWork: async (work, reason) => void deadLetters.push(writeWork(work, new Date(), reason)),
    now: () => new Date(),
    ...overrides,
  });
  const start = (shares: BudgetShares) => startBudget(shares);
  const delivery = { id: "d", org: null, eventHookId: null, events: [logEvent({ uuid })], malformed: [] };
  let deliveries = 0;
  let failed = 1;
  while (failed > 0 && deliveries < maximumDeliveries) {
    ({ failed } = await processDelivery(delivery, ports, start(receiving)));
    deliveries += 1;
  }
  for (let body = queue.shift(); body !== undefined; body = queue.shift()) {
    const work = readWork(body);
    await retryWork(work, ports, start(redriving)).catch(() => queue.push(body ?? ""));
  }
  return { uuid, deliveries, failed, deadLetters };
}

test.each([250, 1_000, 3_000])(
  "a topic that answers after %d ms sends an alert twice at most, and settles it",
  { timeout: 60_000 },
  async (milliseconds) => {
    emulators.faults.sns.set({ kind: "delay", milliseconds });
    const { uuid, failed, deadLetters } = await alertOn({ work: 1_600, parking: 10_000 }, waiting);
    expect([failed, deadLetters]).toEqual([0, []]);
    const copies = await copiesOf(uuid);
    expect(copies).toBeGreaterThanOrEqual(1);
    expect(copies).toBeLessThanOrEqual(2);
  },
);

const brief = { work: 1_500, parking: 20_000 };

test.each<[string, Fault, number]>([
  ["takes an alert and never answers", { kind: "hang", moment: "after" }, maximumUnconfirmed],
  ["takes an alert and breaks the connection", { kind: "reset", moment: "after" }, maximumUnconfirmed],
  ["neither takes nor answers", { kind: "hang" }, 0],
])(
  "a topic that %s gets it three times at most, and then it is on the dead-letter queue",
  { timeout: 60_000 },
  async (_, fault, copies) => {
    emulators.faults.sns.set(fault);
    const { uuid, deadLetters } = await alertOn(brief, brief);
    expect(deadLetters).toHaveLength(1);
    expect(deadLetters[0]).toContain("the alert may have been sent 3 times");
    expect(await copiesOf(uuid)).toBe(copies);
  },
);

test("queues that are down as well add no copy: the claim counts, however often the event comes", async () => {
  emulators.faults.sns.set({ kind: "reset", moment: "after" });
  const down = () => Promise.reject(new Error("down"));
  const { uuid, deliveries, failed } = await alertOn(brief, brief, { parkWork: down, deadLetterWork: down }, 6);
  expect([deliveries, failed]).toEqual([6, 1]);
  expect(await copiesOf(uuid)).toBe(maximumUnconfirmed);
});

test("a state table that is down as well adds no copy: the message counts", { timeout: 60_000 }, async () => {
  emulators.faults.sns.set({ kind: "reset", moment: "after" });
  emulators.faults.dynamodb.set({ kind: "refuse" });
  const { uuid, deadLetters } = await alertOn(brief, brief);
  expect(deadLetters).toHaveLength(1);
  expect(await copiesOf(uuid)).toBe(maximumUnconfirmed);
});

test("a batch without an answer counts for each alert of it", async () => {
  const topic = createTopic(emulators.environment.ALERT_TOPIC_ARN ?? "", { settings: patientClient });
  emulators.faults.sns.set({ kind: "reset", moment: "after" });
  const message = { message: "text", attributes: {} };
  const outcomes = await Promise.allSettled(
    Array.from({ length: 10 }, () => topic(message, AbortSignal.timeout(100_000))),
  );
  const reasons = outcomes.map((outcome) => (outcome.status === "rejected" ? (outcome.reason as Error).name : "sent"));
  expect(reasons).toEqual(Array.from({ length: 10 }, () => "UnconfirmedPublishError"));
});

test.each<[string, Fault]>([
  ["cannot be connected to", { kind: "refuse" }],
  ["has too many requests", { kind: "throttle" }],
  ["is unavailable", { kind: "unavailable" }],
  ["cannot process a request", { kind: "serverError" }],
])("a topic that %s has surely taken nothing: no publish is counted, however often it is tried", async (_, fault) => {
  emulators.faults.sns.set(fault);
  const topic = createTopic(emulators.environment.ALERT_TOPIC_ARN ?? "", { settings: patientClient });
  const failure: unknown = await topic({ message: "text", attributes: {} }, AbortSignal.timeout(100_000)).catch(
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(Error);
  expect(failure).not.toBeInstanceOf(UnconfirmedPublishError);
});
