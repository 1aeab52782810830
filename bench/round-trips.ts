import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { BatchGetItemCommand, DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { delivery, sessionStart } from "../test/fixtures/events.ts";
import { lineOf } from "./endurance.ts";
import { functionUrlRequest } from "./events.ts";
import { median, print } from "./measure.ts";

/** Milliseconds that each call is held up: about what DynamoDB and SNS take within a region, tail and network included. */
const held = 20;
const runs = 31;
/** By when all is compiled, and connections are open. */
const warmUp = 10;

type Handler = (event: unknown) => Promise<{ readonly statusCode: number }>;

/**
 * How long a delivery with matches takes in the function that is deployed, against three calls one after the other: the
 * claim with all that is read beside it, the publishing, and the record of it.
 *
 * @param importReceiver loads the built receiver anew, in this process's environment
 */
export async function roundTrips(importReceiver: () => Promise<Handler>): Promise<void> {
  const emulators = fork(fileURLToPath(new URL("emulators.ts", import.meta.url)), [String(held)], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const before = { ...process.env };
  try {
    const [, environment = ""] = await lineOf(emulators, /^environment (.*)$/);
    Object.assign(process.env, JSON.parse(environment));
    const handler = await importReceiver();
    const calls = threeCalls();
    for (const matches of [1, 50]) {
      const ours: number[] = [];
      const limit: number[] = [];
      for (let run = 0; run < warmUp + runs; run += 1) {
        const request = matchingDelivery(matches);
        const time = await timeOf(() => handler(request));
        const limitTime = await timeOf(calls.run);
        if (run < warmUp) continue;
        ours.push(time);
        limit.push(limitTime);
      }
      const unit = "milliseconds";
      const name = `a delivery with ${matches === 1 ? "one match" : `${matches} matches`}, each call held up by ${held} ms`;
      print({ name, value: median(ours), unit }, { name: "three calls in sequence", value: median(limit), unit });
    }
    calls.stop();
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
    emulators.disconnect();
    await once(emulators, "exit");
  }
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  const answer = await work();
  const time = performance.now() - start;
  const status = (answer as { readonly statusCode?: number } | undefined)?.statusCode;
  if (status !== undefined && status !== 204) throw new Error(`the delivery was answered ${status}`);
  return time;
}

/** A delivery of session starts through a proxy, each of a user of its own. */
function matchingDelivery(matches: number): ReturnType<typeof functionUrlRequest> {
  const events = Array.from({ length: matches }, () => {
    const id = `00u${crypto.randomUUID()}`;
    return sessionStart({ actor: { id, type: "User", alternateId: `${id}@example.com`, displayName: "A User" } });
  });
  const headers = { authorization: process.env.HOOK_SECRET ?? "", "content-type": "application/json" };
  return functionUrlRequest("POST", headers, JSON.stringify(delivery(events)));
}

/** The three calls with nothing about them. */
function threeCalls() {
  const dynamodb = new DynamoDBClient({});
  const sns = new SNSClient({});
  const { STATE_TABLE, PROFILE_TABLE = "", ALERT_TOPIC_ARN } = process.env;
  return {
    async run(): Promise<void> {
      const id = crypto.randomUUID();
      await dynamodb.send(
        new BatchGetItemCommand({ RequestItems: { [PROFILE_TABLE]: { Keys: [{ user: { S: id } }] } } }),
      );
      await sns.send(new PublishCommand({ TopicArn: ALERT_TOPIC_ARN, Message: "an alert" }));
      await dynamodb.send(
        new UpdateItemCommand({
          TableName: STATE_TABLE,
          Key: { id: { S: id } },
          UpdateExpression: "SET #status = :status",
          ExpressionAttributeNames: { "#status": "status" },
          ExpressionAttributeValues: { ":status": { S: "done" } },
        }),
      );
    },
    stop(): void {
      dynamodb.destroy();
      sns.destroy();
    },
  };
}
