import type { IKey } from "aws-cdk-lib/aws-kms";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";
import type { Encryption } from "./encryption.ts";

/** The properties of a topic. */
export interface EncryptedTopicProps {
  /** The sender's name of its e-mails. */
  readonly displayName: string;
  /** An address to subscribe; it has to confirm. @default - no subscription */
  readonly email?: string | undefined;
  readonly encryption: Encryption;
}

/**
 * A topic that is reached over TLS only, and encrypted. Where AWS manages the keys, it uses the key that `makeKey`
 * makes, if any.
 */
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
