import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import {
  type MessageAttributeValue,
  PublishBatchCommand,
  PublishCommand,
  type PublishCommandInput,
  SNSClient,
} from "@aws-sdk/client-sns";
import {
  ChangeMessageVisibilityCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limits, refusalOf } from "../../local/aws-limits.ts";
import { type Emulators, startEmulators } from "../../local/emulators.ts";
import { names } from "../../local/resources.ts";
import { startFakeSecret } from "../fixtures/secret-versions.ts";

let emulators: Emulators;
let dynamodb: DynamoDBClient;
let sns: SNSClient;
let sqs: SQSClient;
beforeAll(async () => {
  emulators = await startEmulators();
  Object.assign(process.env, emulators.environment);
  dynamodb = new DynamoDBClient({});
  sns = new SNSClient({});
  sqs = new SQSClient({});
});
afterAll(async () => {
  for (const client of [dynamodb, sns, sqs]) client.destroy();
  await emulators.stop();
});

const many = <Item>(count: number, make: (index: number) => Item) => Array.from({ length: count }, (_, n) => make(n));
const user = (value: string) => ({ user: { S: value } });

const put = (item: Record<string, AttributeValue>) =>
  dynamodb.send(new PutItemCommand({ TableName: names.profileTable, Item: { ...user("a"), ...item } }));
const update = (expression: string, references: Record<string, string>, values?: Record<string, AttributeValue>) =>
  dynamodb.send(
    new UpdateItemCommand({
      TableName: names.profileTable,
      Key: user("a"),
      UpdateExpression: expression,
      ExpressionAttributeNames: references,
      ...(values && { ExpressionAttributeValues: values }),
    }),
  );
/** Removes this many attributes by references of this length at least. */
const remove = (count: number, length: number) => {
  const references = many(count, (n) => `#${String(n).padStart(length - 1, "0")}`);
  return update(
    `REMOVE ${references.join(", ")}`,
    Object.fromEntries(references.map((reference, n) => [reference, `n${n}`])),
  );
};
const filter = (expression: string, values: Record<string, AttributeValue>) =>
  dynamodb.send(
    new ScanCommand({
      TableName: names.profileTable,
      FilterExpression: expression,
      ExpressionAttributeValues: values,
    }),
  );
const get = (keys: readonly string[]) =>
  dynamodb.send(new BatchGetItemCommand({ RequestItems: { [names.profileTable]: { Keys: keys.map(user) } } }));
const write = (count: number, bytes: number) =>
  dynamodb.send(
    new BatchWriteItemCommand({
      RequestItems: {
        [names.profileTable]: many(count, (n) => ({
          PutRequest: { Item: { ...user(`u${n}`), text: { S: "x".repeat(bytes) } } },
        })),
      },
    }),
  );
const nested = (levels: number): AttributeValue => (levels === 0 ? { S: "x" } : { L: [nested(levels - 1)] });

const publish = (input: Omit<PublishCommandInput, "TopicArn">) =>
  sns.send(new PublishCommand({ TopicArn: process.env.ALERT_TOPIC_ARN, ...input }));
const attribute = (name: string, value: MessageAttributeValue) =>
  publish({ Message: "x", MessageAttributes: { [name]: value } });
const text: MessageAttributeValue = { DataType: "String", StringValue: "x" };
const publishBatch = (ids: readonly string[], bytes = 1) =>
  sns.send(
    new PublishBatchCommand({
      TopicArn: process.env.ALERT_TOPIC_ARN,
      PublishBatchRequestEntries: ids.map((id) => ({ Id: id, Message: "x".repeat(bytes) })),
    }),
  );

const queueUrl = () => process.env.RETRY_QUEUE_URL;
const send = (body: string, delay?: number) =>
  sqs.send(new SendMessageCommand({ QueueUrl: queueUrl(), MessageBody: body, DelaySeconds: delay }));
const sendBatch = (ids: readonly string[], bytes = 1) =>
  sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: queueUrl(),
      Entries: ids.map((id) => ({ Id: id, MessageBody: "x".repeat(bytes) })),
    }),
  );
const ids = (count: number) => many(count, String);

