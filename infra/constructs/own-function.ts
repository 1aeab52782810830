import { type Duration, RemovalPolicy } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { Settings } from "../settings.ts";
import type { DeadLetterQueue } from "./dead-letter-queue.ts";
import type { Encryption } from "./encryption.ts";
import { serviceName } from "./own-metric.ts";

/** How each function is set up. */
export interface OwnFunctionProps {
  readonly settings: Settings;
  readonly encryption: Encryption;
  readonly description: string;
  /** Folder of the built function. */
  readonly code: string;
  readonly timeout: Duration;
  /** @default - none: new accounts have none to spare */
  readonly reservedConcurrency?: number | undefined;
  /** Tries after an asynchronous invocation that failed. @default - Lambda's own, two */
  readonly retryAttempts?: number;
  /** Where asynchronous invocations go that failed after all tries. @default - nowhere */
  readonly onFailure?: DeadLetterQueue;
  readonly environment: Readonly<Record<string, string>>;
}

/** A function of ours, with a role that may write its own log, and nothing else. */
export class OwnFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: OwnFunctionProps) {
    super(scope, id);
    const { settings, encryption, reservedConcurrency, retryAttempts, onFailure } = props;
    const logGroup = new LogGroup(this, "Logs", {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(encryption.key && { encryptionKey: encryption.key }),
    });
    // A role of our own: the managed policy for logging allows to write to every log group of the account.
    this.role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    logGroup.grantWrite(this.role);
    this.function = new LambdaFunction(this, "Function", {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: "index.handler",
      code: Code.fromAsset(props.code),
      role: this.role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      // Lambda's start and report of an invocation that succeeds are as long as our line of it, and say little more. Those of one
      // that fails, or runs out of time or memory, are warnings, and stay.
      // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
      systemLogLevelV2: SystemLogLevel.WARN,
      memorySize: settings.memorySizeMb,
      timeout: props.timeout,
      ...(reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: reservedConcurrency }),
      ...(retryAttempts === undefined ? {} : { retryAttempts }),
      // Not by SqsDestination, which would grant more than is used.
      ...(onFailure && { onFailure: { bind: () => ({ destination: onFailure.queue.queueArn }) } }),
      environment: {
        NODE_OPTIONS: "--enable-source-maps",
        POWERTOOLS_SERVICE_NAME: serviceName(this),
        ...props.environment,
      },
    });
    onFailure?.grantSend(this.role);
  }
}
