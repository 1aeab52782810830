import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { refreshingEventTypes } from "../lambda/core/profiles/refresh.ts";
import type { Correlation } from "../lambda/core/sigma/correlation.ts";
import type { RuleSet } from "../lambda/core/sigma/rule-set.ts";
import { Alarms } from "./constructs/alarms.ts";
import { AlertOutput } from "./constructs/alert-output.ts";
import { AlertTopic } from "./constructs/alert-topic.ts";
import { Canary } from "./constructs/canary.ts";
import { DeadLetterQueue } from "./constructs/dead-letter-queue.ts";
import { Encryption } from "./constructs/encryption.ts";
import { ExceptionNotices } from "./constructs/exception-notices.ts";
import { LogStream } from "./constructs/log-stream.ts";
import { OperationsDashboard } from "./constructs/operations-dashboard.ts";
import { OperationsTopic } from "./constructs/operations-topic.ts";
import type { WatchedResources } from "./constructs/own-metric.ts";
import { OwnSecret } from "./constructs/own-secret.ts";
import type { PipelineResources } from "./constructs/pipeline-function.ts";
import { ProfileRefresh } from "./constructs/profile-refresh.ts";
import { ProfileSync } from "./constructs/profile-sync.ts";
import { ProfileTable } from "./constructs/profile-table.ts";
import { Receiver } from "./constructs/receiver.ts";
import { Reconciliation } from "./constructs/reconciliation.ts";
import { Redrive } from "./constructs/redrive.ts";
import { RetryQueue } from "./constructs/retry-queue.ts";
import { SavedQueries } from "./constructs/saved-queries.ts";
import { StateTable } from "./constructs/state-table.ts";
import { WeeklyDigest } from "./constructs/weekly-digest.ts";
import { hasDigest, readSettings, type Settings, settingsMetadata } from "./settings.ts";
import { streamPatterns } from "./stream-patterns.ts";

interface OktaProxyWatchStackProps extends StackProps {
  /** Folder that holds a folder for each built function. @default dist */
  readonly code?: string;
  /**
   * The detections that run: the dashboard shows them by name, and their event types select events of the log stream.
   *
   * @default - the dashboard does not show them, and every event of the log stream is received
   */
  readonly detections?: RuleSet;
  /** The correlations that yield detections: the dashboard shows them by name. @default none */
  readonly correlations?: readonly Pick<Correlation, "id" | "title">[];
  /** The ids of rules that yield no detections of their own. @default none */
  readonly silent?: ReadonlySet<string>;
  /** @default - from CDK context */
  readonly settings?: Settings;
}

