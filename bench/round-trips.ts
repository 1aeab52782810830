import { BatchGetItemCommand, DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { inEnvironment, startEmulatorsApart } from "./emulators-apart.ts";
import { matchingDelivery } from "./events.ts";
import { median, print } from "./measure.ts";

/**
 * The delay of each call in milliseconds: about the time of DynamoDB and SNS within a region, tail and network
 * included.
 */
const held = 20;
/** Runs before the measurement, for compilation and open connections. */
const warmUps = { 1: 7, 50: 1.5 } as const;

type Handler = (event: unknown) => Promise<{ readonly statusCode: number }>;

/**
 * Compares the time of a delivery with matches in the deployed function with that of three calls in sequence: the claim
 * with the reads beside it, the publish, and the record; and with the same calls by bare clients, since each call costs
 * the client and the emulator processor time.
 *
 * @param importReceiver loads a new instance of the built receiver, in this process's environment
 * @param runs measured deliveries of each kind
 */
export async function roundTrips(importReceiver: () => Promise<Handler>, runs: number): Promise<void> {
  const emulators = await startEmulatorsApart(held);
  try {
    await inEnvironment(emulators.environment, () => measureRoundTrips(importReceiver, runs));
  } finally {
    await emulators.stop();
  }
}

async function measureRoundTrips(importReceiver: () => Promise<Handler>, runs: number): Promise<void> {
  const handler = await importReceiver();
  const calls = bareCalls();
  for (const matches of [1, 50] as const) {
    const ways = {
      ours: () => handler(matchingDelivery(matches, process.env.HOOK_SECRET ?? "")),
      three: () => calls.inSequence(),
      same: () => calls.asMany(matches),
    };
    const times = { ours: [] as number[], three: [] as number[], same: [] as number[] };
    // By turns, so that other load of the machine affects all.
    const warmUp = Math.ceil(runs * warmUps[matches]);
    for (let run = 0; run < warmUp + runs; run += 1) {
      for (const way of ["ours", "three", "same"] as const) {
        const time = await timeOf(ways[way]);
        if (run >= warmUp && time !== null) times[way].push(time);
      }
    }
    if (times.ours.length < runs / 2) {
      throw new Error(`of ${runs} deliveries with ${matches} matches, ${runs - times.ours.length} took too long`);
    }
    const unit = "milliseconds";
    const name = `a delivery with ${matches === 1 ? "one match" : `${matches} matches`}, each call held up by ${held} ms`;
    const ours = { name, value: median(times.ours), unit } as const;
    print(ours, { name: "three calls in sequence", value: median(times.three), unit });
    print(ours, { name: "the same calls by bare clients", value: median(times.same), unit });
  }
  calls.stop();
}

/**
 * Milliseconds of some work; null for a delivery that is answered 503. The receiver gives up after 2.3 seconds, by the
 * clock: the first deliveries, which load the clients and compile them, take so long where the machine has other work,
 * and so may a single later one.
 */
async function timeOf(work: () => Promise<unknown>): Promise<number | null> {
  const start = performance.now();
  const answer = await work();
  const time = performance.now() - start;
  const status = (answer as { readonly statusCode?: number } | undefined)?.statusCode;
  if (status === undefined || status === 204) return time;
  if (status === 503) return null;
  throw new Error(`the delivery was answered ${status}`);
}

/** The pipeline's calls by bare clients. */
function bareCalls() {
  const dynamodb = new DynamoDBClient({});
  const sns = new SNSClient({});
  const { STATE_TABLE, PROFILE_TABLE = "", ALERT_TOPIC_ARN } = process.env;
  const read = () =>
    dynamodb.send(
      new BatchGetItemCommand({ RequestItems: { [PROFILE_TABLE]: { Keys: [{ user: { S: crypto.randomUUID() } }] } } }),
    );
  const write = () =>
    dynamodb.send(
      new UpdateItemCommand({
        TableName: STATE_TABLE,
        Key: { id: { S: crypto.randomUUID() } },
        UpdateExpression: "SET #status = :status",
        ConditionExpression: "attribute_not_exists(#status)",
        ExpressionAttributeNames: { "#status": "status" },
        ExpressionAttributeValues: { ":status": { S: "done" } },
      }),
    );
  const publish = () => sns.send(new PublishCommand({ TopicArn: ALERT_TOPIC_ARN, Message: "an alert" }));
  const times = (count: number, call: () => Promise<unknown>) => Promise.all(Array.from({ length: count }, call));
  return {
    /** One after the other: a read, a message, a write. */
    async inSequence(): Promise<void> {
      await read();
      await publish();
      await write();
    },
    /**
     * The claims and windows beside the look-ups; the messages, ten to a batch; the completion of claims and windows.
     */
    async asMany(matches: number): Promise<void> {
      await Promise.all([times(Math.ceil(matches / 20), read), times(2 * matches, write)]);
      await times(Math.ceil(matches / 10), publish);
      await times(2 * matches, write);
    },
    stop(): void {
      dynamodb.destroy();
      sns.destroy();
    },
  };
}
