import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  Architecture,
  Code,
  type FunctionUrl,
  FunctionUrlAuthType,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { Settings } from "../settings.ts";
import type { AlertTopic } from "./alert-topic.ts";
import type { DeadLetterQueue } from "./dead-letter-queue.ts";
import type { HookSecret } from "./hook-secret.ts";
import type { ProfileTable } from "./profile-table.ts";

/** What the receiver works with. */
export interface ReceiverProps {
  readonly settings: Settings;
  readonly profileTable: ProfileTable;
  readonly alertTopic: AlertTopic;
  readonly deadLetterQueue: DeadLetterQueue;
  readonly hookSecret: HookSecret;
  /** Folder of the built function. */
  readonly code: string;
}

/** The function that Okta delivers to, behind the one public thing of the stack: its URL. */
export class Receiver extends Construct {
  readonly function: LambdaFunction;
  readonly url: FunctionUrl;

  constructor(scope: Construct, id: string, props: ReceiverProps) {
    super(scope, id);
    const { settings, profileTable, alertTopic, deadLetterQueue, hookSecret } = props;
    const logGroup = new LogGroup(this, "Logs", {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // A role of our own: the managed policy for logging allows to write to every log group of the account.
    const role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    logGroup.grantWrite(role);
    this.function = new LambdaFunction(this, "Function", {
      description: "Receives Okta's event hook and publishes alerts",
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: "index.handler",
      code: Code.fromAsset(props.code),
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      memorySize: settings.memorySizeMb,
      // Okta waits three seconds; what goes on after that, an alert under way, may still end well.
      timeout: Duration.seconds(10),
      ...(settings.reservedConcurrency === undefined
        ? {}
        : { reservedConcurrentExecutions: settings.reservedConcurrency }),
      environment: {
        NODE_OPTIONS: "--enable-source-maps",
        PROFILE_TABLE: profileTable.table.tableName,
        ALERT_TOPIC_ARN: alertTopic.topic.topicArn,
        DEAD_LETTER_QUEUE_URL: deadLetterQueue.queue.queueUrl,
        HOOK_SECRET_ARN: hookSecret.secret.secretArn,
        MISMATCH_DISTANCE_KM: String(settings.mismatchDistanceKm),
        EXPERIMENTAL_DETECTIONS: String(settings.experimentalDetections),
      },
    });
    profileTable.grantLookUp(role);
    alertTopic.grantPublish(role);
    deadLetterQueue.grantSend(role);
    hookSecret.grantRead(role);
    // Okta signs nothing that IAM knows: the function checks the shared secret itself.
    this.url = this.function.addFunctionUrl({ authType: FunctionUrlAuthType.NONE });
  }
}
