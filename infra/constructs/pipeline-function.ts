import { type Duration, RemovalPolicy } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Code, Function as LambdaFunction, LoggingFormat, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { Settings } from "../settings.ts";
import type { AlertTopic } from "./alert-topic.ts";
import type { DeadLetterQueue } from "./dead-letter-queue.ts";
import type { ProfileTable } from "./profile-table.ts";
import type { RetryQueue } from "./retry-queue.ts";
import type { StateTable } from "./state-table.ts";

/** What the pipeline works with, in every function that runs it. */
export interface PipelineResources {
  readonly settings: Settings;
  readonly profileTable: ProfileTable;
  readonly stateTable: StateTable;
  readonly alertTopic: AlertTopic;
  readonly retryQueue: RetryQueue;
  readonly deadLetterQueue: DeadLetterQueue;
}

/** How a function that runs the pipeline is set up. */
export interface PipelineFunctionProps extends PipelineResources {
  readonly description: string;
  /** Folder of the built function. */
  readonly code: string;
  readonly timeout: Duration;
  /** @default - none: new accounts have none to spare */
  readonly reservedConcurrency?: number | undefined;
  /** Environment variables beside those of the pipeline. @default - none */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A function that runs the pipeline, with a role that may do what every such function does, and nothing else. */
export class PipelineFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: PipelineFunctionProps) {
    super(scope, id);
    const { settings, profileTable, stateTable, alertTopic, retryQueue, deadLetterQueue } = props;
    const logGroup = new LogGroup(this, "Logs", {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // A role of our own: the managed policy for logging allows to write to every log group of the account.
    const role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    logGroup.grantWrite(role);
    this.function = new LambdaFunction(this, "Function", {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: "index.handler",
      code: Code.fromAsset(props.code),
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      memorySize: settings.memorySizeMb,
      timeout: props.timeout,
      ...(props.reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: props.reservedConcurrency }),
      environment: {
        NODE_OPTIONS: "--enable-source-maps",
        PROFILE_TABLE: profileTable.table.tableName,
        STATE_TABLE: stateTable.table.tableName,
        ALERT_TOPIC_ARN: alertTopic.topic.topicArn,
        RETRY_QUEUE_URL: retryQueue.queue.queueUrl,
        DEAD_LETTER_QUEUE_URL: deadLetterQueue.queue.queueUrl,
        MISMATCH_DISTANCE_KM: String(settings.mismatchDistanceKm),
        EXPERIMENTAL_DETECTIONS: String(settings.experimentalDetections),
        ...props.environment,
      },
    });
    profileTable.grantLookUp(role);
    stateTable.grantClaim(role);
    alertTopic.grantPublish(role);
    retryQueue.grantSend(role);
    this.role = role;
  }
}
