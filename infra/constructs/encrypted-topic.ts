import type { IKey } from "aws-cdk-lib/aws-kms";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";

/** How a topic is set up. */
export interface EncryptedTopicProps {
  /** What its e-mails come from. */
  readonly displayName: string;
  /** An address that is subscribed; it has to confirm. @default - nobody is subscribed */
  readonly email?: string | undefined;
}

/** A topic of ours: encrypted by the key that `makeKey` makes in its scope, and reached over TLS only. */
export class EncryptedTopic extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, props: EncryptedTopicProps, makeKey: (scope: Construct) => IKey) {
    super(scope, id);
    const { displayName, email } = props;
    this.topic = new Topic(this, "Topic", { displayName, masterKey: makeKey(this), enforceSSL: true });
    if (email !== undefined) this.topic.addSubscription(new EmailSubscription(email));
  }
}
