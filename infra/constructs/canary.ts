import { Duration } from "aws-cdk-lib";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { OwnFunction, type OwnFunctionProps } from "./own-function.ts";
import type { OwnSecret } from "./own-secret.ts";
import { ScheduledInvocation } from "./scheduled-invocation.ts";
import type { StateTable } from "./state-table.ts";

interface CanaryProps extends Pick<OwnFunctionProps, "settings" | "encryption" | "code"> {
  /** The event hook's URL, as it is registered with Okta. */
  readonly hookUrl: string;
  readonly hookSecret: OwnSecret;
  readonly stateTable: StateTable;
}

/** The function that delivers a made-up sign-in once a day, as Okta would, and fails when no alert follows. */
export class Canary extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, { hookUrl, hookSecret, stateTable, ...props }: CanaryProps) {
    super(scope, id);
    const canary = new OwnFunction(this, "Canary", {
      ...props,
      description: "Delivers a test event every day, and fails when no alert follows",
      timeout: Duration.minutes(1),
      // Without retries, one failure raises one alarm.
      retryAttempts: 0,
      environment: {
        HOOK_URL: hookUrl,
        HOOK_SECRET_ARN: hookSecret.secret.secretArn,
        STATE_TABLE: stateTable.table.tableName,
      },
    });
    this.function = canary.function;
    hookSecret.grantRead(canary.role);
    stateTable.grantFindClaim(canary.role);
    new ScheduledInvocation(this, "Daily", {
      function: canary.function,
      description: "Delivers a test event",
      interval: Duration.days(1),
    });
  }
}
