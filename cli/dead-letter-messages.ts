import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
} from "@aws-sdk/client-sqs";
import * as z from "zod";
import { createQueue } from "../lambda/adapters/aws/queue.ts";
import { type Delivery, eventSources, parseDelivery, readDelivery } from "../lambda/core/okta/event-hook.ts";
import { describeFaults } from "../lambda/core/okta/fault.ts";
import { readStreamedEvent, streamSourcePrefix } from "../lambda/core/okta/streamed-event.ts";
import { toDeadLetters } from "../lambda/core/pipeline/dead-letter.ts";
import { type DelayReason, delayReasons } from "../lambda/core/pipeline/delay-reason.ts";
import { writeWork } from "../lambda/core/pipeline/work.ts";
import { writeQueueJson } from "../lambda/core/text/queue-json.ts";
import { parseJson } from "../lambda/core/values/json.ts";
import { fieldsOf, type Json } from "../lambda/core/values/object.ts";
import { InputError } from "./command.ts";
import type { Deployment } from "./deployment.ts";

/** The kinds of messages that functions, or SQS for them, send to the dead-letter queue. */
const ownKinds = ["malformed", "malformedEvents", "refused", "retry"] as const;
type OwnKind = (typeof ownKinds)[number];

/** A message of the dead-letter queue. */
export interface DeadLetterMessage {
  /** SQS's message id, by which the commands name it. */
  readonly id: string;
  /**
   * `malformed`: an event that could not be judged. `malformedEvents`: many of them. `refused`: a refused delivery that
   * had the right secret. `retry`: work that failed too often. `streamed`: an event of the log stream at which its
   * function failed, or that EventBridge could not deliver. `output`: a published alert that could not be rendered or
   * published for an output. `unknown`: any other message.
   */
  readonly kind: OwnKind | "streamed" | "output" | "unknown";
  readonly sentAt: Date;
  readonly reason: string;
  readonly eventUuid: string | null;
  readonly eventType: string | null;
  readonly body: string;
  readonly receiptHandle: string;
}

/** Seconds for which a command holds messages: the longest run of a command. */
const visibilitySeconds = 600;

/**
 * Receives every message of the queue, and returns those that were not deleted at the end.
 *
 * @param visit called once for each message; returns true where it handled the message
 */
export async function visitDeadLetters(
  { sqs, deadLetterQueueUrl: QueueUrl, stack }: Deployment,
  visit: (message: DeadLetterMessage) => Promise<void>,
): Promise<void> {
  const taken = new Map<string, string>();
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, stop);
  try {
    while (!stopping.signal.aborted) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: stack === null ? 0 : 1,
          VisibilityTimeout: visibilitySeconds,
          MessageSystemAttributeNames: ["SentTimestamp"],
          MessageAttributeNames: [...failureAttributes],
        }),
      );
      // A long poll asks every server of the queue: when it finds no message, the queue is empty. The embedded queue is one server.
      if (Messages.length === 0) break;
      const received = Messages.map(readMessage).map((message) => ({ message, isNew: !taken.has(message.id) }));
      for (const { message } of received) taken.set(message.id, message.receiptHandle);
      for (const { message, isNew } of received) if (isNew && !stopping.signal.aborted) await visit(message);
    }
  } finally {
    for (const signal of signals) process.off(signal, stop);
    // A deleted message needs no return.
    await Promise.allSettled(
      [...taken.values()].map((ReceiptHandle) =>
        sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 })),
      ),
    );
  }
  if (stopping.signal.aborted) throw new InputError("stopped: what was not dealt with is back on the queue");
}

/** Messages that another command holds: they return when it ends, or {@link visibilitySeconds} after it was stopped. */
export async function countTaken({ sqs, deadLetterQueueUrl: QueueUrl }: Deployment): Promise<number> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["ApproximateNumberOfMessagesNotVisible"] }),
  );
  return Number(Attributes?.ApproximateNumberOfMessagesNotVisible ?? 0);
}

/** Removes a message for good. */
export async function deleteDeadLetter({ sqs, deadLetterQueueUrl }: Deployment, message: DeadLetterMessage) {
  await sqs.send(new DeleteMessageCommand({ QueueUrl: deadLetterQueueUrl, ReceiptHandle: message.receiptHandle }));
}

