import { Duration } from "aws-cdk-lib";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
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

  #grant(grantee: IGrantable, actions: string[]): Grant {
    return Grant.addToPrincipal({ grantee, actions, resourceArns: [this.queue.queueArn] });
  }
}
