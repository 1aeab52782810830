import { Duration } from "aws-cdk-lib";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import type { AlertTopic } from "./alert-topic.ts";
import { OwnFunction, type OwnFunctionProps } from "./own-function.ts";
import { ScheduledInvocation } from "./scheduled-invocation.ts";
import type { StateTable } from "./state-table.ts";

/** The properties of the notices. */
export interface ExceptionNoticesProps extends Pick<OwnFunctionProps, "settings" | "encryption" | "code"> {
  readonly stateTable: StateTable;
  readonly alertTopic: AlertTopic;
}

/** The function that reports exceptions that end within a week, once a day. */
export class ExceptionNotices extends Construct {
  readonly function: LambdaFunction;
  constructor(scope: Construct, id: string, { stateTable, alertTopic, ...props }: ExceptionNoticesProps) {
    super(scope, id);
    const notices = new OwnFunction(this, "Notices", {
      ...props,
      description: "Tells of exceptions that end soon",
      timeout: Duration.minutes(5),
      environment: {
        STATE_TABLE: stateTable.table.tableName,
        ALERT_TOPIC_ARN: alertTopic.topic.topicArn,
      },
    });
    this.function = notices.function;
    stateTable.grantNotice(notices.role);
    alertTopic.grantPublish(notices.role);
    new ScheduledInvocation(this, "Daily", {
      function: notices.function,
      description: "Tells of exceptions that end soon",
      interval: Duration.days(1),
    });
  }
}
