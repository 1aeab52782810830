import { Duration } from "aws-cdk-lib";
import { Grant, type IGrantable, type Role } from "aws-cdk-lib/aws-iam";
import { EventSourceMapping, type IFunction } from "aws-cdk-lib/aws-lambda";
import { Queue, QueueEncryption, type QueueProps } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { queueMessageBytes } from "../../lambda/core/text/message-limits.ts";
import type { Encryption } from "./encryption.ts";

/** The properties of a queue. */
export interface OwnQueueProps extends Pick<QueueProps, "retentionPeriod" | "visibilityTimeout" | "deadLetterQueue"> {
  readonly encryption: Encryption;
}

/**
 * A queue of the stack, encrypted, and reached over TLS only. By default it keeps messages for 14 days, SQS's longest.
 */
export class OwnQueue extends Construct {
  readonly queue: Queue;
  protected readonly encryption: Encryption;

  constructor(scope: Construct, id: string, { encryption, ...props }: OwnQueueProps) {
    super(scope, id);
    this.encryption = encryption;
    const { key } = encryption;
    this.queue = new Queue(this, "Queue", {
      retentionPeriod: Duration.days(14),
      maxMessageSizeBytes: queueMessageBytes,
      enforceSSL: true,
      ...(key
        ? { encryption: QueueEncryption.KMS, encryptionMasterKey: key }
        : { encryption: QueueEncryption.SQS_MANAGED }),
      ...props,
    });
  }

  /** Grants sending messages, not reading them. */
  grantSend(grantee: IGrantable): Grant {
    this.encryption.grant(grantee, "sqs write");
    return this.#grant(grantee, ["sqs:SendMessage"]);
  }

  /** Grants receiving messages, as an event source mapping does, and these further actions. */
  grantConsume(grantee: IGrantable, further: readonly string[] = []): Grant {
    this.encryption.grant(grantee, "sqs read");
    return this.#grant(grantee, ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", ...further]);
  }

  /** Has a function of this construct work on the messages, in batches of ten. */
  invoke(
    scope: Construct,
    { function: target, role }: { readonly function: IFunction; readonly role: Role },
    maxConcurrency: number,
  ): void {
    this.grantConsume(role);
    // Not SqsEventSource, which would grant more than is used.
    const mapping = new EventSourceMapping(scope, "Mapping", {
      target,
      eventSourceArn: this.queue.queueArn,
      batchSize: 10,
      reportBatchItemFailures: true,
      maxConcurrency,
    });
    // AWS refuses the mapping before the role may read the queue.
    mapping.node.addDependency(role);
  }

  #grant(grantee: IGrantable, actions: string[]): Grant {
    return Grant.addToPrincipal({ grantee, actions, resourceArns: [this.queue.queueArn] });
  }
}
