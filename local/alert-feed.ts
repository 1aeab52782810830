import { setTimeout } from "node:timers/promises";
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { Alert } from "../lambda/core/alerts/alert-schema.ts";
import { topicMessageBytes } from "../lambda/core/text/message-limits.ts";

/** One alert as a subscriber receives it. */
export interface ReceivedAlert {
  /** The `default` body, parsed. */
  readonly alert: Alert;
  readonly email: string;
  readonly sms: string;
  readonly subject: string;
  readonly attributes: Readonly<Record<string, { readonly Type: string; readonly Value: string }>>;
}

/** Reads a queue that is subscribed to the alert topic. */
export interface AlertFeed {
  /** Every alert delivered so far, oldest first. */
  readonly received: readonly ReceivedAlert[];
  readonly stop: () => Promise<void>;
}

/**
 * Follows the queue.
 *
 * @param endpoint the endpoint of SQS
 * @param onAlert called with every alert
 * @param onNotice called with every message that is no alert: a notice that exceptions end, a digest
 * @param onError called for a message that SNS would have refused, and when the queue cannot be read
 */
export function followAlerts(
  queueUrl: string,
  endpoint: string,
  onAlert: (received: ReceivedAlert) => void,
  onError: (error: unknown) => void,
  onNotice: (received: Pick<ReceivedAlert, "subject" | "email">) => void = () => {},
): AlertFeed {
  const client = new SQSClient({ endpoint, useQueueUrlAsEndpoint: false });
  const stopping = new AbortController();
  const received: ReceivedAlert[] = [];
  const done = (async () => {
    while (!stopping.signal.aborted) {
      try {
        const { Messages = [] } = await client.send(
          new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
          { abortSignal: stopping.signal },
        );
        for (const { Body = "", ReceiptHandle } of Messages) {
          await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
          const alert = readNotification(Body);
          // Notices are on the same topic, for people.
          if (alert.attributes.severity === undefined) {
            onNotice(alert);
            continue;
          }
          received.push(alert);
          onAlert(alert);
        }
      } catch (error) {
        if (stopping.signal.aborted) break;
        onError(error);
        await setTimeout(1_000, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
    client.destroy();
  })();
  return {
    received,
    stop: () => {
      stopping.abort();
      return done;
    },
  };
}

/**
 * Reads an SNS notification, and checks what SNS checks. The embedded SNS accepts subjects and messages that AWS
 * refuses, and delivers the bodies of all protocols where AWS delivers one.
 *
 * @throws Error with the part that SNS would have refused
 */
export function readNotification(body: string): ReceivedAlert {
  const notification = JSON.parse(body) as {
    readonly Subject: string;
    readonly Message: string;
    readonly MessageAttributes?: ReceivedAlert["attributes"];
  };
  const { Subject: subject, Message: message, MessageAttributes: attributes = {} } = notification;
  if (!/^[\x21-\x7e][\x20-\x7e]{0,98}$/.test(subject))
    throw new Error(`SNS refuses this subject: ${JSON.stringify(subject)}`);
  const bytes = Buffer.byteLength(message + subject + JSON.stringify(attributes));
  if (bytes > topicMessageBytes) throw new Error(`SNS refuses a message of ${bytes} bytes`);
  const bodies = JSON.parse(message) as {
    readonly default?: unknown;
    readonly email?: unknown;
    readonly sms?: unknown;
  };
  if (typeof bodies.default !== "string" || typeof bodies.email !== "string") {
    throw new Error("SNS wants a text for the protocol default, and the alert one for email");
  }
  return {
    alert: JSON.parse(bodies.default) as Alert,
    email: bodies.email,
    sms: String(bodies.sms ?? ""),
    subject,
    attributes,
  };
}
