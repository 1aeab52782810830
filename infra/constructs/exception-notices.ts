import { Duration } from "aws-cdk-lib";
import {
  EventSourceMapping,
  FilterCriteria,
  FilterRule,
  type Function as LambdaFunction,
  StartingPosition,
} from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { exceptionsPrefix } from "../../lambda/adapters/tables/exceptions.ts";
import type { AlertTopic } from "./alert-topic.ts";
import { OwnFunction, type OwnFunctionProps } from "./own-function.ts";
import { ScheduledInvocation } from "./scheduled-invocation.ts";
import type { StateTable } from "./state-table.ts";

interface ExceptionNoticesProps extends Pick<OwnFunctionProps, "settings" | "encryption" | "code"> {
  readonly stateTable: StateTable;
  readonly alertTopic: AlertTopic;
}

/** The function that announces changes of exceptions, as they happen, and, once a day, those that end within a week. */
export class ExceptionNotices extends Construct {
  readonly function: LambdaFunction;
  constructor(scope: Construct, id: string, { stateTable, alertTopic, ...props }: ExceptionNoticesProps) {
    super(scope, id);
    const notices = new OwnFunction(this, "Notices", {
      ...props,
      description: "Announces exceptions that were made, changed or removed, or that end soon",
      timeout: Duration.minutes(5),
      environment: {
        STATE_TABLE: stateTable.table.tableName,
        ALERT_TOPIC_ARN: alertTopic.topic.topicArn,
      },
    });
    this.function = notices.function;
    stateTable.grantNotice(notices.role);
    alertTopic.grantPublish(notices.role);
    stateTable.grantStream(notices.role);
    // Not DynamoEventSource, which would grant more than is used.
    const mapping = new EventSourceMapping(this, "Changes", {
      target: notices.function,
      eventSourceArn: stateTable.streamArn,
      // What is written while the mapping is made is announced, too.
      startingPosition: StartingPosition.TRIM_HORIZON,
      // Lambda invokes the function for the items of exceptions alone, and what it leaves out costs nothing.
      filters: [FilterCriteria.filter({ dynamodb: { Keys: { id: { S: FilterRule.beginsWith(exceptionsPrefix) } } } })],
      batchSize: 10,
    });
    // AWS refuses the mapping before the role may read the stream.
    mapping.node.addDependency(notices.role);
    new ScheduledInvocation(this, "Daily", {
      function: notices.function,
      description: "Announces exceptions that end soon",
      interval: Duration.days(1),
    });
  }
}
