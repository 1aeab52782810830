import type { IKey } from "aws-cdk-lib/aws-kms";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";
import type { Encryption } from "./encryption.ts";

/** How a topic is set up. */
export interface EncryptedTopicProps {
  /** What its e-mails come from. */
  readonly displayName: string;
  /** An address that is subscribed; it has to confirm. @default - nobody is subscribed */
  readonly email?: string | undefined;
  readonly encryption: Encryption;
}

/** A topic of ours: reached over TLS only, and encrypted: where AWS manages the keys, by the one that `makeKey` makes, if any. */
export class EncryptedTopic extends Construct {
  readonly topic: Topic;

  constructor(
    scope: Construct,
    id: string,
    props: EncryptedTopicProps,
    makeKey: (scope: Construct) => IKey | undefined,
  ) {
    super(scope, id);
    const { displayName, email, encryption } = props;
    const masterKey = encryption.key ?? makeKey(this);
    this.topic = new Topic(this, "Topic", {
      displayName,
      ...(masterKey && { masterKey }),
      enforceSSL: true,
    });
    if (email !== undefined) this.topic.addSubscription(new EmailSubscription(email));
  }
}
