import type { Construct } from "constructs";
import { EncryptedTopic, type EncryptedTopicProps } from "./encrypted-topic.ts";
import { allowAlarms } from "./encryption.ts";

/**
 * The topic for those who keep it running: alarms, and no alert. They hold no data of a person, and CloudWatch cannot use the
 * key that AWS manages for SNS: so without a key of the account's own it has none.
 */
export class OperationsTopic extends EncryptedTopic {
  constructor(scope: Construct, id: string, props: Omit<EncryptedTopicProps, "displayName">) {
    super(scope, id, { ...props, displayName: "Okta proxy watch operations" }, () => undefined);
    if (props.encryption.key !== undefined) allowAlarms(props.encryption.key);
  }
}
