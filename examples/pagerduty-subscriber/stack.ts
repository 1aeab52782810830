import { fileURLToPath } from "node:url";
import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import { Runtime } from "aws-cdk-lib/aws-lambda";
import { NodejsFunction } from "aws-cdk-lib/aws-lambda-nodejs";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { SubscriptionFilter, Topic } from "aws-cdk-lib/aws-sns";
import { LambdaSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Queue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";

/** What the example works with. */
export interface PagerDutySubscriberProps extends StackProps {
  /** The output `PagerdutyTopicArn` of okta-proxy-watch. */
  readonly topicArn: string;
}

/** Sends alerts of the output `pagerduty` to PagerDuty: those that got in, and are high or critical. */
export class PagerDutySubscriberStack extends Stack {
  constructor(scope: Construct, id: string, { topicArn, ...props }: PagerDutySubscriberProps) {
    super(scope, id, props);
    // Put the integration key of a service's "Events API V2" integration into it.
    const routingKey = new Secret(this, "RoutingKey");
    const subscriber = new NodejsFunction(this, "Subscriber", {
      entry: fileURLToPath(new URL("index.ts", import.meta.url)),
      runtime: Runtime.NODEJS_24_X,
      timeout: Duration.seconds(30),
      environment: { ROUTING_KEY_SECRET_ARN: routingKey.secretArn },
      deadLetterQueue: new Queue(this, "DeadLetters", { retentionPeriod: Duration.days(14), enforceSSL: true }),
    });
    routingKey.grantRead(subscriber);
    const topic = Topic.fromTopicArn(this, "Alerts", topicArn);
    topic.addSubscription(
      new LambdaSubscription(subscriber, {
        filterPolicy: {
          severity: SubscriptionFilter.stringFilter({ allowlist: ["high", "critical"] }),
          outcome: SubscriptionFilter.stringFilter({ allowlist: ["SUCCESS"] }),
        },
      }),
    );
  }
}
