import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { DynamoDBClient, type UpdateItemCommandOutput } from "@aws-sdk/client-dynamodb";
import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Access, readAccess, type Service } from "../../../lambda/adapters/aws/direct/access.ts";
import { directDynamodb } from "../../../lambda/adapters/aws/direct/dynamodb.ts";
import { directSns } from "../../../lambda/adapters/aws/direct/sns.ts";
import { directSqs } from "../../../lambda/adapters/aws/direct/sqs.ts";
import { sdkDynamodb } from "../../../lambda/adapters/aws/dynamodb/sdk.ts";
import type { Dynamodb, Sns } from "../../../lambda/adapters/aws/operations.ts";
import { sdkSns } from "../../../lambda/adapters/aws/sdk-sns.ts";
import { sdkSqs } from "../../../lambda/adapters/aws/sdk-sqs.ts";
import { patientClient } from "../../fixtures/timing.ts";

/** An answer of the service; null breaks the connection, and "amid" breaks it amid the body. */
type Answer =
  | { readonly status: number; readonly body: string; readonly headers?: Record<string, string> }
  | null
  | "amid";

interface Asked {
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

let asked: Asked[];
let answers: Answer[];
let access: Access;
let stop: () => Promise<void>;

beforeEach(async () => {
  asked = [];
  answers = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request
      .on("data", (chunk) => chunks.push(chunk))
      .once("end", () => {
        asked.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        if (answer === "amid") {
          response.writeHead(200, { "content-length": "100" });
          response.write("{", () => response.destroy());
        } else if (answer) response.writeHead(answer.status, answer.headers).end(answer.body);
        else request.socket.destroy();
      });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const credentials = { accessKeyId: "key", secretAccessKey: "secret", sessionToken: "token" };
  access = { service: "dynamodb", endpoint, region: "eu-west-1", credentials };
  stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
});
afterEach(() => stop());

const signal = () => AbortSignal.timeout(100_000);
const of = (service: Service): Access => ({ ...access, service });
const sdkOf = () => ({
  ...patientClient,
  endpoint: access.endpoint.href,
  region: access.region,
  credentials: access.credentials,
});

/** What a call led to. */
interface Ended {
  readonly output?: unknown;
  readonly name?: string;
  readonly message?: string;
  readonly status?: number | undefined;
  readonly attempts?: number | undefined;
}

interface Failure extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
}

/** Does the same by the SDK's client and directly. */
async function both(ways: { readonly sdk: () => Promise<unknown>; readonly direct: () => Promise<unknown> }) {
  const given = [...answers];
  const run = async (way: () => Promise<unknown>) => {
    asked = [];
    answers = [...given];
    const ended = await way().then(
      (output): Ended => ({ output }),
      ({ name, message, $metadata }: Failure): Ended => {
        return { name, message, status: $metadata?.httpStatusCode, attempts: $metadata?.attempts };
      },
    );
    return { ...ended, asked };
  };
  return { sdk: await run(ways.sdk), direct: await run(ways.direct) };
}

const dynamodbWays = (work: (dynamodb: Dynamodb) => Promise<unknown>) => ({
  sdk: () => work(sdkDynamodb(new DynamoDBClient(sdkOf()))),
  direct: () => work(directDynamodb(of("dynamodb"), patientClient)),
});
const snsWays = (work: (sns: Sns) => Promise<unknown>) => ({
  sdk: () => work(sdkSns({ ...sdkOf(), maxAttempts: 1 }, new SNSClient({ ...sdkOf(), maxAttempts: 1 }))),
  direct: () => work(directSns(of("sns"), { ...patientClient, maxAttempts: 1 })),
});

const update = (dynamodb: Dynamodb) =>
  dynamodb.updateItem(
    {
      TableName: "state",
      Key: { id: { S: "ä 😀" } },
      UpdateExpression: "SET #a = :a",
      ExpressionAttributeNames: { "#a": "a" },
      ExpressionAttributeValues: {
        ":a": {
          M: {
            n: { N: "1" },
            b: { B: Buffer.from("ä") },
            s: { BS: [new Uint8Array([1])] },
            l: { L: [{ NULL: true }, { BOOL: false }] },
          },
        },
      },
      ReturnValues: undefined,
    },
    signal(),
  );

const refusal = (type: string, status = 400): Answer => ({
  status,
  body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: `the ${type}` }),
});

