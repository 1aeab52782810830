import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateListStackResources,
} from "@aws-sdk/client-cloudformation";
import { CloudWatchClient, paginateDescribeAlarms, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import type { Account } from "./account.ts";

/** What the check does as an operator of the account would, through AWS's own SDK. */
export interface Operator {
  readonly cloudFormation: CloudFormationClient;
  readonly cloudWatch: CloudWatchClient;
  readonly dynamodb: DynamoDBClient;
  readonly secretsManager: SecretsManagerClient;
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
  readonly close: () => void;
}

/** An operator with every permission. */
export function createOperator({ url, environment }: Account): Operator {
  const options = {
    endpoint: url,
    region: environment.AWS_REGION ?? "",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  };
  const clients = {
    cloudFormation: new CloudFormationClient(options),
    cloudWatch: new CloudWatchClient(options),
    dynamodb: new DynamoDBClient(options),
    secretsManager: new SecretsManagerClient(options),
    sns: new SNSClient(options),
    sqs: new SQSClient({ ...options, useQueueUrlAsEndpoint: false }),
  };
  return { ...clients, close: () => Object.values(clients).forEach((client) => void client.destroy()) };
}

/** The outputs of a stack, and what CloudFormation says of its state. */
export async function describe(operator: Operator, StackName: string) {
  const { Stacks = [] } = await operator.cloudFormation.send(new DescribeStacksCommand({ StackName }));
  const outputs = new Map(
    (Stacks[0]?.Outputs ?? []).map(({ OutputKey = "", OutputValue = "" }) => [OutputKey, OutputValue]),
  );
  return {
    status: Stacks[0]?.StackStatus ?? "none",
    output(name: string): string {
      const value = outputs.get(name);
      assert.ok(value !== undefined, `the stack ${StackName} has no output ${name}`);
      return value;
    },
  };
}

/** A stack that is deployed. */
export type DeployedStack = Awaited<ReturnType<typeof describe>>;

/** Subscribes a new queue to a topic, as a SIEM is: what arrives is taken off by {@link receive}. */
export async function subscribeQueue({ sns, sqs }: Operator, topicArn: string): Promise<string> {
  const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName: `subscriber-${crypto.randomUUID()}` }));
  const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
  const queueArn = Attributes.QueueArn ?? "";
  const policy = {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: "sns.amazonaws.com" },
        Action: "sqs:SendMessage",
        Resource: queueArn,
        Condition: { ArnEquals: { "aws:SourceArn": topicArn } },
      },
    ],
  };
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: JSON.stringify(policy) } }));
  await sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: "sqs", Endpoint: queueArn }));
  return QueueUrl;
}

/** What SNS delivers to a queue. */
export interface Notification {
  readonly Subject?: string;
  readonly Message: string;
}

/** The longest that something on its way is waited for, in milliseconds: work waits two seconds and more before it is tried again. */
const longestWait = 60_000;

/** Takes the next message off a queue; null when none comes in the time. */
export async function receive(
  { sqs }: Operator,
  QueueUrl: string,
  milliseconds = longestWait,
): Promise<Notification | null> {
  const deadline = Date.now() + milliseconds;
  do {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 1, WaitTimeSeconds: 1 }),
    );
    const [message] = Messages;
    if (message !== undefined) {
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
      return JSON.parse(message.Body ?? "") as Notification;
    }
  } while (Date.now() < deadline);
  return null;
}

/** Waits until something holds. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + longestWait;
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, `${what}: not within ${longestWait / 1_000} seconds`);
    await delay(250);
  }
}

/** The hook's secret. */
export async function fetchHookSecret({ secretsManager }: Operator, stack: DeployedStack): Promise<string> {
  const command = new GetSecretValueCommand({ SecretId: stack.output("HookSecretArn") });
  return (await secretsManager.send(command)).SecretString ?? "";
}

const sampleFile = new URL("../../../local/samples/proxied-sign-in.json", import.meta.url);

/** Autonomous systems so far, of those kept for documentation (RFC 5398): each sample comes through another network. */
let networks = 0;

/** The sample delivery that the README's command sends, as if it came now, and through a network that was not seen before. */
export async function sampleDelivery(change: (event: Record<string, unknown>) => void = () => {}): Promise<string> {
  const envelope = JSON.parse(await readFile(sampleFile, "utf8")) as { data: { events: Record<string, unknown>[] } };
  for (const event of envelope.data.events) {
    networks += 1;
    Object.assign(event, { uuid: crypto.randomUUID(), published: new Date().toISOString() });
    Object.assign(event.securityContext as object, { asNumber: 64_496 + networks });
    change(event);
  }
  return JSON.stringify(envelope);
}

