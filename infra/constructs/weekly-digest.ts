import { Duration } from "aws-cdk-lib";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import type { AlertTopic } from "./alert-topic.ts";
import { OwnFunction, type OwnFunctionProps } from "./own-function.ts";
import { ScheduledInvocation } from "./scheduled-invocation.ts";
import type { StateTable } from "./state-table.ts";

interface WeeklyDigestProps extends Pick<OwnFunctionProps, "settings" | "encryption" | "code"> {
  readonly stateTable: StateTable;
  readonly alertTopic: AlertTopic;
}

/** The function that publishes a digest of the last seven days, once a week. */
export class WeeklyDigest extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, { stateTable, alertTopic, ...props }: WeeklyDigestProps) {
    super(scope, id);
    const { digestDay, digestHour } = props.settings;
    const digest = new OwnFunction(this, "Digest", {
      ...props,
      description: "Publishes a digest of the last seven days",
      timeout: Duration.minutes(5),
      environment: {
        STATE_TABLE: stateTable.table.tableName,
        ALERT_TOPIC_ARN: alertTopic.topic.topicArn,
      },
    });
    this.function = digest.function;
    stateTable.grantDigest(digest.role);
    alertTopic.grantPublish(digest.role);
    new ScheduledInvocation(this, "Weekly", {
      function: digest.function,
      description: "Publishes a digest of the last seven days",
      // EventBridge Scheduler names weekdays by their first three letters:
      // https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
      cron: { weekDay: digestDay.slice(0, 3).toUpperCase(), hour: String(digestHour), minute: "0" },
    });
  }
}
