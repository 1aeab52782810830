import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { SNSClient } from "@aws-sdk/client-sns";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { createTopic } from "../../../lambda/adapters/aws/topic.ts";
import type { TopicMessage } from "../../../lambda/core/alerts/topic-message.ts";
import { type Emulators, startEmulators } from "../../../local/emulators.ts";
import { patientClient } from "../../fixtures/timing.ts";

const signal = () => AbortSignal.timeout(100_000);
const message = (text: string): TopicMessage => ({
  message: text,
  attributes: { severity: { type: "String", value: "high" } },
});

let emulators: Emulators;
let topicArn: string;
beforeAll(async () => {
  emulators = await startEmulators();
  Object.assign(process.env, emulators.environment);
  topicArn = emulators.environment.ALERT_TOPIC_ARN ?? "";
});
afterEach(() => emulators.faults.sns.set(null));
afterAll(() => emulators.stop());

/** What arrived on the queue that is subscribed to the topic. */
async function received(): Promise<string[]> {
  const client = new SQSClient({ endpoint: emulators.direct.messaging });
  const found: string[] = [];
  for (;;) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl: emulators.alertQueueUrl, MaxNumberOfMessages: 10 }),
    );
    if (Messages.length === 0) break;
    found.push(...Messages.map(({ Body = "" }) => (JSON.parse(Body) as { Message: string }).Message));
  }
  client.destroy();
  return found;
}

test("messages of any number and size that are published at once arrive, each once", async () => {
  const publish = createTopic(topicArn, { settings: patientClient });
  const texts = Array.from({ length: 37 }, (_, index) => `${index} ${"x".repeat(index % 9 === 0 ? 200_000 : 10)}`);
  await Promise.all(texts.map((text) => publish(message(text), signal())));
  expect((await received()).sort()).toEqual(texts.sort());
});

test("what is wrong with one message of a batch is that one's alone", async () => {
  // The emulator takes whatever fits, so this is what SNS answers.
  const answer = `<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult><Successful>
    <member><Id>0</Id><MessageId>m</MessageId></member></Successful><Failed><member><Id>1</Id><Code>InvalidParameter</Code>
    <Message>the structure is no JSON</Message><SenderFault>true</SenderFault></member></Failed></PublishBatchResult>
    <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></PublishBatchResponse>`;
  const server = createServer((request, response) => {
    request.resume().once("end", () => response.writeHead(200, { "content-type": "text/xml" }).end(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client = new SNSClient({ endpoint: `http://127.0.0.1:${port}` });
  const publish = createTopic(topicArn, { client });
  const [good, bad] = await Promise.allSettled(["a", "b"].map((text) => publish(message(text), signal())));
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
  expect(good?.status).toBe("fulfilled");
  expect(bad).toMatchObject({
    reason: { message: `the topic ${topicArn} refused a message: the structure is no JSON` },
  });
});

/** Serves SNS's protocol with these answers, one after the other, and counts connections. */
async function serveAnswers(...answers: readonly string[]) {
  let connections = 0;
  const left = [...answers];
  const server = createServer((request, response) => {
    request.resume().once("end", () => {
      response.writeHead(200, { "content-type": "text/xml" }).end(left.shift());
    });
  });
  server.on("connection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const before = process.env.AWS_ENDPOINT_URL_SNS;
  process.env.AWS_ENDPOINT_URL_SNS = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = async () => {
    process.env.AWS_ENDPOINT_URL_SNS = before;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { connections: () => connections, stop };
}

const published = `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m</MessageId>
  </PublishResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></PublishResponse>`;

test.each([
  ["within a second of its last answer: no service closes it so soon", [0, 1_000, 2_000], 1],
  ["at no later time: one that went stale breaks like one whose request was taken", [0, 1_001, 2_002], 3],
  ["at no earlier time, where the clock was set back", [5_000, 4_000], 2],
])("a connection serves another publish %s", async (_, times, connections) => {
  const sns = await serveAnswers(...times.map(() => published));
  const start = Date.now();
  const now = vi.spyOn(Date, "now");
  const publish = createTopic(topicArn, { settings: patientClient });
  for (const time of times) {
    now.mockReturnValue(start + time);
    await publish(message("a"), signal());
  }
  now.mockRestore();
  await sns.stop();
  expect(sns.connections()).toBe(connections);
});

test.each([
  ["no message", "<PublishResponse><PublishResult></PublishResult></PublishResponse>", ["a"]],
  ["nothing", "", ["a"]],
  ["one of two", publishedBatch("0"), ["a", "b"]],
])("an answer that names %s leaves it open whether the others were taken", async (_, answer, texts) => {
  const sns = await serveAnswers(answer);
  const publish = createTopic(topicArn, { settings: patientClient });
  const outcomes = await Promise.allSettled(texts.map((text) => publish(message(text), signal())));
  await sns.stop();
  expect(outcomes.at(-1)).toMatchObject({ status: "rejected", reason: { name: "UnconfirmedPublishError" } });
});

function publishedBatch(id: string): string {
  return `<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult><Successful><member>
    <Id>${id}</Id><MessageId>m</MessageId></member></Successful></PublishBatchResult></PublishBatchResponse>`;
}

test("a connection that breaks amid its handshake has carried no publish: another one is opened at once", async () => {
  let connections = 0;
  const server = createTcpServer((socket) => {
    connections += 1;
    socket.once("data", () => socket.resetAndDestroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const before = process.env.AWS_ENDPOINT_URL_SNS;
  process.env.AWS_ENDPOINT_URL_SNS = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const outcome = createTopic(topicArn, { settings: patientClient })(message("a"), signal());
  await expect(outcome).rejects.toMatchObject({ name: "TimeoutError", code: "ECONNRESET" });
  process.env.AWS_ENDPOINT_URL_SNS = before;
  await new Promise((resolve) => server.close(resolve));
  expect(connections).toBe(3);
});

test("what is too large is refused, and holds nothing else up", async () => {
  const publish = createTopic(topicArn, { settings: patientClient });
  const texts = ["good", "x".repeat(300_000), "better"];
  const outcomes = await Promise.allSettled(texts.map((text) => publish(message(text), signal())));
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect((await received()).sort()).toEqual(["better", "good"]);
});

test("a topic that fails fails them all, and each that is published later is tried anew", async () => {
  const publish = createTopic(topicArn, { settings: patientClient });
  emulators.faults.sns.set({ kind: "refuse" });
  const outcomes = await Promise.allSettled(["a", "b"].map((text) => publish(message(text), signal())));
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  emulators.faults.sns.set(null);
  await publish(message("c"), signal());
  expect(await received()).toEqual(["c"]);
});

test("the batch goes on as long as any of its messages has time", async () => {
  const publish = createTopic(topicArn, { settings: patientClient });
  emulators.faults.sns.set({ kind: "delay", milliseconds: 300 });
  const outcomes = await Promise.allSettled([
    publish(message("hasty"), AbortSignal.timeout(50)),
    publish(message("patient"), signal()),
  ]);
  expect(outcomes[1].status).toBe("fulfilled");
  expect((await received()).sort()).toEqual(["hasty", "patient"]);
  emulators.faults.sns.set({ kind: "hang" });
  const hasty = AbortSignal.timeout(50);
  await expect(Promise.all([publish(message("x"), hasty), publish(message("y"), hasty)])).rejects.toThrow();
});