/** Of each limit a request that is over it, and one that is just not: null where the limit is what no request reaches. */
const cases: Readonly<Record<string, readonly [over: () => Promise<unknown>, most: (() => Promise<unknown>) | null]>> =
  {
    "dynamodb length of an expression": [() => remove(60, 70), () => remove(50, 70)],
    "dynamodb operators and functions of an expression": [() => remove(302, 4), () => remove(300, 4)],
    "dynamodb operands of IN": [
      () => filter(`id IN (${many(101, () => ":0").join(",")})`, { ":0": { S: "x" } }),
      () => filter(`id IN (${many(100, () => ":0").join(",")})`, { ":0": { S: "x" } }),
    ],
    "dynamodb length of a substitution variable": [() => remove(1, 256), () => remove(1, 255)],
    "dynamodb substitution variables of an expression": [
      () =>
        update(
          `SET ${many(6, (n) => `#${n} = :${n}`).join(", ")}`,
          Object.fromEntries(many(6, (n) => [`#${n}`, `n${n}`])),
          Object.fromEntries(many(6, (n) => [`:${n}`, { S: "x".repeat(400_000) }])),
        ),
      null,
    ],
    "dynamodb nesting of an attribute": [() => put({ deep: nested(33) }), () => put({ deep: nested(32) })],
    "dynamodb length of an attribute's name": [
      () => put({ ["x".repeat(65_536)]: { BOOL: true } }),
      () => put({ ["x".repeat(65_535)]: { BOOL: true } }),
    ],
    "dynamodb size of an item that is written": [
      () => put({ text: { S: "x".repeat(409_600) } }),
      () => put({ text: { S: "x".repeat(409_500) } }),
    ],
    "dynamodb size of a key": [() => put(user("x".repeat(2_049))), () => put(user("x".repeat(2_048)))],
    "dynamodb keys of a BatchGetItem": [() => get(ids(101)), () => get(ids(100))],
    "dynamodb a key in a BatchGetItem": [() => get(["a", "b", "a"]), () => get(["a", "b"])],
    "dynamodb items of a BatchWriteItem": [() => write(26, 1), () => write(25, 1)],
    "dynamodb size of a request": [
      () => dynamodb.send(new GetItemCommand({ TableName: "x".repeat(17_000_000), Key: user("a") })),
      null,
    ],
    "sns subject": [
      () => publish({ Message: "x", Subject: "x".repeat(100) }),
      () => publish({ Message: "x", Subject: "x".repeat(99) }),
    ],
    "sns message and its attributes": [
      () => publish({ Message: "x".repeat(262_144), MessageAttributes: { a: text } }),
      () => publish({ Message: "x".repeat(262_144 - "aStringx".length), MessageAttributes: { a: text } }),
    ],
    "sns messages of a batch together": [() => publishBatch(ids(2), 131_073), () => publishBatch(ids(2), 131_072)],
    "sns body for each protocol": [
      () => publish({ Message: JSON.stringify({ email: "x" }), MessageStructure: "json" }),
      () => publish({ Message: JSON.stringify({ default: "", email: "x" }), MessageStructure: "json" }),
    ],
    "sns body for SMS": [
      () => publish({ Message: JSON.stringify({ default: "", sms: "x".repeat(1_601) }), MessageStructure: "json" }),
      () => publish({ Message: JSON.stringify({ default: "", sms: "x".repeat(1_600) }), MessageStructure: "json" }),
    ],
    "sns name of a message attribute": [() => attribute("AWS.x", text), () => attribute("a.b-c_9", text)],
    "sns value of a message attribute": [
      () => attribute("a", { DataType: "String.Array", StringValue: '["x"' }),
      () => attribute("a", { DataType: "String.Array", StringValue: '["x", 1, null]' }),
    ],
    "sns attributes of a message": [
      () => publish({ Message: "x", MessageAttributes: Object.fromEntries(many(11, (n) => [`a${n}`, text])) }),
      () => publish({ Message: "x", MessageAttributes: Object.fromEntries(many(10, (n) => [`a${n}`, text])) }),
    ],
    "sns entries of a batch": [() => publishBatch(ids(11)), () => publishBatch(ids(10))],
    "sns empty batch": [() => publishBatch([]), () => publishBatch(["a"])],
    "sns id of a batch's entry": [() => publishBatch(["a", "a"]), () => publishBatch(["a", "b"])],
    "sns form of a batch entry's id": [() => publishBatch(["x".repeat(81)]), () => publishBatch(["x".repeat(80)])],
    "sqs size of a message": [() => send("x".repeat(1_048_577)), () => send("x".repeat(1_048_576))],
    "sqs messages of a batch together": [() => sendBatch(ids(2), 524_289), () => sendBatch(ids(2), 524_288)],
    "sqs characters of a message": [() => send("a\u0000b"), () => send("a\t\n\u00e9\ufffd")],
    "sqs delay of a message": [() => send("x", 901), () => send("x", 900)],
    "sqs visibility timeout": [
      () => sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl(), VisibilityTimeout: 43_201 })),
      () => sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl(), VisibilityTimeout: 43_200 })),
    ],
    "sqs messages of a receive": [
      () => sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl(), MaxNumberOfMessages: 11 })),
      () => sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl(), MaxNumberOfMessages: 10 })),
    ],
    "sqs wait of a receive": [
      () => sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl(), WaitTimeSeconds: 21 })),
      () => sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl(), WaitTimeSeconds: 0 })),
    ],
    "sqs entries of a batch": [() => sendBatch(ids(11)), () => sendBatch(ids(10))],
    "sqs empty batch": [() => sendBatch([]), () => sendBatch(["a"])],
    "sqs id of a batch's entry": [() => sendBatch(["a", "a"]), () => sendBatch(["a", "b"])],
    "sqs form of a batch entry's id": [() => sendBatch(["a.b"]), () => sendBatch(["a-b_C9"])],
  };

