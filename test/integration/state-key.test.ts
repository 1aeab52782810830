import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import type { SQSEvent } from "aws-lambda";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { userItemIds } from "../../lambda/adapters/tables/user-item-ids.ts";
import type { Alert } from "../../lambda/core/alerts/alert-schema.ts";
import { writeWork } from "../../lambda/core/pipeline/work.ts";
import { readNotification } from "../../local/alert-feed.ts";
import { type Emulators, startEmulators } from "../../local/emulators.ts";
import type { Handler } from "../../local/http-front.ts";
import type { RedriveHandler } from "../../local/redrive-poller.ts";
import { names } from "../../local/resources.ts";
import { type AwsAnswer, type AwsEndpoint, startAwsEndpoint } from "../fixtures/aws-endpoint.ts";
import { loadBuilt } from "../fixtures/built.ts";
import { delivery, logEvent, sessionStart } from "../fixtures/events.ts";
import { patient } from "../fixtures/timing.ts";

/** The built functions, and a Secrets Manager that holds the hook's secret and the key of logins. */
const arnOf = (name: string) => `arn:aws:secretsmanager:us-east-1:123456789012:secret:${name}-AbCdEf`;
const stateKey = Buffer.from("a key of 64 letters and digits");

/** The secrets that were asked for. */
let asked: string[];
let answerKey: () => AwsAnswer | Promise<AwsAnswer>;
let answerHookSecret: () => AwsAnswer | Promise<AwsAnswer>;
const found = (SecretString: string): AwsAnswer => ({ status: 200, body: { Name: "secret", SecretString } });

let emulators: Emulators;
let secretsManager: AwsEndpoint;
let dynamodb: DynamoDBClient;

beforeAll(async () => {
  emulators = await startEmulators();
  secretsManager = await startAwsEndpoint((_, { SecretId, VersionStage }) => {
    if (VersionStage === "AWSPREVIOUS") return { status: 400, body: { __type: "ResourceNotFoundException" } };
    const name = SecretId === arnOf("key") ? "key" : "hook";
    asked.push(name);
    return name === "key" ? answerKey() : answerHookSecret();
  });
  Object.assign(process.env, emulators.environment, {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
    HOOK_SECRET_ARN: arnOf("hook"),
    STATE_KEY_ARN: arnOf("key"),
    MISMATCH_DISTANCE_KM: "500",
    SUPPRESS_MINUTES: "60",
    STORM_AFTER: "0",
  });
  delete process.env.HOOK_SECRET;
  dynamodb = new DynamoDBClient({});
});
afterEach(() => vi.unstubAllEnvs());
beforeEach(() => {
  asked = [];
  answerKey = () => found(stateKey.toString());
  answerHookSecret = () => found("hook-secret");
});
afterAll(async () => {
  delete process.env.HOOK_SECRET_ARN;
  delete process.env.STATE_KEY_ARN;
  dynamodb.destroy();
  await Promise.all([emulators.stop(), secretsManager.stop()]);
});

/** A new execution environment, which has loaded the deployed function. */
async function start<AnyHandler>(name: string): Promise<AnyHandler> {
  return (await loadBuilt<{ readonly handler: AnyHandler }>(name)).handler;
}

const failedAs = (login: string) => ({
  uuid: crypto.randomUUID(),
  actor: { id: "unknown", type: "User", alternateId: login, displayName: null },
  outcome: { result: "FAILURE", reason: "INVALID_CREDENTIALS" },
});

async function deliver(handler: Handler, event: { readonly uuid: string }): Promise<number | undefined> {
  const answer = await handler({
    headers: { authorization: "hook-secret", "content-type": "application/json" },
    body: JSON.stringify(delivery([sessionStart(event)])),
    isBase64Encoded: false,
    requestContext: { http: { method: "POST", sourceIp: "192.0.2.1" } },
  } as unknown as Parameters<Handler>[0]);
  return typeof answer === "string" ? 200 : answer.statusCode;
}

const alertOf = ({ uuid }: { readonly uuid: string }): Alert | undefined =>
  emulators
    .messagesOn("alertQueue")
    .map((body) => readNotification(body).alert)
    .find(({ okta }) => okta.eventUuid === uuid);

async function stateIds(): Promise<readonly string[]> {
  const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName: names.stateTable, ConsistentRead: true }));
  return Items.map(({ id }) => id?.S ?? "");
}

test("an environment fetches the key once, beside the hook's secret, and remembers users by it", async () => {
  const asksForKey = Promise.withResolvers<void>();
  answerKey = () => {
    asksForKey.resolve();
    return found(stateKey.toString());
  };
  answerHookSecret = async () => {
    // The key is asked for while the hook's secret is not there yet.
    await asksForKey.promise;
    return found("hook-secret");
  };
  const handler = await start<Handler>("receiver");
  const events = [failedAs("Mallory.Password"), failedAs("mallory.password"), failedAs("mallory.password")];
  for (const event of events) expect(await deliver(handler, event)).toBe(204);
  expect(asked.filter((name) => name === "key")).toHaveLength(1);
  expect(alertOf(events[0] as (typeof events)[number])?.history).toMatchObject({ failedIn30Days: 0 });
  expect(await stateIds()).toContain(userItemIds("login#mallory.password", stateKey)[0]);
});

test("the redrive function remembers users by the same key", async () => {
  const handler = await start<RedriveHandler>("redrive");
  const event = failedAs("someone@example.com");
  const body = writeWork(
    {
      event: logEvent(event),
      delivery: { id: null, org: null, eventHookId: null },
      rules: null,
      followUp: false,
      waiting: null,
    },
    new Date(),
  );
  const attributes = { ApproximateReceiveCount: "1" };
  const Records = [{ messageId: "1", receiptHandle: "1", body, attributes, eventSource: "aws:sqs" }];
  expect(await handler({ Records } as unknown as SQSEvent)).toEqual({ batchItemFailures: [] });
  await vi.waitFor(() => expect(alertOf(event)?.history).toMatchObject({ failedIn30Days: 0 }));
  expect(asked).toEqual(["key"]);
  expect(await stateIds()).toContain(userItemIds("login#someone@example.com", stateKey)[0]);
});

test.each<[string, () => AwsAnswer | Promise<AwsAnswer>]>([
  ["is denied", () => ({ status: 400, body: { __type: "AccessDeniedException" } })],
  ["hangs", () => new Promise(() => {})],
  ["is empty", () => found("")],
])(
  "a key that %s costs no alert: it goes out at once, without history, and nothing is remembered",
  async (_, answer) => {
    answerKey = answer;
    const before = await stateIds();
    vi.stubEnv("TIMING", JSON.stringify({ ...patient, keyPatience: { answering: 300 } }));
    const handler = await start<Handler>("receiver");
    const events = [failedAs("unremembered@example.com"), failedAs("unremembered@example.com")];
    for (const event of events) {
      expect(await deliver(handler, event)).toBe(204);
      expect(alertOf(event)).toMatchObject({ history: null, heldBack: null });
    }
    const users = (ids: readonly string[]) => ids.filter((id) => id.startsWith("user#"));
    expect(users(await stateIds())).toEqual(users(before));
  },
);
