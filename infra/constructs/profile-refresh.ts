import { Duration } from "aws-cdk-lib";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { OktaFunction, type OktaFunctionProps } from "./okta-function.ts";
import { OwnQueue } from "./own-queue.ts";

const timeout = Duration.minutes(1);

/** The queue of users whose profiles have changed, and the function that fetches them from Okta. */
export class ProfileRefresh extends Construct {
  readonly refreshes: OwnQueue;
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: Omit<OktaFunctionProps, "description" | "timeout">) {
    super(scope, id);
    this.refreshes = new OwnQueue(this, "Default", {
      encryption: props.encryption,
      // The hourly sync replaces older messages.
      retentionPeriod: Duration.hours(2),
      // Six times the function's timeout, as AWS advises: a message does not return while it is handled.
      visibilityTimeout: Duration.seconds(timeout.toSeconds() * 6),
    });
    const refresh = new OktaFunction(this, "Refresh", {
      ...props,
      description: "Fetches users from Okta whose profiles have changed",
      timeout,
    });
    this.function = refresh.function;
    props.profileTable.grantRefresh(refresh.role);
    // Lambda's least: Okta's rate limit is for the whole org.
    this.refreshes.invoke(this, refresh, 2);
  }
}
