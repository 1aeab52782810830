import { Stack } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { EncryptedTopic, type EncryptedTopicProps } from "./encrypted-topic.ts";
import { alarms, allowAlarms } from "./encryption.ts";

/**
 * The topic for those who keep it running: alarms, and no alert. They hold no data of a person, and CloudWatch cannot use the
 * key that AWS manages for SNS: so without a key of the account's own it has none.
 */
export class OperationsTopic extends EncryptedTopic {
  constructor(scope: Construct, id: string, props: Omit<EncryptedTopicProps, "displayName">) {
    super(scope, id, { ...props, displayName: "Okta proxy watch operations" }, () => undefined);
    if (props.encryption.key !== undefined) allowAlarms(props.encryption.key);
    // A policy of our own replaces the one that SNS makes, by which the account's alarms could publish.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: "Alarms",
        principals: [alarms.principal],
        actions: ["sns:Publish"],
        resources: [this.topic.topicArn],
        conditions: alarms.conditions(Stack.of(this)),
      }),
    );
  }
}
