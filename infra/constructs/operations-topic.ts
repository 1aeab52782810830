import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import { EncryptedTopic, type EncryptedTopicProps } from "./encrypted-topic.ts";
import { alarms, allowAlarms } from "./encryption.ts";

/** The topic for those who keep it running: alarms, and no alert. */
export class OperationsTopic extends EncryptedTopic {
  constructor(scope: Construct, id: string, props: Omit<EncryptedTopicProps, "displayName">) {
    super(scope, id, { ...props, displayName: "Okta proxy watch operations" }, makeKey);
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

/** A key of its own: nobody can let CloudWatch use the one that AWS manages for SNS. */
function makeKey(scope: Construct): Key {
  const key = new Key(scope, "Key", {
    description: "Encrypts alarms of okta-proxy-watch",
    enableKeyRotation: true,
    pendingWindow: Duration.days(7),
    // A topic keeps nothing that would have to be read later.
    removalPolicy: RemovalPolicy.DESTROY,
  });
  allowAlarms(key);
  return key;
}
