import { type Duration, Stack } from "aws-cdk-lib";
import type { CronOptions } from "aws-cdk-lib/aws-events";
import { Grant, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { Schedule, ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { Construct } from "constructs";

type ScheduledInvocationProps = {
  readonly function: IFunction;
  readonly description: string;
} & (
  | { readonly interval: Duration }
  /** Times in UTC. */
  | { readonly cron: CronOptions }
);

/** Invokes a function on a schedule, by a role for that alone. */
export class ScheduledInvocation extends Construct {
  constructor(scope: Construct, id: string, props: ScheduledInvocationProps) {
    super(scope, id);
    const { functionArn: arn } = props.function;
    // Not LambdaInvoke, which would grant invoking every version of the function.
    const role = new Role(this, "Role", { assumedBy: schedulerOf(Stack.of(this)) });
    Grant.addToPrincipal({ grantee: role, actions: ["lambda:InvokeFunction"], resourceArns: [arn] });
    new Schedule(this, "Schedule", {
      description: props.description,
      schedule: "cron" in props ? ScheduleExpression.cron(props.cron) : ScheduleExpression.rate(props.interval),
      target: { bind: () => ({ arn, role, retryPolicy: { maximumRetryAttempts: 0 } }) },
    });
  }
}

/**
 * EventBridge Scheduler, for schedules of this account alone. Its source is the group of a schedule; ours are in the
 * default group of every account
 * (https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html).
 */
function schedulerOf(stack: Stack): ServicePrincipal {
  const group = stack.formatArn({ service: "scheduler", resource: "schedule-group", resourceName: "default" });
  return new ServicePrincipal("scheduler.amazonaws.com", {
    conditions: { StringEquals: { "aws:SourceAccount": stack.account, "aws:SourceArn": group } },
  });
}
