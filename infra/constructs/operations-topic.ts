import { Duration } from "aws-cdk-lib";
import { ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import { EncryptedTopic, type EncryptedTopicProps } from "./encrypted-topic.ts";

/** The topic for those who keep it running: alarms, and no alert. */
export class OperationsTopic extends EncryptedTopic {
  constructor(scope: Construct, id: string, props: Pick<EncryptedTopicProps, "email">) {
    super(scope, id, { ...props, displayName: "Okta proxy watch operations" }, makeKey);
  }
}

/** A key of its own: nobody can let CloudWatch use the one that AWS manages for SNS. */
function makeKey(scope: Construct): Key {
  const key = new Key(scope, "Key", {
    description: "Encrypts alarms of okta-proxy-watch",
    enableKeyRotation: true,
    pendingWindow: Duration.days(7),
  });
  key.grantEncryptDecrypt(new ServicePrincipal("cloudwatch.amazonaws.com"));
  return key;
}
