import type { Server } from "node:http";
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { startFauxqs } from "fauxqs";
import { names, tables } from "./resources.ts";

/** DynamoDB, SNS and SQS in this process, on free loopback ports, with every table, topic and queue created. */
export interface Emulators {
  /** What the functions' environment needs to find them. */
  readonly environment: Readonly<Record<string, string>>;
  readonly alertQueueUrl: string;
  readonly stop: () => Promise<void>;
}

/** What the emulators take for credentials: anything. */
const anyCredentials = { AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local", AWS_REGION: "us-east-1" };

/** Starts the emulators and creates what {@link tables} and {@link names} describe. */
export async function startEmulators(): Promise<Emulators> {
  const dynamodb = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve, reject) => {
    dynamodb.once("error", reject);
    dynamodb.listen(0, "127.0.0.1", resolve);
  });
  const messaging = await startFauxqs({ port: 0, logger: false });
  const stop = async () => {
    await Promise.all([close(dynamodb), messaging.stop()]);
  };
  try {
    const dynamodbUrl = `http://127.0.0.1:${portOf(dynamodb)}`;
    const messagingUrl = `http://127.0.0.1:${messaging.port}`;
    // The emulator's queue URLs name a host below localhost, which not every machine resolves.
    const onLoopback = ({ queueUrl }: { readonly queueUrl: string }) => messagingUrl + new URL(queueUrl).pathname;
    await createTables(dynamodbUrl);
    const { topicArn } = messaging.createTopic(names.alertTopic);
    const alertQueue = messaging.createQueue(names.alertQueue);
    const deadLetterQueue = messaging.createQueue(names.deadLetterQueue);
    messaging.subscribe({ topic: names.alertTopic, queue: names.alertQueue });
    return {
      environment: {
        ...anyCredentials,
        AWS_ENDPOINT_URL_DYNAMODB: dynamodbUrl,
        AWS_ENDPOINT_URL_SNS: messagingUrl,
        AWS_ENDPOINT_URL_SQS: messagingUrl,
        PROFILE_TABLE: names.profileTable,
        ALERT_TOPIC_ARN: topicArn,
        DEAD_LETTER_QUEUE_URL: onLoopback(deadLetterQueue),
      },
      alertQueueUrl: onLoopback(alertQueue),
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
      await client.send(
        new CreateTableCommand({
          ...table,
          AttributeDefinitions: [...table.AttributeDefinitions],
          KeySchema: [...table.KeySchema],
        }),
      );
      await waitUntilTableExists({ client, maxWaitTime: 5, minDelay: 1, maxDelay: 1 }, { TableName: table.TableName });
    }
  } finally {
    client.destroy();
  }
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen on a port");
  return address.port;
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
  });
}
