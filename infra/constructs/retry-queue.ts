import { Duration } from "aws-cdk-lib";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { maximumAttempts } from "../../lambda/retries/back-off.ts";
import type { DeadLetterQueue } from "./dead-letter-queue.ts";

/** The redrive function's timeout. */
export const redriveTimeout = Duration.seconds(30);

/** How the retry queue is set up. */
export interface RetryQueueProps {
  /** Where work goes after the last try. */
  readonly deadLetterQueue: DeadLetterQueue;
}

/** The queue of work that could not be finished in time, and is tried again. */
export class RetryQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, { deadLetterQueue }: RetryQueueProps) {
    super(scope, id);
    this.queue = new Queue(this, "Queue", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      maxMessageSizeBytes: 1_048_576,
      // Six times the function's timeout, as AWS advises: a message does not come back while it is worked on.
      visibilityTimeout: Duration.seconds(redriveTimeout.toSeconds() * 6),
      deadLetterQueue: { queue: deadLetterQueue.queue, maxReceiveCount: maximumAttempts },
    });
  }

  /** Lets park work; not read it. */
  grantSend(grantee: IGrantable): Grant {
    return this.#grant(grantee, ["sqs:SendMessage"]);
  }

  /** Lets take work and set when it comes back. */
  grantConsume(grantee: IGrantable): Grant {
    return this.#grant(grantee, [
      "sqs:ReceiveMessage",
      "sqs:DeleteMessage",
      "sqs:ChangeMessageVisibility",
      "sqs:GetQueueAttributes",
    ]);
  }

  #grant(grantee: IGrantable, actions: string[]): Grant {
    return Grant.addToPrincipal({ grantee, actions, resourceArns: [this.queue.queueArn] });
  }
}
