import { Duration } from "aws-cdk-lib";
import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { maximumAttempts } from "../../lambda/core/pipeline/back-off.ts";
import { redriveTimeoutSeconds, retryVisibilitySeconds } from "../../lambda/core/time/budget.ts";
import type { DeadLetterQueue } from "./dead-letter-queue.ts";
import { OwnQueue, type OwnQueueProps } from "./own-queue.ts";

/** The redrive function's timeout. */
export const redriveTimeout = Duration.seconds(redriveTimeoutSeconds);

/** How the retry queue is set up. */
export interface RetryQueueProps extends Pick<OwnQueueProps, "encryption"> {
  /** Where work goes after the last try. */
  readonly deadLetterQueue: DeadLetterQueue;
}

/** The queue of work that could not be finished in time, and is tried again. */
export class RetryQueue extends OwnQueue {
  constructor(scope: Construct, id: string, { deadLetterQueue, encryption }: RetryQueueProps) {
    super(scope, id, {
      encryption,
      // Six times the function's timeout, as AWS advises: a message does not come back while it is worked on.
      visibilityTimeout: Duration.seconds(retryVisibilitySeconds),
      deadLetterQueue: { queue: deadLetterQueue.queue, maxReceiveCount: maximumAttempts },
    });
  }

  /** Lets take work and set when it comes back. */
  override grantConsume(grantee: IGrantable): Grant {
    return super.grantConsume(grantee, ["sqs:ChangeMessageVisibility"]);
  }
}
