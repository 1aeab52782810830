import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createQueue } from "../../../lambda/adapters/aws/queue.ts";
import { type Emulators, startEmulators } from "../../../local/emulators.ts";
import { patientClient } from "../../fixtures/timing.ts";

const signal = () => AbortSignal.timeout(100_000);

let emulators: Emulators;
let queueUrl: string;

beforeAll(async () => {
  emulators = await startEmulators();
  Object.assign(process.env, emulators.environment);
  queueUrl = emulators.environment.DEAD_LETTER_QUEUE_URL ?? "";
});
afterAll(() => emulators.stop());

test("bodies of any number and size arrive, each once", async () => {
  const bodies = Array.from({ length: 37 }, (_, index) => `${index} ${"x".repeat(index % 9 === 0 ? 400_000 : 10)}`);
  await createQueue(queueUrl, { settings: patientClient })(
    bodies.map((body) => ({ body })),
    signal(),
  );
  const client = new SQSClient({});
  const found: string[] = [];
  while (found.length < bodies.length) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
    );
    if (Messages.length === 0) break;
    found.push(...Messages.map(({ Body = "" }) => Body));
  }
  client.destroy();
  expect(found.sort()).toEqual(bodies.sort());
});

test("a signal ends it, whatever hangs", async () => {
  emulators.faults.sqs.set({ kind: "hang" });
  await expect(
    createQueue(queueUrl, { settings: patientClient })([{ body: "x" }], AbortSignal.timeout(50)),
  ).rejects.toThrow();
  emulators.faults.sqs.set(null);
});

test("a queue that is not there is an error: nothing is lost in silence", async () => {
  await expect(
    createQueue(`${queueUrl}-missing`, { settings: patientClient })([{ body: "x" }], signal()),
  ).rejects.toThrow();
});
