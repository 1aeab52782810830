import { Stack } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { EncryptedTopic, type EncryptedTopicProps } from "./encrypted-topic.ts";
import { alarms, allowAlarms } from "./encryption.ts";

/**
 * The topic of alarms, for operators. Alarms hold no data of a person, and CloudWatch cannot use the key that AWS
 * manages for SNS, so that the topic is encrypted only by a key of the account.
 */
export class OperationsTopic extends EncryptedTopic {
  constructor(scope: Construct, id: string, props: Omit<EncryptedTopicProps, "displayName">) {
    super(scope, id, { ...props, displayName: "Okta proxy watch operations" }, () => undefined);
    if (props.encryption.key !== undefined) allowAlarms(props.encryption.key);
    // This policy replaces the one that SNS makes, by which the account's alarms could publish.
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
