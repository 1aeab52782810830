import { Duration } from "aws-cdk-lib";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { OktaFunction, type OktaFunctionProps } from "./okta-function.ts";
import { ScheduledInvocation } from "./scheduled-invocation.ts";

/** The interval of syncs: a sync asks Okta for changes only, and costs a request or two. */
const interval = Duration.hours(1);

/** The function that updates profile locations from Okta's users, on a schedule. */
export class ProfileSync extends Construct {
  readonly function: LambdaFunction;
  constructor(scope: Construct, id: string, props: Omit<OktaFunctionProps, "description" | "timeout">) {
    super(scope, id);
    const sync = new OktaFunction(this, "Sync", {
      ...props,
      description: "Brings profile locations up to date with Okta's users",
      // Lambda's longest. The next run resumes a sync that timed out or failed.
      timeout: Duration.minutes(15),
      retryAttempts: 0,
    });
    this.function = sync.function;
    props.profileTable.grantSync(sync.role);
    props.stateTable.grantRecordSync(sync.role);
    new ScheduledInvocation(this, "Hourly", {
      function: sync.function,
      description: "Syncs profile locations from Okta",
      interval,
    });
  }
}
