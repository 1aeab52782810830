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

/** The properties of each function. */
export interface OwnFunctionProps {
  readonly settings: Settings;
  readonly encryption: Encryption;
  readonly description: string;
  /** Folder of the built function. */
  readonly code: string;
  readonly timeout: Duration;
  /** @default - none: new accounts have none to spare */
  readonly reservedConcurrency?: number | undefined;
  /** Retries of a failed asynchronous invocation. @default - Lambda's own, two */
  readonly retryAttempts?: number;
  /** The queue of asynchronous invocations that failed at all tries. @default - none */
  readonly onFailure?: DeadLetterQueue;
  readonly environment: Readonly<Record<string, string>>;
}

/** A function of the stack, with a role that may only write its own log. */
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
    // Its own role: the managed policy for logging allows writing to every log group of the account.
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
      // Lambda's lines about a successful invocation are as long as ours, and add little. Its lines about failures,
      // time-outs and lack of memory are warnings, and stay.
      // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
      systemLogLevelV2: SystemLogLevel.WARN,
      memorySize: settings.memorySizeMb,
      timeout: props.timeout,
      ...(reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: reservedConcurrency }),
      ...(retryAttempts === undefined ? {} : { retryAttempts }),
      // Not SqsDestination, which would grant more than is used.
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