/** All of okta-proxy-watch. */
export class OktaProxyWatchStack extends Stack {
  constructor(scope: Construct, id: string, props: OktaProxyWatchStackProps = {}) {
    super(scope, id, props);
    const settings = props.settings ?? readSettings(this.node);
    // The next deployment compares with it. CloudFormation updates metadata only together with a resource: a setting
    // that changes no resource does not change the deployed metadata.
    // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/metadata-section-structure.html
    this.addMetadata(settingsMetadata, settings);

    const code = props.code ?? fileURLToPath(new URL("../dist", import.meta.url));
    const encryption = new Encryption(this, "Encryption", { customerManaged: settings.customerManagedKey });
    // `npx okta-proxy-watch hook` or an administrator sets it at Okta.
    const hookSecret = new OwnSecret(this, "HookSecret", {
      encryption,
      description: "What Okta's event hook sends in the Authorization header",
      isGenerated: true,
    });
    const deadLetterQueue = new DeadLetterQueue(this, "DeadLetters", { encryption });
    const resources = {
      settings,
      encryption,
      profileTable: new ProfileTable(this, "Profiles", { encryption }),
      stateTable: new StateTable(this, "State", { encryption }),
      // The keys of logins on the state table are hashed with it, by the functions that judge sessions.
      stateKey: new OwnSecret(this, "StateKey", {
        encryption,
        description: "What logins are hashed with on the state table; a new value forgets what is remembered of users",
        isGenerated: true,
      }),
      alertTopic: new AlertTopic(this, "Alerts", { encryption, email: settings.alertEmail }),
      retryQueue: new RetryQueue(this, "Retries", { encryption, deadLetterQueue }),
      deadLetterQueue,
    };
    const okta = settings.oktaOrgUrl === undefined ? null : this.#askOkta(settings.oktaOrgUrl, resources, code);
    const receiver = new Receiver(this, "Receiver", {
      ...resources,
      hookSecret,
      profileRefresh: okta?.refresh ?? null,
      code: join(code, "receiver"),
    });
    const redrive = new Redrive(this, "Redrive", { ...resources, code: join(code, "redrive") });
    const { eventBusName } = settings;
    const logStream =
      eventBusName === undefined
        ? null
        : new LogStream(this, "LogStream", {
            ...resources,
            eventBusName,
            patterns: streamPatterns(
              props.detections?.rules.map(({ rule }) => rule) ?? null,
              okta === null ? [] : refreshingEventTypes,
            ),
            profileRefresh: okta?.refresh ?? null,
            redrive,
            code: join(code, "stream"),
          });

    const notices = new ExceptionNotices(this, "ExceptionNotices", {
      ...resources,
      code: join(code, "notify-exceptions"),
    });
    const digest = hasDigest(settings)
      ? new WeeklyDigest(this, "WeeklyDigest", { ...resources, code: join(code, "digest") })
      : null;
    const alertOutputs = settings.outputs.map((output) => {
      const name = `${output[0]?.toUpperCase()}${output.slice(1)}`;
      const construct = new AlertOutput(this, `${name}Output`, {
        ...resources,
        output,
        code: join(code, "publish-output"),
      });
      return { name, output, construct };
    });
    const canary = settings.canary
      ? new Canary(this, "Canary", {
          ...resources,
          hookUrl: receiver.url,
          hookSecret,
          code: join(code, "canary"),
        }).function
      : null;
    const topics = alertOutputs.map(
      ({ name, output, construct }) =>
        [`${name}TopicArn`, [construct.topic.topic.topicArn, `The topic of alerts for the output ${output}`]] as const,
    );

    const operationsTopic = new OperationsTopic(this, "Operations", { encryption, email: settings.operationsEmail });
    const watched: WatchedResources = {
      receiver: receiver.function,
      restApi: receiver.restApi,
      functions: {
        Receiver: receiver.function,
        Redrive: redrive.function,
        ExceptionNotices: notices.function,
        ...(digest && { WeeklyDigest: digest.function }),
        ...Object.fromEntries(alertOutputs.map(({ name, construct }) => [`${name}Output`, construct.function])),
        ...(logStream && { LogStream: logStream.function }),
        ...(okta && { ProfileSync: okta.sync.function, ProfileRefresh: okta.refresh.function }),
        ...(okta?.reconciliation && { Reconciliation: okta.reconciliation.function }),
      },
      retryQueue: resources.retryQueue,
      deadLetterQueue,
      sync: okta?.sync.function ?? null,
      reconciles: okta?.reconciliation != null,
      streams: logStream !== null,
      canary,
    };
    new Alarms(this, "Alarms", { ...watched, settings, operationsTopic });
    if (settings.dashboard) {
      const { metrics } = settings;
      new OperationsDashboard(this, "OperationsDashboard", {
        ...watched,
        metrics,
        detections: props.detections ?? null,
        correlations: props.correlations ?? [],
        silent: props.silent ?? new Set(),
      });
    }
    new SavedQueries(this, "SavedQueries", {
      functions: [...Object.values(watched.functions), ...(canary === null ? [] : [canary])],
    });

    const outputs = {
      HookUrl: [receiver.url, "The URL to register as event hook in the Okta admin console"],
      HookSecretArn: [hookSecret.secret.secretArn, "The secret to type in as the event hook's authentication secret"],
      AlertTopicArn: [resources.alertTopic.topic.topicArn, "The topic to subscribe to"],
      OperationsTopicArn: [operationsTopic.topic.topicArn, "The topic of alarms, for those who keep it running"],
      ProfileTableName: [resources.profileTable.table.tableName, "The table of users' profile locations"],
      StateTableName: [resources.stateTable.table.tableName, "The table of what is claimed, and how far a sync is"],
      StateKeyArn: [resources.stateKey.secret.secretArn, "The secret that logins are hashed with on the state table"],
      MismatchDistanceKm: [String(settings.mismatchDistanceKm), "The distance over which a location is a mismatch"],
      RetryQueueUrl: [resources.retryQueue.queue.queueUrl, "Where events wait to be tried again"],
      DeadLetterQueueUrl: [deadLetterQueue.queue.queueUrl, "Where events lie that nothing more is tried on"],
      ...Object.fromEntries(topics),
      ExperimentalDetections: [String(settings.experimentalDetections), "Whether experimental detections run"],
      ...(settings.packs.length > 0 && {
        DetectionPacks: [settings.packs.join(","), "The packs of detections that run"] as const,
      }),
      ...(eventBusName !== undefined && {
        EventBusName: [eventBusName, "The event bus that the org's log stream feeds"] as const,
      }),
      ...(okta && {
        OktaOrgUrl: [okta.orgUrl, "The org whose profiles and System Log are read"],
        OktaCredentialSecretArn: [okta.secretArn, "The secret to put Okta's credential into"],
      }),
    } as const satisfies Record<string, readonly [string, string]>;
    for (const [name, [value, description]] of Object.entries(outputs))
      new CfnOutput(this, name, { value, description });
  }

  /**
   * The functions that read from an org: profile locations, on a schedule and when one has changed; and events that the
   * hook missed.
   */
  #askOkta(orgUrl: string, resources: PipelineResources, code: string) {
    // `npx okta-proxy-watch hook setup` or an administrator fills it.
    const credential = new OwnSecret(this, "OktaCredential", {
      encryption: resources.encryption,
      description: "What Okta knows the functions that ask it by: a service app and its private key, or an API token",
      isGenerated: false,
    });
    const okta = { ...resources, orgUrl, credential };
    const sync = new ProfileSync(this, "ProfileSync", { ...okta, code: join(code, "sync-profiles") });
    const refresh = new ProfileRefresh(this, "ProfileRefresh", { ...okta, code: join(code, "refresh-profiles") });
    const minutes = resources.settings.reconcileMinutes;
    const reconciliation =
      minutes === 0
        ? null
        : new Reconciliation(this, "Reconciliation", { ...okta, minutes, code: join(code, "reconcile") });
    return { orgUrl, sync, refresh, reconciliation, secretArn: credential.secret.secretArn };
  }
}
