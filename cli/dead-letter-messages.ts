import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import * as z from "zod";
import { parseLogEvent } from "../lambda/okta/log-event.ts";
import { type DelayReason, delayReasons } from "../lambda/retries/delay-reason.ts";
import { writeWork } from "../lambda/retries/work.ts";
import type { Deployment } from "./deployment.ts";

/** A message of the dead-letter queue. */
export interface DeadLetterMessage {
  /** SQS's message id, by which the commands name it. */
  readonly id: string;
  /**
   * `malformed`: an event that could not be judged. `retry`: work that was tried in vain. `output`: an alert that is out, and
   * could not be rendered or published for an output. `unknown`: none of ours.
   */
  readonly kind: "malformed" | "retry" | "output" | "unknown";
  readonly sentAt: Date;
  readonly reason: string;
  readonly eventUuid: string | null;
  readonly eventType: string | null;
  readonly body: string;
  readonly receiptHandle: string;
}

/** Seconds that messages stay with a command: as long as it may take. */
const visibilitySeconds = 600;

/**
 * Takes every message off the queue for a while, and gives back at the end what is not deleted meanwhile.
 *
 * @param visit is told of each message once; true for those that it took care of
 */
export async function visitDeadLetters(
  { sqs, deadLetterQueueUrl: QueueUrl }: Deployment,
  visit: (message: DeadLetterMessage) => Promise<void>,
): Promise<void> {
  const taken = new Map<string, string>();
  try {
    for (;;) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: 1,
          VisibilityTimeout: visibilitySeconds,
          MessageSystemAttributeNames: ["SentTimestamp"],
        }),
      );
      // A receive that waits asks every server of the queue: when it finds nothing, there is nothing.
      if (Messages.length === 0) return;
      for (const message of Messages) {
        const read = readMessage(message);
        const isNew = !taken.has(read.id);
        taken.set(read.id, read.receiptHandle);
        if (isNew) await visit(read);
      }
    }
  } finally {
    // What was deleted is gone, which is no fault here.
    await Promise.allSettled(
      [...taken.values()].map((ReceiptHandle) =>
        sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 })),
      ),
    );
  }
}

/** Removes a message for good. */
export async function deleteDeadLetter({ sqs, deadLetterQueueUrl }: Deployment, message: DeadLetterMessage) {
  await sqs.send(new DeleteMessageCommand({ QueueUrl: deadLetterQueueUrl, ReceiptHandle: message.receiptHandle }));
}

/**
 * Puts a message on the retry queue, where it is tried anew with all its tries.
 *
 * @returns why it cannot be; null when it was
 */
export async function redriveDeadLetter(deployment: Deployment, message: DeadLetterMessage): Promise<string | null> {
  const body = toWork(message);
  if (typeof body !== "string") return body.reason;
  const { sqs, retryQueueUrl } = deployment;
  await sqs.send(new SendMessageCommand({ QueueUrl: retryQueueUrl, MessageBody: body }));
  await deleteDeadLetter(deployment, message);
  return null;
}

/** The message as work. An event that was malformed may be understood by a version that came after. */
function toWork({ kind, body, sentAt, reason }: DeadLetterMessage): string | { readonly reason: string } {
  if (kind === "retry") {
    const reason: DelayReason = delayReasons.deadLettered;
    return JSON.stringify({ ...parseObject(body), reason, unconfirmed: 0, again: true });
  }
  if (kind === "output") {
    return { reason: "it is for an output, whose function has to be invoked again: see the runbook" };
  }
  if (kind === "unknown") return { reason: "it is no message of ours" };
  const { event, deliveryId, org, eventHookId } = JSON.parse(body) as Record<string, unknown>;
  const parsed = parseLogEvent(event);
  if (!parsed.ok) return { reason: `the event is still malformed: ${reason}` };
  const delivery = { id: textOrNull(deliveryId), org: textOrNull(org), eventHookId: textOrNull(eventHookId) };
  const waiting = { reason: delayReasons.deadLettered, since: sentAt };
  return writeWork({ event: parsed.event, delivery, rules: null, followUp: false, waiting }, sentAt);
}

function readMessage({ MessageId = "", Body = "", ReceiptHandle = "", Attributes = {} }: Message): DeadLetterMessage {
  const parsed = parseObject(Body);
  const failed = readFailedOutput(parsed);
  const { event: received } = failed?.alert ?? parsed;
  const event = typeof received === "object" && received !== null ? (received as Record<string, unknown>) : {};
  const ours = parsed.kind === "malformed" || parsed.kind === "retry" ? parsed.kind : "unknown";
  const kind = failed === null ? ours : "output";
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

/** What Lambda sends of an invocation that failed after all tries: here, of a function that publishes to an output. */
const failedInvocation = z.object({
  requestContext: z.object({ functionArn: z.string(), condition: z.string() }),
  requestPayload: z.object({ Records: z.array(z.object({ Sns: z.object({ Message: z.string() }) })).min(1) }),
  responsePayload: z.object({ errorMessage: z.string() }).partial().nullish(),
});

function readFailedOutput(body: unknown): { readonly alert: Record<string, unknown>; readonly reason: string } | null {
  const parsed = failedInvocation.safeParse(body);
  if (!parsed.success) return null;
  const { requestContext, requestPayload, responsePayload } = parsed.data;
  const why = responsePayload?.errorMessage ?? requestContext.condition;
  return {
    alert: parseObject(requestPayload.Records[0]?.Sns.Message ?? ""),
    reason: `the output function ${requestContext.functionArn} failed: ${why}`,
  };
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
