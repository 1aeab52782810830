import type { Construct } from "constructs";
import { hasDigest } from "../settings.ts";
import type { AlertTopic } from "./alert-topic.ts";
import type { DeadLetterQueue } from "./dead-letter-queue.ts";
import { OwnFunction, type OwnFunctionProps } from "./own-function.ts";
import type { OwnSecret } from "./own-secret.ts";
import type { ProfileTable } from "./profile-table.ts";
import type { RetryQueue } from "./retry-queue.ts";
import type { StateTable } from "./state-table.ts";

/** The resources of every function that runs the pipeline. */
export interface PipelineResources extends Pick<OwnFunctionProps, "settings" | "encryption"> {
  readonly profileTable: ProfileTable;
  readonly stateTable: StateTable;
  readonly stateKey: OwnSecret;
  readonly alertTopic: AlertTopic;
  readonly retryQueue: RetryQueue;
  readonly deadLetterQueue: DeadLetterQueue;
}

interface PipelineFunctionProps extends PipelineResources, Omit<OwnFunctionProps, "environment"> {
  /** Environment variables beside those of the pipeline. @default - none */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A function that runs the pipeline, with the grants that every such function needs. */
export class PipelineFunction extends OwnFunction {
  constructor(scope: Construct, id: string, props: PipelineFunctionProps) {
    const { settings, profileTable, stateTable, stateKey, alertTopic, retryQueue, deadLetterQueue } = props;
    super(scope, id, {
      ...props,
      environment: {
        PROFILE_TABLE: profileTable.table.tableName,
        STATE_TABLE: stateTable.table.tableName,
        STATE_KEY_ARN: stateKey.secret.secretArn,
        ALERT_TOPIC_ARN: alertTopic.topic.topicArn,
        RETRY_QUEUE_URL: retryQueue.queue.queueUrl,
        DEAD_LETTER_QUEUE_URL: deadLetterQueue.queue.queueUrl,
        MISMATCH_DISTANCE_KM: String(settings.mismatchDistanceKm),
        SUPPRESS_MINUTES: String(settings.suppressMinutes),
        STORM_AFTER: String(settings.stormAfter),
        SOURCE_ALERTS_PER_HOUR: String(settings.sourceAlertsPerHour),
        ...(settings.loginDomains.length === 0 ? {} : { LOGIN_DOMAINS: settings.loginDomains.join(",") }),
        ...(settings.mapLinks ? {} : { MAP_LINKS: "false" }),
        EXPERIMENTAL_DETECTIONS: String(settings.experimentalDetections),
        ...(hasDigest(settings) && { DIGEST: "true" }),
        ...(settings.packs.length === 0 ? {} : { DETECTION_PACKS: settings.packs.join(",") }),
        METRICS: settings.metrics,
        ...props.environment,
      },
    });
    profileTable.grantLookUp(this.role);
    stateTable.grantPipeline(this.role);
    stateKey.grantRead(this.role);
    alertTopic.grantPublish(this.role);
    retryQueue.grantSend(this.role);
  }
}
