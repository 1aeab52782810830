import { Duration, Validations } from "aws-cdk-lib";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import { EventSourceMapping, type IFunction } from "aws-cdk-lib/aws-lambda";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { OktaFunction, type OktaFunctionProps } from "./okta-function.ts";

/** What the refresh works with. */
export type ProfileRefreshProps = Omit<OktaFunctionProps, "description" | "timeout">;

const timeout = Duration.minutes(1);

/** The queue of users whose profiles have changed, and the function that fetches them from Okta. */
export class ProfileRefresh extends Construct {
  readonly queue: Queue;
  readonly function: IFunction;

  constructor(scope: Construct, id: string, props: ProfileRefreshProps) {
    super(scope, id);
    this.queue = new Queue(this, "Queue", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // What takes longer comes with the hourly sync.
      retentionPeriod: Duration.hours(2),
      // Six times the function's timeout, as AWS advises: a message does not come back while it is worked on.
      visibilityTimeout: Duration.seconds(timeout.toSeconds() * 6),
    });
    Validations.of(this.queue).acknowledge({
      id: "AwsSolutions-SQS3",
      reason: "A refresh that fails is no loss: the scheduled sync brings the same within the hour.",
    });
    const refresh = new OktaFunction(this, "Refresh", {
      ...props,
      description: "Fetches users from Okta whose profiles have changed",
      timeout,
    });
    this.function = refresh.function;
    props.profileTable.grantRefresh(refresh.role);
    this.#grant(refresh.role, ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]);
    const mapping = new EventSourceMapping(this, "Mapping", {
      target: refresh.function,
      eventSourceArn: this.queue.queueArn,
      batchSize: 10,
      reportBatchItemFailures: true,
      // Okta's rate limit is for the whole org: the least that Lambda takes.
      maxConcurrency: 2,
    });
    // AWS refuses the mapping as long as the role may not read the queue.
    mapping.node.addDependency(refresh.role);
  }

  /** Lets ask for profiles to be refreshed; not read who is. */
  grantSend(grantee: IGrantable): Grant {
    return this.#grant(grantee, ["sqs:SendMessage"]);
  }

  #grant(grantee: IGrantable, actions: string[]): Grant {
    return Grant.addToPrincipal({ grantee, actions, resourceArns: [this.queue.queueArn] });
  }
}