/** Where ministack serves the hook's URL: AWS's own name of a REST API leads to AWS. */
function servedAt({ url }: Account, hookUrl: string): string {
  const [, api, path] = /^https:\/\/([^.]+)\.execute-api\.[^/]+\/(.*)$/.exec(hookUrl) ?? [];
  return api === undefined ? hookUrl : `${url}/_aws/execute-api/${api}/${path}`;
}

/**
 * Delivers as Okta does, and returns the status of the answer.
 *
 * @param from the address that it comes from at a REST API: ministack reads it off this header, which AWS overwrites
 */
export async function deliver(
  account: Account,
  stack: DeployedStack,
  secret: string,
  body: string,
  from = "127.0.0.1",
): Promise<number> {
  const response = await fetch(servedAt(account, stack.output("HookUrl")), {
    method: "POST",
    headers: { authorization: secret, "content-type": "application/json", "x-forwarded-for": from },
    body,
  });
  await response.arrayBuffer();
  return response.status;
}

/** The physical id of the stack's first resource of a type whose logical id starts so. */
export async function findResource({ cloudFormation }: Operator, StackName: string, type: string, start: string) {
  for await (const { StackResourceSummaries = [] } of paginateListStackResources(
    { client: cloudFormation },
    { StackName },
  )) {
    const found = StackResourceSummaries.find(
      ({ ResourceType, LogicalResourceId = "" }) => ResourceType === type && LogicalResourceId.startsWith(start),
    );
    if (found?.PhysicalResourceId !== undefined) return found.PhysicalResourceId;
  }
  throw new Error(`the stack ${StackName} has no ${type} whose logical id starts with ${start}`);
}

/**
 * Invokes a function, as a schedule does.
 *
 * @returns the error that it ended with; null for none
 */
export async function invoke(
  account: Account,
  operator: Operator,
  StackName: string,
  start: string,
): Promise<string | null> {
  const name = await findResource(operator, StackName, "AWS::Lambda::Function", start);
  // By the API itself: the project needs no client of Lambda. ministack does not look at the signature of the root user.
  const response = await fetch(`${account.url}/2015-03-31/functions/${name}/invocations`, {
    method: "POST",
    headers: {
      authorization:
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0",
    },
    body: "{}",
  });
  const body = await response.text();
  return response.ok && !response.headers.has("x-amz-function-error") ? null : `${response.status} ${body}`;
}

/** Calls EventBridge by its API itself: the project needs no client of it. */
async function callEventBridge({ url }: Account, action: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": `AWSEvents.${action}`,
      authorization:
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/events/aws4_request, SignedHeaders=host, Signature=0",
    },
    body: JSON.stringify(body),
  });
  const answer = await response.text();
  assert.ok(response.ok, `${action}: ${response.status} ${answer}`);
  return JSON.parse(answer);
}

/** Associates a partner event source with an event bus of its name, as the README says. */
export async function createEventBus(account: Account, name: string): Promise<void> {
  await callEventBridge(account, "CreateEventBus", { Name: name, EventSourceName: name });
}

/**
 * Sends an event as a partner does whose event source has this name, and as a user of the account does, which is
 * refused.
 */
export async function streamEvent(account: Account, source: string, detail: unknown): Promise<void> {
  const entry = { Source: source, DetailType: "SystemLog", Detail: JSON.stringify(detail) };
  const forged = { Entries: [{ ...entry, EventBusName: source }] };
  assert.match(JSON.stringify(await callEventBridge(account, "PutEvents", forged)), /NotAuthorizedForSource/);
  const sent = (await callEventBridge(account, "PutPartnerEvents", { Entries: [entry] })) as {
    readonly FailedEntryCount: number;
  };
  assert.equal(sent.FailedEntryCount, 0, JSON.stringify(sent));
}

/** Makes every alarm of the account go off, and returns their names. */
export async function raiseAlarms({ cloudWatch }: Operator): Promise<string[]> {
  const names: string[] = [];
  for await (const { MetricAlarms = [], CompositeAlarms = [] } of paginateDescribeAlarms({ client: cloudWatch }, {})) {
    names.push(...[...MetricAlarms, ...CompositeAlarms].map(({ AlarmName = "" }) => AlarmName));
  }
  for (const AlarmName of names) {
    // From a state without actions, so that ALARM is a change of it.
    for (const StateValue of ["INSUFFICIENT_DATA", "ALARM"] as const) {
      await cloudWatch.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: "a check" }));
    }
  }
  return names;
}
