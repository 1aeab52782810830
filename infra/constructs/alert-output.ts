import { Duration } from "aws-cdk-lib";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { SubscriptionFilter } from "aws-cdk-lib/aws-sns";
import { LambdaSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";
import { AlertTopic } from "./alert-topic.ts";
import type { DeadLetterQueue } from "./dead-letter-queue.ts";
import { OwnFunction, type OwnFunctionProps } from "./own-function.ts";

interface AlertOutputProps extends Pick<OwnFunctionProps, "settings" | "encryption" | "code"> {
  /** The name of a file of `lambda/core/outputs/`. */
  readonly output: string;
  /** The source of the alerts. */
  readonly alertTopic: AlertTopic;
  /** The queue of alerts that could not be rendered or published after all tries. */
  readonly deadLetterQueue: DeadLetterQueue;
}

/** A topic with alerts rendered for one kind of reader, and the function that fills it from the alert topic. */
export class AlertOutput extends Construct {
  readonly function: LambdaFunction;
  readonly topic: AlertTopic;

  constructor(scope: Construct, id: string, { output, alertTopic, deadLetterQueue, ...props }: AlertOutputProps) {
    super(scope, id);
    this.topic = new AlertTopic(this, "Topic", { encryption: props.encryption });
    const publisher = new OwnFunction(this, "Publisher", {
      ...props,
      description: `Renders alerts for the output ${output}`,
      timeout: Duration.seconds(30),
      retryAttempts: 2,
      onFailure: deadLetterQueue,
      environment: { OUTPUT: output, OUTPUT_TOPIC_ARN: this.topic.topic.topicArn },
    });
    this.function = publisher.function;
    this.topic.grantPublish(publisher.role);
    // Only alerts have a severity: outputs do not get notices.
    const filterPolicy = { severity: SubscriptionFilter.existsFilter() };
    alertTopic.topic.addSubscription(new LambdaSubscription(publisher.function, { filterPolicy }));
  }
}