/** The result of redriving a message. */
export type Redriven =
  | {
      readonly ok: true;
      /** Pieces of work on the retry queue. */
      readonly work: number;
      /** Malformed events of the message, which are dead-lettered again. */
      readonly malformed: number;
    }
  | {
      readonly ok: false;
      /** The reason why the message stays on the dead-letter queue. */
      readonly reason: string;
    };

/** Sends a message's content to the retry queue, with a new count of tries. */
export async function redriveDeadLetter(deployment: Deployment, message: DeadLetterMessage): Promise<Redriven> {
  const { sqs, retryQueueUrl, deadLetterQueueUrl, oktaOrgUrl } = deployment;
  const read = toWork(message, oktaOrgUrl === null ? null : new URL(oktaOrgUrl).host);
  if ("reason" in read) return { ok: false, reason: read.reason };
  const letters = toDeadLetters(read.malformed, read.delivery, message.sentAt);
  // A redrive that stops here can be repeated: handling an event is idempotent.
  await sendAll(sqs, retryQueueUrl, read.work);
  await sendAll(sqs, deadLetterQueueUrl, letters);
  await deleteDeadLetter(deployment, message);
  return { ok: true, work: read.work.length, malformed: read.malformed.length };
}

/** @throws when the queue refuses one of them */
function sendAll(client: Deployment["sqs"], queueUrl: string, bodies: readonly string[]): Promise<void> {
  const messages = bodies.map((body) => ({ body }));
  // A command has no deadline.
  return createQueue(queueUrl, { client })(messages, new AbortController().signal);
}

/** The work for the retry queue, its delivery, and the events that are still malformed. */
interface ReadWork {
  readonly work: readonly string[];
  readonly delivery: Pick<Delivery, "id" | "org" | "eventHookId" | "source">;
  readonly malformed: Delivery["malformed"];
}

/**
 * Reads the message as work. A later release may read what an earlier one could not.
 *
 * @param org the domain of the org that streams its log; null where the stack does not know it
 */
function toWork(message: DeadLetterMessage, org: string | null): ReadWork | { readonly reason: string } {
  const { kind, body, sentAt, reason } = message;
  const nowhere = { id: null, org: null, eventHookId: null };
  if (kind === "retry") {
    const reason: DelayReason = delayReasons.deadLettered;
    const work = writeQueueJson({ ...parseObject(body), reason, unconfirmed: 0, again: true });
    return { work: [work], delivery: nowhere, malformed: [] };
  }
  if (kind === "output") {
    return { reason: "it is for an output, whose function has to be invoked again: see the runbook" };
  }
  if (kind === "unknown") return { reason: "it is no message of ours" };
  const letter = JSON.parse(body) as Readonly<Record<string, unknown>>;
  const read = readLetter(kind, letter, org);
  if ("reason" in read) return { reason: read.reason };
  if (kind !== "refused" && read.events.length === 0) {
    const faults = kind === "streamed" ? describeFaults(read.malformed.flatMap((each) => each.faults)) : reason;
    return { reason: `${kind === "malformedEvents" ? "its events are" : "the event is"} still malformed: ${faults}` };
  }
  const waiting = { reason: delayReasons.deadLettered, since: sentAt };
  const { id, eventHookId, source, events, malformed } = read;
  const delivery = { id, org: read.org, eventHookId, source };
  const work = events.map((event) => writeWork({ event, delivery, rules: null, followUp: false, waiting }, sentAt));
  return { work, delivery, malformed };
}

function readLetter(
  kind: Exclude<DeadLetterMessage["kind"], "retry" | "output" | "unknown">,
  letter: Readonly<Record<string, unknown>>,
  org: string | null,
): Delivery | { readonly reason: string } {
  if (kind === "streamed") return readStreamedEvent(readFailedStream(letter)?.event, org);
  return kind === "refused" ? readRefused(letter) : readMalformed(letter);
}

/** Reads the events of a letter about malformed ones again. */
function readMalformed(letter: Readonly<Record<string, unknown>>): Delivery | { readonly reason: string } {
  const events = Array.isArray(letter.events) ? letter.events : [letter.event];
  const parsed = parseDelivery({ data: { events } });
  if (!parsed.ok) return { reason: describeFaults(parsed.faults) };
  const { deliveryId, org, eventHookId, source } = letter;
  return {
    ...parsed.delivery,
    source: eventSources.find((known) => known === source),
    id: textOrNull(deliveryId),
    org: textOrNull(org),
    eventHookId: textOrNull(eventHookId),
  };
}

