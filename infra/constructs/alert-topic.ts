import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import { Alias } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import { EncryptedTopic, type EncryptedTopicProps } from "./encrypted-topic.ts";
import type { Encryption } from "./encryption.ts";

/** A topic that alerts are published to. */
export class AlertTopic extends EncryptedTopic {
  readonly #encryption: Encryption;

  constructor(scope: Construct, id: string, props: Omit<EncryptedTopicProps, "displayName">) {
    super(scope, id, { ...props, displayName: "Okta proxy watch" }, (within) =>
      Alias.fromAliasName(within, "SnsKey", "alias/aws/sns"),
    );
    this.#encryption = props.encryption;
  }

  /** Lets publish alerts. The key that AWS manages for SNS needs no grant within the account. */
  grantPublish(grantee: IGrantable): Grant {
    this.#encryption.grant(grantee, "sns write");
    return Grant.addToPrincipal({ grantee, actions: ["sns:Publish"], resourceArns: [this.topic.topicArn] });
  }
}