describe("a call without the SDK's client", () => {
  test("sends DynamoDB the same request, signed with the same key and headers that the service asks for", async () => {
    const attributes = { a: { S: "b" }, B: { B: Buffer.from([0, 255]).toString("base64") }, s: { BS: ["AA=="] } };
    answers = [{ status: 200, body: JSON.stringify({ Attributes: attributes }) }];
    const { sdk, direct } = await both(dynamodbWays(update));
    expect(JSON.parse(direct.asked[0]?.body ?? "")).toEqual(JSON.parse(sdk.asked[0]?.body ?? ""));
    for (const name of ["content-type", "x-amz-target", "content-length", "x-amz-security-token", "amz-sdk-request"]) {
      expect([name, direct.asked[0]?.headers[name]]).toEqual([name, sdk.asked[0]?.headers[name]]);
    }
    const date = new Date().toISOString().slice(0, 10).replaceAll("-", "");
    expect(direct.asked[0]?.headers.authorization).toMatch(
      new RegExp(
        `^AWS4-HMAC-SHA256 Credential=key/${date}/eu-west-1/dynamodb/aws4_request, SignedHeaders=[a-z0-9;-]*host;[a-z0-9;-]*x-amz-target,`,
      ),
    );
    const { Attributes } = sdk.output as UpdateItemCommandOutput;
    expect(direct.output).toEqual({ Attributes });
    expect(Attributes?.B?.B).toEqual(new Uint8Array([0, 255]));
  });

  test("has the item that a condition failed on, as the SDK's client has it", async () => {
    const Item = { id: { S: "a" }, state: { B: "AAE=" } };
    answers = [
      { status: 400, body: JSON.stringify({ __type: "ConditionalCheckFailedException", message: "no", Item }) },
    ];
    const itemOf = (error: unknown) => (error as { readonly Item?: unknown }).Item;
    const { sdk, direct } = await both(dynamodbWays((dynamodb) => update(dynamodb).catch(itemOf)));
    expect(direct.output).toEqual(sdk.output);
    expect(direct.output).toEqual({ ...Item, state: { B: new Uint8Array([0, 1]) } });
  });

  test.each<[string, Answer[]]>([
    ["a condition that is not met", [refusal("ConditionalCheckFailedException")]],
    ["a wrong request", [refusal("ValidationException")]],
    ["a throttled one, to the last attempt", [refusal("ProvisionedThroughputExceededException")]],
    ["a throttled one, once", [refusal("ThrottlingException"), { status: 200, body: "{}" }]],
    ["a service that is unavailable, to the last attempt", [{ status: 503, body: "" }]],
    ["a service that fails, with a page of HTML", [{ status: 500, body: "<html>" }]],
    ["an answer that is no JSON", [{ status: 200, body: "{" }]],
    ["an answer of nothing", [{ status: 200, body: "" }]],
    ["a connection that breaks, once", [null, { status: 200, body: "{}" }]],
    ["a connection that always breaks", [null]],
    ["an answer that breaks off, once", ["amid", { status: 200, body: "{}" }]],
  ])("ends as by the SDK's client, after as many attempts: %s", async (_, given) => {
    answers = given;
    const { sdk, direct } = await both(dynamodbWays(update));
    const compared = ({ asked, name, status, attempts }: typeof sdk) => {
      // Of a page that is no JSON the SDK's client reports the syntax, and not the failure.
      const isPage = name === "SyntaxError" && status !== 200;
      return { calls: asked.length, name: isPage ? "Unknown" : name, status, attempts };
    };
    expect(compared(direct)).toEqual(compared(sdk));
  });

  test("is signed by the service's clock after a refusal for another time", async () => {
    const ahead = new Date(Date.now() + 3_600_000);
    const refused = { status: 400, body: JSON.stringify({ __type: "InvalidSignatureException", message: "no" }) };
    answers = [
      { ...refused, headers: { date: ahead.toUTCString() } },
      { status: 200, body: "{}" },
    ];
    const { sdk, direct } = await both(dynamodbWays(update));
    expect(direct.asked.length).toBe(2);
    const hourOf = ({ asked: [, second] }: typeof sdk) => String(second?.headers["x-amz-date"]).slice(0, 11);
    expect(hourOf(direct)).toBe(hourOf(sdk));
    expect(hourOf(direct)).toBe(ahead.toISOString().replaceAll("-", "").slice(0, 11));
  });

  test("sends SNS the same fields, and reads its answer", async () => {
    const answer = `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m</MessageId>
      </PublishResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></PublishResponse>`;
    answers = [{ status: 200, body: answer }];
    const input = {
      TopicArn: "arn:aws:sns:eu-west-1:1:alerts",
      Subject: "ä & b = c + d (e)!*'~",
      Message: "line\nline 😀",
      MessageStructure: "json",
      MessageAttributes: {
        severity: { DataType: "String", StringValue: "high" },
        detections: { DataType: "String.Array", StringValue: '["a","b"]' },
      },
    };
    const { sdk, direct } = await both(snsWays((sns) => sns.publish(input, signal())));
    const fields = ({ asked: [first] }: typeof sdk) => (first?.body ?? "").split("&").sort();
    expect(fields(direct)).toEqual(fields(sdk));
    expect(direct.output).toMatchObject({ MessageId: "m" });
  });

  test("sends SNS the same batch, and reads what became of each message", async () => {
    const answer = `<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult><Successful>
      <member><Id>0</Id><MessageId>m</MessageId></member><member><Id>2</Id><MessageId>n</MessageId></member></Successful><Failed>
      <member><Id>1</Id><Code>InvalidParameter</Code><Message>a &lt; b</Message><SenderFault>true</SenderFault></member></Failed>
      </PublishBatchResult></PublishBatchResponse>`;
    answers = [{ status: 200, body: answer }];
    const entries = ["a", "b", "c"].map((Message, index) => ({
      Id: String(index),
      Message,
      MessageAttributes: { severity: { DataType: "String", StringValue: "high" } },
    }));
    const input = { TopicArn: "arn", PublishBatchRequestEntries: entries };
    const { sdk, direct } = await both(snsWays((sns) => sns.publishBatch(input, signal())));
    const fields = ({ asked: [first] }: typeof sdk) => (first?.body ?? "").split("&").sort();
    expect(fields(direct)).toEqual(fields(sdk));
    const { Successful, Failed } = direct.output as Awaited<ReturnType<Sns["publishBatch"]>>;
    expect(Successful?.map(({ Id }) => Id)).toEqual(["0", "2"]);
    expect(Failed).toEqual([{ Id: "1", Code: "InvalidParameter", Message: "a < b" }]);
  });

  test.each<[string, number, string]>([
    [
      "a request that SNS refuses",
      400,
      "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>",
    ],
    ["a service that is unavailable", 503, ""],
    ["a gateway's page", 502, "<html><body>Bad Gateway</html>"],
  ])("of SNS fails with the status that the SDK's client has: %s", async (_, status, body) => {
    answers = [{ status, body }];
    const { sdk, direct } = await both(snsWays((sns) => sns.publish({ TopicArn: "arn", Message: "m" }, signal())));
    expect([direct.status, direct.attempts]).toEqual([sdk.status, sdk.attempts]);
    expect(direct.asked.length).toBe(1);
  });

  test("sends SQS the same batch, and finds a message that SQS has otherwise", async () => {
    answers = [
      {
        status: 200,
        body: JSON.stringify({ Successful: [{ Id: "0", MessageId: "m", MD5OfMessageBody: "0".repeat(32) }] }),
      },
    ];
    const queueUrl = `${access.endpoint.href}1/queue`;
    const input = { QueueUrl: queueUrl, Entries: [{ Id: "0", MessageBody: "ä", DelaySeconds: 0 }] };
    const { sdk, direct } = await both({
      sdk: () => sdkSqs(patientClient, new SQSClient(sdkOf()))(input, signal()),
      direct: () => directSqs(queueUrl, of("sqs"), patientClient)(input, signal()),
    });
    expect(JSON.parse(direct.asked[0]?.body ?? "")).toEqual(JSON.parse(sdk.asked[0]?.body ?? ""));
    expect(direct.asked[0]?.headers["x-amz-target"]).toBe(sdk.asked[0]?.headers["x-amz-target"]);
    expect(sdk).toMatchObject({ name: "Error" });
    expect(direct).toMatchObject({ message: `the queue ${queueUrl} changed 1 messages: their checksums differ` });
  });

  test("ends with its signal, though the service hangs", async () => {
    answers = [{ status: 503, body: "" }];
    const dynamodb = directDynamodb(of("dynamodb"), patientClient);
    const abort = new AbortController();
    const call = dynamodb.getItem({ TableName: "state", Key: { id: { S: "a" } } }, abort.signal);
    abort.abort(new Error("the time is over"));
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("the access for direct calls", () => {
  const keys = {
    AWS_ACCESS_KEY_ID: "key",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_SESSION_TOKEN: "token",
    AWS_REGION: "eu-west-1",
  };

  test.each<[Service, NodeJS.ProcessEnv, string]>([
    ["dynamodb", keys, "https://dynamodb.eu-west-1.amazonaws.com/"],
    ["sns", { ...keys, AWS_REGION: "ap-southeast-2" }, "https://sns.ap-southeast-2.amazonaws.com/"],
    ["secretsmanager", { ...keys, AWS_ENDPOINT_URL: "http://all" }, "http://all/"],
    [
      "secretsmanager",
      { ...keys, AWS_ENDPOINT_URL: "http://all", AWS_ENDPOINT_URL_SECRETS_MANAGER: "http://own:1" },
      "http://own:1/",
    ],
    ["sqs", { ...keys, AWS_REGION: "cn-north-1", AWS_ENDPOINT_URL_SQS: "http://own" }, "http://own/"],
  ])("to %s in %j is at %s", (service, environment, url) => {
    expect(readAccess(service, environment)?.endpoint.href).toBe(url);
  });

  test.each<[string, NodeJS.ProcessEnv]>([
    ["keys come from elsewhere", { AWS_REGION: "eu-west-1" }],
    ["the region is not known", { ...keys, AWS_REGION: "" }],
    ["the region is in China", { ...keys, AWS_REGION: "cn-north-1" }],
    ["the region is of the government", { ...keys, AWS_REGION: "us-gov-west-1" }],
    ["the region is isolated", { ...keys, AWS_REGION: "us-iso-east-1" }],
    ["a profile is named", { ...keys, AWS_PROFILE: "work" }],
    ["endpoints are those of FIPS", { ...keys, AWS_USE_FIPS_ENDPOINT: "true" }],
    ["endpoints have both kinds of addresses", { ...keys, AWS_USE_DUALSTACK_ENDPOINT: "true" }],
  ])("is left to the SDK where %s", (_, environment) => {
    expect(readAccess("dynamodb", environment)).toBeNull();
  });
});
