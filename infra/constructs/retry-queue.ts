import { Duration } from "aws-cdk-lib";
import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { maximumAttempts } from "../../lambda/core/pipeline/back-off.ts";
import { redriveTimeoutSeconds, retryVisibilitySeconds } from "../../lambda/core/time/budget.ts";
import type { DeadLetterQueue } from "./dead-letter-queue.ts";
import { OwnQueue, type OwnQueueProps } from "./own-queue.ts";

/** The redrive function's timeout. */
export const redriveTimeout = Duration.seconds(redriveTimeoutSeconds);

interface RetryQueueProps extends Pick<OwnQueueProps, "encryption"> {
  /** The queue for work after the last try. */
  readonly deadLetterQueue: DeadLetterQueue;
}

/** The queue of work that could not be finished in time, and is tried again. */
export class RetryQueue extends OwnQueue {
  constructor(scope: Construct, id: string, { deadLetterQueue, encryption }: RetryQueueProps) {
    super(scope, id, {
      encryption,
      // Six times the function's timeout, as AWS advises: a message does not return while it is handled.
      visibilityTimeout: Duration.seconds(retryVisibilitySeconds),
      deadLetterQueue: { queue: deadLetterQueue.queue, maxReceiveCount: maximumAttempts },
    });
  }

  /** Grants receiving work, and setting when it returns. */
  override grantConsume(grantee: IGrantable): Grant {
    return super.grantConsume(grantee, ["sqs:ChangeMessageVisibility"]);
  }
}
