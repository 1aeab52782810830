import { Duration } from "aws-cdk-lib";
import { ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";

/** How the operations topic is set up. */
export interface OperationsTopicProps {
  /** An address that is subscribed; it has to confirm. @default - nobody is subscribed */
  readonly email?: string | undefined;
}

/** The topic for those who keep it running: alarms, and no alert. Encrypted, and reached over TLS only. */
export class OperationsTopic extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, props: OperationsTopicProps) {
    super(scope, id);
    // A key of its own: nobody can let CloudWatch use the one that AWS manages for SNS.
    const key = new Key(this, "Key", {
      description: "Encrypts alarms of okta-proxy-watch",
      enableKeyRotation: true,
      pendingWindow: Duration.days(7),
    });
    key.grantEncryptDecrypt(new ServicePrincipal("cloudwatch.amazonaws.com"));
    this.topic = new Topic(this, "Topic", {
      displayName: "Okta proxy watch operations",
      masterKey: key,
      enforceSSL: true,
    });
    if (props.email !== undefined) this.topic.addSubscription(new EmailSubscription(props.email));
  }
}