/** Reads a refused delivery again, regardless of its content type. */
function readRefused(letter: Readonly<Record<string, unknown>>): Delivery | { readonly reason: string } {
  const { body, bodyEncoding, bodyBytes, bodyCut, receivedAt } = letter;
  if (bodyCut === true) {
    return {
      reason: `its body of ${bodyBytes} bytes did not fit the queue, and was cut: look for its events in Okta's System Log, before ${receivedAt}`,
    };
  }
  const text = String(body);
  const read = readDelivery(bodyEncoding === "base64" ? Buffer.from(text, "base64") : text);
  if (read.ok) return read.delivery;
  return {
    reason: `it is still no delivery: ${[read.reason, read.detail].filter((part) => part !== null).join(": ")}`,
  };
}

function readMessage(message: Message): DeadLetterMessage {
  const { MessageId = "", Body = "", ReceiptHandle = "", Attributes = {} } = message;
  const parsed = parseObject(Body);
  const streamed = readFailedStream(parsed, message.MessageAttributes);
  const output = readFailedOutput(parsed);
  const failed = streamed ?? output;
  const received = streamed?.event.detail ?? (output?.alert ?? parsed).event;
  const event = fieldsOf(received);
  const ours = ownKinds.find((known) => known === parsed.kind) ?? "unknown";
  const kind = streamed !== null ? "streamed" : output !== null ? "output" : ours;
  return {
    id: MessageId,
    kind,
    sentAt: new Date(Number(Attributes.SentTimestamp ?? 0)),
    reason: failed?.reason ?? textOrNull(parsed.reason) ?? "unknown",
    eventUuid: textOrNull(event.uuid),
    eventType: textOrNull(event.eventType),
    body: Body,
    receiptHandle: ReceiptHandle,
  };
}

/**
 * Lambda's record of an event at which its function failed at all tries; it contains the event
 * (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html).
 */
const failedInvocation = z.object({
  requestContext: z.object({ functionArn: z.string(), condition: z.string() }),
  requestPayload: z.unknown(),
  responsePayload: z.object({ errorMessage: z.string() }).partial().nullish(),
});

/** The event of such a record, and why the function failed; null for what is no record of such an event. */
function readFailed<Event>(eventSchema: z.ZodType<Event>, body: unknown) {
  const record = failedInvocation.safeParse(body).data;
  const event = eventSchema.safeParse(record?.requestPayload);
  if (record === undefined || !event.success) return null;
  const { functionArn, condition } = record.requestContext;
  return {
    event: event.data,
    reason: `function ${functionArn} failed: ${record.responsePayload?.errorMessage ?? condition}`,
  };
}

/** The event of a function that publishes to an output. */
const snsEvent = z.object({ Records: z.array(z.object({ Sns: z.object({ Message: z.string() }) })).min(1) });

function readFailedOutput(body: unknown): { readonly alert: Json; readonly reason: string } | null {
  const failed = readFailed(snsEvent, body);
  if (failed === null) return null;
  return { alert: parseObject(failed.event.Records[0]?.Sns.Message ?? ""), reason: `the output ${failed.reason}` };
}

/** An event on a bus that a log stream feeds, with any content. */
const streamedEvent = z.looseObject({
  source: z.string().startsWith(streamSourcePrefix),
  detail: z.unknown(),
});

/** EventBridge's message attributes about an event that it could not deliver; the message is the event. */
const failureAttributes = ["ERROR_CODE", "ERROR_MESSAGE"] as const;

function readFailedStream(
  body: unknown,
  attributes: Message["MessageAttributes"] = {},
): { readonly event: z.infer<typeof streamedEvent>; readonly reason: string } | null {
  const undelivered = streamedEvent.safeParse(body);
  if (undelivered.success) {
    const causes = failureAttributes
      .map((name) => attributes[name]?.StringValue)
      .filter((value) => value !== undefined);
    return {
      event: undelivered.data,
      reason: `EventBridge could not deliver it: ${causes.join(": ") || "without a reason"}`,
    };
  }
  const failed = readFailed(streamedEvent, body);
  return failed === null ? null : { event: failed.event, reason: `the ${failed.reason}` };
}

const parseObject = (text: string): Json => fieldsOf(parseJson(text));

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