const behindTheProxy = limits.filter(({ service }) => service !== "secretsmanager");
const nameOf = ({ service, name }: (typeof limits)[number]) => `${service} ${name}`;

/** What the service answered; null when it took the request. */
async function refusal(request: () => Promise<unknown>): Promise<string | null> {
  try {
    await request();
    return null;
  } catch (error) {
    const { name, Code, $metadata } = error as Error & {
      readonly Code?: string;
      readonly $metadata?: { readonly httpStatusCode?: number };
    };
    return `${$metadata?.httpStatusCode} ${(Code ?? name).replace("AWS.SimpleQueueService.", "")}`;
  }
}

test("every limit has its cases, and is that of a document", () => {
  expect(Object.keys(cases).sort()).toEqual(behindTheProxy.map(nameOf).sort());
  for (const { document } of limits) expect(document).toMatch(/^https:\/\/docs\.aws\.amazon\.com\//);
});

describe("a request over the limit is refused with AWS's code, and one at the limit is not:", () => {
  test.each(behindTheProxy.map((limit) => [nameOf(limit), limit.most, limit] as const))(
    "%s (%s)",
    async (name, _, limit) => {
      const [over, most] = cases[name] ?? [];
      expect((await refusal(over as () => Promise<unknown>))?.replace(/Exception$/, "")).toBe(
        `400 ${limit.code.replace(/Exception$/, "")}`,
      );
      if (most !== null) expect(await refusal(most as () => Promise<unknown>)).toBeNull();
    },
  );

  test("secretsmanager size of a secret (65,536 bytes)", async () => {
    const secret = await startFakeSecret("arn:aws:secretsmanager:us-east-1:123456789012:secret:hook-AbCdEf", "x");
    const client = new SecretsManagerClient({ endpoint: secret.url });
    const rotate = (bytes: number) =>
      client.send(
        new PutSecretValueCommand({
          SecretId: "arn:aws:secretsmanager:us-east-1:123456789012:secret:hook-AbCdEf",
          SecretString: "x".repeat(bytes),
        }),
      );
    expect(await refusal(() => rotate(65_537))).toBe("400 ValidationException");
    expect(await refusal(() => rotate(65_536))).toBeNull();
    client.destroy();
    await secret.stop();
  });
});

describe("a subject is refused that", () => {
  test.each([
    ["is empty", ""],
    ["starts with a space", " x"],
    ["has a line break", "a\nb"],
    ["has a letter beyond ASCII", "caf\u00e9"],
  ])("%s", (_, Subject) => {
    expect(refusalOf({ service: "sns", action: "Publish", input: { Message: "x", Subject } })?.limit.name).toBe(
      "subject",
    );
  });
});

describe("a body for each protocol is refused that", () => {
  test.each([
    ["is no JSON", "{"],
    ["is a list", '["default"]'],
    ["has a default that is no text", '{"default": 1}'],
    ["has a body that is no text", '{"default": "", "email": {}}'],
  ])("%s", (_, Message) => {
    const request = { Message, MessageStructure: "json" };
    expect(refusalOf({ service: "sns", action: "Publish", input: request })?.code).toBe("InvalidParameter");
  });
});

describe("limits that the emulator of DynamoDB knows itself:", () => {
  test.each<[string, () => Promise<unknown>]>([
    ["a reserved word without a reference", () => filter("status = :0", { ":0": { S: "x" } })],
    ["a number of more than 38 digits", () => put({ number: { N: "1".repeat(39) } })],
    ["a reference that is not used", () => update("REMOVE #a", { "#a": "a", "#b": "b" })],
    ["a path that overlaps another", () => update("SET #a = :0 REMOVE #a", { "#a": "a" }, { ":0": { S: "x" } })],
  ])("%s", async (_, request) => {
    expect(await refusal(request)).toBe("400 ValidationException");
  });
});

test("a visibility timeout over the limit is refused for a message that was received, too", async () => {
  await send("x");
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl() }));
  const change = (seconds: number) =>
    sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queueUrl(),
        ReceiptHandle: Messages[0]?.ReceiptHandle,
        VisibilityTimeout: seconds,
      }),
    );
  expect(await refusal(() => change(43_201))).toBe("400 InvalidParameterValue");
  expect(await refusal(() => change(43_200))).toBeNull();
});
