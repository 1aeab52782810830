import type { SNSClient } from "@aws-sdk/client-sns";
import type { PublishMessage, TopicMessage } from "../../core/alerts/topic-message.ts";
import { UnconfirmedPublishError } from "../../core/pipeline/unconfirmed.ts";
import { batchMessages, topicMessageBytes } from "../../core/text/message-limits.ts";
import { pause } from "../../core/time/budget.ts";
import { toBatches } from "./batches.ts";
import { type ClientSettings, clientDefaults, once } from "./client.ts";
import { openSns } from "./sns.ts";

const limits = { entries: batchMessages, bytes: topicMessageBytes };

/**
 * Attempts of a request that SNS surely did not accept, and the longest pause before the second: it doubles, with
 * jitter.
 */
const maximumAttempts = 3;
const firstPauseMilliseconds = 50;

/** Milliseconds after its last answer for which a connection is surely open still. */
const freshMilliseconds = 1_000;

/** A message that waits for its batch. */
interface Waiting {
  readonly message: TopicMessage;
  readonly signal: AbortSignal;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface TopicOptions {
  /** @default its own, made on first use */
  readonly client?: SNSClient;
  /**
   * The settings of its own client, except that a publish has one attempt, which may take as long as its signal allows.
   * @default {@link clientDefaults}
   */
  readonly settings?: ClientSettings;
}

/**
 * Publishes messages to an SNS topic. Messages that are published at the same time go out in batches of ten. The
 * outcome of a batch, also an unknown one, is that of each of its messages. Only a request that SNS surely did not
 * accept is repeated.
 */
export function createTopic(
  topicArn: string,
  { client: given, settings = clientDefaults }: TopicOptions = {},
): PublishMessage {
  const getSns = once(async () => {
    const { connectionTimeout } = settings.requestHandler;
    // A connection that went stale while the function was frozen breaks like one whose request was accepted, and would count as a
    // publish without an answer (https://github.com/aws/aws-sdk-js-v3/issues/1196). So each request opens one, but for those that
    // closely follow another: services keep connections open for much longer.
    const agent = { keepAlive: false };
    const requestHandler = { connectionTimeout, httpAgent: agent, httpsAgent: agent, reuseWithin: freshMilliseconds };
    return openSns({ maxAttempts: 1, requestHandler }, given);
  });
  let waiting: Waiting[] = [];

  async function publishBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const sns = await getSns();
      const [first] = batch;
      if (first !== undefined && batch.length === 1) {
        const input = { TopicArn: topicArn, ...toInput(first.message) };
        const { MessageId } = await publishOnce(first.signal, (signal) => sns.publish(input, signal));
        if (MessageId === undefined) throw new UnconfirmedPublishError("the topic's answer names no message");
        first.resolve();
        return;
      }
      const entries = batch.map(({ message }, index) => ({ Id: String(index), ...toInput(message) }));
      const input = { TopicArn: topicArn, PublishBatchRequestEntries: entries };
      const { Failed = [], Successful = [] } = await publishOnce(
        whenAllAre(batch.map(({ signal }) => signal)),
        (signal) => sns.publishBatch(input, signal),
      );
      for (const { Id, Code, Message } of Failed) {
        batch[Number(Id)]?.reject(new Error(`the topic ${topicArn} refused a message: ${Message ?? Code}`));
      }
      for (const { Id } of Successful) batch[Number(Id)]?.resolve();
      // Messages in neither list are unconfirmed; for the others the first outcome counts.
      const unknown = new UnconfirmedPublishError("the topic's answer does not name the message");
      for (const { reject } of batch) reject(unknown);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  return (message, signal) =>
    new Promise((resolve, reject) => {
      waiting.push({ message, signal, resolve, reject });
      if (waiting.length > 1) return;
      // setImmediate collects the alerts of a delivery, which arrive within one turn of the event loop.
      setImmediate(() => {
        const all = waiting;
        waiting = [];
        for (const batch of toBatches(all, (each) => bytesOf(each.message), limits)) void publishBatch(batch);
      });
    });
}

/** Sends a request until SNS accepts it, or may have accepted it. */
async function publishOnce<Output>(
  signal: AbortSignal,
  send: (signal: AbortSignal) => Promise<Output>,
): Promise<Output> {
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      return await send(signal);
    } catch (error) {
      if (!isNotTaken(error)) {
        throw new UnconfirmedPublishError("the topic did not answer, and may have taken it", { cause: error });
      }
      if (attempt === maximumAttempts || !isPassing(error)) throw error;
      await pause(Math.random() * firstPauseMilliseconds * 2 ** attempt, signal).catch(() => {
        throw error;
      });
    }
  }
}

/** The fields of an SDK error that show whether the service accepted the request. */
interface Failure {
  readonly name?: string;
  readonly message?: string;
  /** False where a direct call's connection failed before it was open. */
  readonly isSent?: boolean;
  readonly syscall?: string;
  readonly errors?: readonly unknown[];
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/**
 * Whether SNS did not accept a request, as AWS documents its answers
 * (https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html): it refused it with a 4xx, could not process it (500),
 * or could not handle it (503); or no connection came about, so that the request was never sent. A 502 or 504 of a
 * gateway leaves it open.
 */
function isNotTaken(error: unknown): boolean {
  const { name, $metadata } = error as Failure;
  const status = $metadata?.httpStatusCode;
  if (status !== undefined) return status === 500 || status === 503 || (status >= 400 && status < 500);
  return isNotConnected(error) || name === "CredentialsProviderError";
}

/** Whether no connection came about: Node.js names the failed call; the SDK's own time-out has it in its message. */
function isNotConnected(error: unknown): boolean {
  const { isSent, syscall, message, errors } = error as Failure;
  if (isSent === false) return true;
  if (errors !== undefined && errors.length > 0) return errors.every(isNotConnected);
  return syscall === "connect" || syscall === "getaddrinfo" || /did not establish a connection/.test(message ?? "");
}

/**
 * Whether the next attempt may succeed: no connection, a service that is unavailable, or too many requests. After a 500
 * the work is tried again later, not at once: if SNS accepted the message after all, that adds one copy, not three.
 */
function isPassing(error: unknown): boolean {
  const { name = "", $metadata } = error as Failure;
  const status = $metadata?.httpStatusCode;
  return status === undefined || status === 503 || status === 429 || /throttl/i.test(name);
}

function toInput({ subject, message, perProtocol = false, attributes }: TopicMessage) {
  return {
    ...(subject === undefined ? {} : { Subject: subject }),
    Message: message,
    ...(perProtocol ? { MessageStructure: "json" } : {}),
    MessageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, { type, value }]) => [name, { DataType: type, StringValue: value }]),
    ),
  };
}

/** The bytes that SNS counts: body, subject, and attributes with their names and types. */
function bytesOf({ subject = "", message, attributes }: TopicMessage): number {
  const texts = Object.entries(attributes).flatMap(([name, { type, value }]) => [name, type, value]);
  return [subject, message, ...texts].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

/** A signal that aborts when all of these have aborted, so that a message with less time does not end the others. */
function whenAllAre(signals: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  const left = new Set(signals);
  for (const signal of left) {
    const end = () => {
      left.delete(signal);
      if (left.size === 0) controller.abort(signal.reason);
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  }
  return controller.signal;
}
