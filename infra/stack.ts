import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { AlertOutput } from "./constructs/alert-output.ts";
import { AlertTopic } from "./constructs/alert-topic.ts";
import { DeadLetterQueue } from "./constructs/dead-letter-queue.ts";
import { ExceptionNotices } from "./constructs/exception-notices.ts";
import { HookSecret } from "./constructs/hook-secret.ts";
import { OktaCredential } from "./constructs/okta-credential.ts";
import type { PipelineResources } from "./constructs/pipeline-function.ts";
import { ProfileRefresh } from "./constructs/profile-refresh.ts";
import { ProfileSync } from "./constructs/profile-sync.ts";
import { ProfileTable } from "./constructs/profile-table.ts";
import { Receiver } from "./constructs/receiver.ts";
import { Redrive } from "./constructs/redrive.ts";
import { RetryQueue } from "./constructs/retry-queue.ts";
import { StateTable } from "./constructs/state-table.ts";
import { readSettings } from "./settings.ts";

/** How the stack is set up. */
export interface OktaProxyWatchStackProps extends StackProps {
  /** Folder that holds a folder for each built function. @default dist */
  readonly code?: string;
}

/** All of okta-proxy-watch. Its settings come from CDK context. */
export class OktaProxyWatchStack extends Stack {
  constructor(scope: Construct, id: string, props: OktaProxyWatchStackProps = {}) {
    super(scope, id, props);
    const settings = readSettings(this.node);

    const code = props.code ?? fileURLToPath(new URL("../dist", import.meta.url));
    const hookSecret = new HookSecret(this, "HookSecret");
    const deadLetterQueue = new DeadLetterQueue(this, "DeadLetters");
    const resources = {
      settings,
      profileTable: new ProfileTable(this, "Profiles"),
      stateTable: new StateTable(this, "State"),
      alertTopic: new AlertTopic(this, "Alerts", { email: settings.alertEmail }),
      retryQueue: new RetryQueue(this, "Retries", { deadLetterQueue }),
      deadLetterQueue,
    };
    const okta = settings.oktaOrgUrl === undefined ? null : this.#bringProfiles(settings.oktaOrgUrl, resources, code);
    const receiver = new Receiver(this, "Receiver", {
      ...resources,
      hookSecret,
      profileRefresh: okta?.refresh ?? null,
      code: join(code, "receiver"),
    });
    new Redrive(this, "Redrive", { ...resources, code: join(code, "redrive") });

    new ExceptionNotices(this, "ExceptionNotices", { ...resources, code: join(code, "notify-exceptions") });
    const topics = settings.outputs.map((output) => {
      const name = `${output[0]?.toUpperCase()}${output.slice(1)}`;
      const { topic } = new AlertOutput(this, `${name}Output`, {
        ...resources,
        output,
        code: join(code, "publish-output"),
      });
      return [`${name}TopicArn`, [topic.topic.topicArn, `The topic of alerts for the output ${output}`]] as const;
    });

    const outputs = {
      HookUrl: [receiver.url.url, "The URL to register as event hook in the Okta admin console"],
      HookSecretArn: [hookSecret.secret.secretArn, "The secret to type in as the event hook's authentication secret"],
      AlertTopicArn: [resources.alertTopic.topic.topicArn, "The topic to subscribe to"],
      ProfileTableName: [resources.profileTable.table.tableName, "The table of users' profile locations"],
      StateTableName: [resources.stateTable.table.tableName, "The table of what is claimed, and how far a sync is"],
      MismatchDistanceKm: [String(settings.mismatchDistanceKm), "The distance over which a location is a mismatch"],
      RetryQueueUrl: [resources.retryQueue.queue.queueUrl, "Where events wait to be tried again"],
      DeadLetterQueueUrl: [deadLetterQueue.queue.queueUrl, "Where events lie that nothing more is tried on"],
      ...Object.fromEntries(topics),
      ...(okta && { OktaCredentialSecretArn: [okta.secretArn, "The secret to put Okta's credential into"] }),
    } as const satisfies Record<string, readonly [string, string]>;
    for (const [name, [value, description]] of Object.entries(outputs))
      new CfnOutput(this, name, { value, description });
  }

  /** What brings profile locations from an org: on a schedule, and when an event says that one has changed. */
  #bringProfiles(orgUrl: string, resources: PipelineResources, code: string) {
    const credential = new OktaCredential(this, "OktaCredential");
    const okta = { ...resources, orgUrl, credential };
    new ProfileSync(this, "ProfileSync", { ...okta, code: join(code, "sync-profiles") });
    const refresh = new ProfileRefresh(this, "ProfileRefresh", { ...okta, code: join(code, "refresh-profiles") });
    return { refresh, secretArn: credential.secret.secretArn };
  }
}
