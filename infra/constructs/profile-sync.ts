import { Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import { Grant, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Code, Function as LambdaFunction, LoggingFormat, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Schedule, ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import type { Settings } from "../settings.ts";
import type { ProfileTable } from "./profile-table.ts";
import type { StateTable } from "./state-table.ts";

/** What the sync works with. */
export interface ProfileSyncProps {
  readonly settings: Settings;
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  readonly profileTable: ProfileTable;
  readonly stateTable: StateTable;
  /** Folder of the built function. */
  readonly code: string;
}

/** How often it runs: Okta is asked for what changed only, so that it costs a request or two. */
const interval = Duration.hours(1);
/** Lambda's longest. A sync that takes longer goes on in the next run. */
const timeout = Duration.minutes(15);

/** The function that keeps profile locations up to date with Okta's users, and what it is authorized by. */
export class ProfileSync extends Construct {
  /** Filled by hand: a service app's key is made in Okta. */
  readonly credential: Secret;

  constructor(scope: Construct, id: string, props: ProfileSyncProps) {
    super(scope, id);
    const { settings, orgUrl, profileTable, stateTable } = props;
    this.credential = new Secret(this, "Credential", {
      description:
        "What Okta knows the sync of profile locations by: a service app and its private key, or an API token",
    });
    Validations.of(this.credential).acknowledge({
      id: "AwsSolutions-SMG4",
      reason: "Okta holds the other half: a rotation that does not change it there as well would lock the sync out.",
    });
    const logGroup = new LogGroup(this, "Logs", {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    logGroup.grantWrite(role);
    profileTable.grantSync(role);
    stateTable.grantRecordSync(role);
    Grant.addToPrincipal({
      grantee: role,
      actions: ["secretsmanager:GetSecretValue"],
      resourceArns: [this.credential.secretArn],
    });
    const sync = new LambdaFunction(this, "Function", {
      description: "Brings profile locations up to date with Okta's users",
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: "index.handler",
      code: Code.fromAsset(props.code),
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      memorySize: settings.memorySizeMb,
      timeout,
      // What failed goes on an hour later.
      retryAttempts: 0,
      environment: {
        NODE_OPTIONS: "--enable-source-maps",
        PROFILE_TABLE: profileTable.table.tableName,
        STATE_TABLE: stateTable.table.tableName,
        OKTA_ORG_URL: orgUrl,
        OKTA_CREDENTIAL_SECRET_ARN: this.credential.secretArn,
        OKTA_PROFILE_ATTRIBUTES: JSON.stringify(settings.oktaProfileAttributes),
      },
    });
    // Not by LambdaInvoke, which would let it invoke every version of the function as well.
    const schedulerRole = new Role(this, "SchedulerRole", {
      assumedBy: new ServicePrincipal("scheduler.amazonaws.com"),
    });
    Grant.addToPrincipal({
      grantee: schedulerRole,
      actions: ["lambda:InvokeFunction"],
      resourceArns: [sync.functionArn],
    });
    new Schedule(this, "Schedule", {
      description: "Syncs profile locations from Okta",
      schedule: ScheduleExpression.rate(interval),
      target: {
        bind: () => ({ arn: sync.functionArn, role: schedulerRole, retryPolicy: { maximumRetryAttempts: 0 } }),
      },
    });
  }
}
