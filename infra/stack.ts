import { fileURLToPath } from "node:url";
import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { AlertTopic } from "./constructs/alert-topic.ts";
import { DeadLetterQueue } from "./constructs/dead-letter-queue.ts";
import { HookSecret } from "./constructs/hook-secret.ts";
import { ProfileTable } from "./constructs/profile-table.ts";
import { Receiver } from "./constructs/receiver.ts";
import { StateTable } from "./constructs/state-table.ts";
import { readSettings } from "./settings.ts";

/** How the stack is set up. */
export interface OktaProxyWatchStackProps extends StackProps {
  /** Folder of the built receiver. @default dist/receiver */
  readonly receiverCode?: string;
}

/** All of okta-proxy-watch. Its settings come from CDK context. */
export class OktaProxyWatchStack extends Stack {
  constructor(scope: Construct, id: string, props: OktaProxyWatchStackProps = {}) {
    super(scope, id, props);
    const settings = readSettings(this.node);

    const profileTable = new ProfileTable(this, "Profiles");
    new StateTable(this, "State");
    const hookSecret = new HookSecret(this, "HookSecret");
    const deadLetterQueue = new DeadLetterQueue(this, "DeadLetters");
    const alertTopic = new AlertTopic(this, "Alerts", { email: settings.alertEmail });
    const receiver = new Receiver(this, "Receiver", {
      settings,
      profileTable,
      alertTopic,
      deadLetterQueue,
      hookSecret,
      code: props.receiverCode ?? fileURLToPath(new URL("../dist/receiver", import.meta.url)),
    });

    const outputs = {
      HookUrl: [receiver.url.url, "The URL to register as event hook in the Okta admin console"],
      HookSecretArn: [hookSecret.secret.secretArn, "The secret to type in as the event hook's authentication secret"],
      AlertTopicArn: [alertTopic.topic.topicArn, "The topic to subscribe to"],
      ProfileTableName: [profileTable.table.tableName, "The table of users' profile locations"],
      DeadLetterQueueUrl: [deadLetterQueue.queue.queueUrl, "Where events lie that could not be judged"],
    } as const;
    for (const [name, [value, description]] of Object.entries(outputs))
      new CfnOutput(this, name, { value, description });
  }
}
