import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { startFauxqs } from "fauxqs";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { guardLoopback } from "./loopback-guard.ts";
import { names, retryQueueAttributes, tables } from "./resources.ts";

/** DynamoDB, SNS and SQS in this process, on free loopback ports, with every table, topic and queue created. */
export interface Emulators {
  /** The environment variables by which functions reach them. */
  readonly environment: Readonly<Record<string, string>>;
  /** The queue that is subscribed to the topic. */
  readonly alertQueueUrl: string;
  readonly retryQueueUrl: string;
  /** The direct endpoints of the services; those of the environment can fail, see {@link faults}. */
  readonly direct: { readonly dynamodb: string; readonly messaging: string };
  /** The fault proxies between the functions and each service. */
  readonly faults: Readonly<Record<Service, FaultProxy>>;
  /** The messages on a queue: visible, delayed and in flight. */
  readonly messagesOn: (queue: "alertQueue" | "retryQueue" | "deadLetterQueue") => readonly string[];
  /** The same messages by their state, as the emulator keeps them: it checks deadlines only at a receive, SQS continuously. */
  readonly inspect: (queue: "retryQueue" | "deadLetterQueue") => InspectedMessages | undefined;
  /** Creates the topic of an output. */
  readonly createOutput: (output: string) => LocalOutput;
  readonly stop: () => Promise<void>;
}

type InspectedMessages = NonNullable<ReturnType<Awaited<ReturnType<typeof startFauxqs>>["inspectQueue"]>>["messages"];

/** The topic of an output, with a queue that keeps its messages. */
export interface LocalOutput {
  readonly topicArn: string;
  /** All messages so far. */
  readonly messages: () => readonly string[];
}

/** A service that can fail. */
export type Service = "dynamodb" | "sns" | "sqs";

/** Credentials for the emulators, which accept any. */
const anyCredentials = { AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local", AWS_REGION: "us-east-1" };

/** Options of the emulators. */
export interface EmulatorOptions {
  /** The visibility timeout of the retry queue, in seconds. @default as in the stack */
  readonly retryVisibilitySeconds?: number;
  /** Selects the requests that fail where a fault has a rate. @default Math.random */
  readonly random?: () => number;
}

/** Starts the emulators and creates what {@link tables} and {@link names} describe. */
export async function startEmulators(options: EmulatorOptions = {}): Promise<Emulators> {
  const dynamodb = dynalite({ createTableMs: 0 });
  await once(dynamodb.listen(0, "127.0.0.1"), "listening");
  const messaging = await startFauxqs({ port: 0, logger: false });
  const direct = {
    dynamodb: `http://127.0.0.1:${(dynamodb.address() as AddressInfo).port}`,
    messaging: `http://127.0.0.1:${messaging.port}`,
  };
  const faults = {
    dynamodb: await startFaultProxy(direct.dynamodb, options.random),
    sns: await startFaultProxy(direct.messaging, options.random),
    sqs: await startFaultProxy(direct.messaging, options.random),
  };
  const endpoints = [...Object.values(direct), ...Object.values(faults).map(({ url }) => url)];
  const endGuard = guardLoopback(new Set(endpoints.map((url) => Number(new URL(url).port))));
  const stop = async () => {
    await Promise.all(Object.values(faults).map((proxy) => proxy.stop()));
    dynamodb.closeAllConnections();
    await Promise.all([promisify(dynamodb.close.bind(dynamodb))(), messaging.stop()]);
    endGuard();
  };
  try {
    // The emulator's queue URLs have a host below localhost, which some machines do not resolve.
    const through = (url: string, { queueUrl }: { readonly queueUrl: string }) => url + new URL(queueUrl).pathname;
    await createTables(direct.dynamodb);
    const { topicArn } = messaging.createTopic(names.alertTopic);
    const alertQueue = messaging.createQueue(names.alertQueue);
    const deadLetterQueue = messaging.createQueue(names.deadLetterQueue);
    const retryQueue = messaging.createQueue(names.retryQueue, {
      attributes: retryQueueAttributes(deadLetterQueue.queueArn, options.retryVisibilitySeconds),
    });
    messaging.subscribe({ topic: names.alertTopic, queue: names.alertQueue });
    const inspect = (queue: Parameters<Emulators["messagesOn"]>[0]) => messaging.inspectQueue(names[queue])?.messages;
    return {
      environment: {
        ...anyCredentials,
        AWS_ENDPOINT_URL_DYNAMODB: faults.dynamodb.url,
        AWS_ENDPOINT_URL_SNS: faults.sns.url,
        AWS_ENDPOINT_URL_SQS: faults.sqs.url,
        PROFILE_TABLE: names.profileTable,
        STATE_TABLE: names.stateTable,
        ALERT_TOPIC_ARN: topicArn,
        RETRY_QUEUE_URL: through(faults.sqs.url, retryQueue),
        DEAD_LETTER_QUEUE_URL: through(faults.sqs.url, deadLetterQueue),
      },
      alertQueueUrl: through(direct.messaging, alertQueue),
      retryQueueUrl: through(direct.messaging, retryQueue),
      direct,
      faults,
      messagesOn: (queue) => {
        const { ready = [], delayed = [], inflight = [] } = inspect(queue) ?? {};
        return [...ready, ...delayed, ...inflight.map(({ message }) => message)].map(({ body }) => body);
      },
      inspect,
      createOutput: (output) => {
        const name = `output-${output}`;
        const { topicArn: arn } = messaging.createTopic(name);
        messaging.createQueue(name);
        messaging.subscribe({ topic: name, queue: name });
        return {
          topicArn: arn,
          messages: () =>
            (messaging.inspectQueue(name)?.messages.ready ?? []).map(
              ({ body }) => (JSON.parse(body) as { readonly Message: string }).Message,
            ),
        };
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function createTables(endpoint: string): Promise<void> {
  const client = new DynamoDBClient({
    endpoint,
    region: anyCredentials.AWS_REGION,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  try {
    for (const table of tables) {
      await client.send(new CreateTableCommand(table));
      await waitUntilTableExists({ client, maxWaitTime: 5, minDelay: 1, maxDelay: 1 }, { TableName: table.TableName });
    }
  } finally {
    client.destroy();
  }
}
