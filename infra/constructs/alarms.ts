import { Duration } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, type IMetric, MathExpression, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import type { Settings } from "../settings.ts";
import type { OperationsTopic } from "./operations-topic.ts";
import { ownMetric, type WatchedResources } from "./own-metric.ts";

interface AlarmsProps extends WatchedResources {
  readonly settings: Settings;
  readonly operationsTopic: OperationsTopic;
}

interface AlarmRule {
  /** The meaning, as the alarm shows it. */
  readonly description: string;
  /** The section of the runbook. @default the alarm's name */
  readonly section?: string;
  readonly metric: IMetric;
  /** @default 1 */
  readonly threshold?: number;
  /** @default greater than or equal to the threshold */
  readonly below?: boolean;
  /** The number of evaluated periods. @default 1 */
  readonly periods?: number;
  /** The number of periods that have to breach. @default all */
  readonly breaching?: number;
  /** Whether missing data breaches. @default missing data does not breach */
  readonly missingIsTrouble?: boolean;
}

const minutes = (count: number) => Duration.minutes(count);

/** The sum of a count of our functions in five minutes. */
const counted = (scope: Construct, name: string) => ownMetric(scope, name, { period: minutes(5), statistic: "Sum" });

/** Each delivery gives `EventsReceived` one value, so that the number of values is the number of deliveries. */
const deliveries = (scope: Construct) =>
  ownMetric(scope, "EventsReceived", { period: Duration.hours(1), statistic: "SampleCount" });

/** The events of the log stream, each of which gives `EventsStreamed` one value. */
const streamed = (scope: Construct) =>
  ownMetric(scope, "EventsStreamed", { period: Duration.hours(1), statistic: "SampleCount" });

/** Deliveries by the hour, where every hour of a Saturday or Sunday (UTC) counts as if it had one. */
const onWorkingDays = (metric: IMetric, id: string) =>
  new MathExpression({
    // DAY has a value for every hour, and IF reads an hour without a delivery as 0.
    expression: `IF(DAY(${id}) < 6, ${id}, 1)`,
    usingMetrics: { [id]: metric },
    period: Duration.hours(1),
  });

/**
 * The hook URL's answers with a 5xx, as its front counts them: those of the receiver, and those of the front when the
 * receiver crashed, timed out or could not be loaded.
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html,
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
 */
const failuresOfFront = ({ receiver, restApi }: WatchedResources) => {
  const options = { period: minutes(5), statistic: "Sum" };
  return restApi === null ? receiver.metric("Url5xxCount", options) : restApi.stage.metricServerError(options);
};

/**
 * By the hour, whether the hook or the log stream brought any event.
 *
 * @param days the days of the week whose hours count, Monday being 1: those below this; hours of other days count as if
 * they had an event
 */
const ofEitherInlet = (scope: Construct, days: 6 | 8) => {
  // As above, hours without an event are 0.
  const hook = `IF(DAY(deliveries) < ${days}, deliveries, 1)`;
  const stream = `IF(DAY(streamed) < ${days}, streamed, 1)`;
  return new MathExpression({
    expression: `IF(${hook}, 1, ${stream})`,
    usingMetrics: { deliveries: deliveries(scope), streamed: streamed(scope) },
    period: Duration.hours(1),
  });
};

/** An alarm on a function that was not invoked for so many hours. */
const overdue = (what: string, of: LambdaFunction, hours: number): AlarmRule => ({
  description: `${what} for ${hours} hours`,
  metric: of.metricInvocations({ period: Duration.hours(1), statistic: "Sum" }),
  below: true,
  periods: hours,
  missingIsTrouble: true,
});

/** Alarms on every failure that prevents alerts, on the operations topic. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const {
      settings,
      receiver,
      functions,
      retryQueue,
      deadLetterQueue,
      operationsTopic,
      sync,
      reconciles,
      streams,
      canary,
    } = props;
    const rules: Record<string, AlarmRule> = {
      DeadLetters: {
        description: "Something lies on the dead-letter queue",
        metric: deadLetterQueue.queue.metricApproximateNumberOfMessagesVisible({
          period: minutes(5),
          statistic: "Maximum",
        }),
      },
      Slow: {
        description: "The receiver comes near Okta's three seconds",
        metric: receiver.metricDuration({ period: minutes(5), statistic: "p99" }),
        threshold: 2_000,
        periods: 2,
      },
      Throttled: {
        description: "The receiver is throttled; Okta never sends again what was throttled",
        metric: receiver.metricThrottles({ period: minutes(5), statistic: "Sum" }),
      },
      Refused: {
        description: "Many requests are refused: a wrong secret, or an attacker who tries",
        metric: counted(this, "RefusedRequests"),
        threshold: 100,
      },
      RequestsFailed: {
        description: "The receiver answered 5xx; Okta delivers once more, and never again",
        metric: counted(this, "RequestsFailed"),
      },
      FrontFailed: {
        description: "The hook's URL answered 5xx; Okta delivers once more, and never again",
        metric: failuresOfFront(props),
      },
      DeliveriesRefused: {
        description: "A delivery was refused although its secret was right; Okta never sends it again",
        metric: counted(this, "DeliveriesRefused"),
      },
      AlertsLate: {
        description: "Alerts come long after their events",
        metric: ownMetric(this, "AlertLatency", { period: minutes(5), statistic: "p90" }),
        threshold: minutes(15).toMilliseconds(),
      },
      // The messages in flight are those that redrive handles, and those that it keeps invisible between two tries.
      // SQS's age of the oldest message excludes messages that were received three times, which all of these soon are.
      Parked: {
        description: "Work waits on the retry queue, and its retries fail",
        metric: retryQueue.queue.metricApproximateNumberOfMessagesNotVisible({
          period: minutes(1),
          statistic: "Maximum",
        }),
        // The queue's numbers are approximate, and a message is visible for a moment between two tries.
        periods: 15,
        breaching: 13,
      },
      RedriveBehind: {
        description: "Work waits on the retry queue, and is not tried: redrive does not run, or cannot keep up",
        // Not the age of the oldest message, which excludes work that was tried three times before redrive stopped.
        metric: retryQueue.queue.metricApproximateNumberOfMessagesVisible({
          period: minutes(1),
          statistic: "Maximum",
        }),
        periods: 15,
        breaching: 13,
      },
      EventsFailed: {
        description: "Events could be neither alerted on nor parked",
        metric: counted(this, "EventsFailed"),
      },
    };
    for (const [name, each] of Object.entries(functions)) {
      rules[`${name}Errors`] = {
        description: `The function ${name} fails`,
        section: "Errors",
        metric: each.metricErrors({ period: minutes(5), statistic: "Sum" }),
      };
    }
    if (settings.heartbeatHours > 0) {
      const { heartbeatHours, heartbeatWorkingDays } = settings;
      const silence = `${heartbeatHours} ${heartbeatWorkingDays ? "hours of working days" : "hours"}`;
      const silent = { below: true, periods: heartbeatHours, missingIsTrouble: true } as const;
      const ofHook = heartbeatWorkingDays ? onWorkingDays(deliveries(this), "deliveries") : deliveries(this);
      const ofStream = heartbeatWorkingDays ? onWorkingDays(streamed(this), "streamed") : streamed(this);
      rules.HeartbeatMissed = streams
        ? {
            description: `Neither the event hook nor the log stream brought anything for ${silence}`,
            metric: ofEitherInlet(this, heartbeatWorkingDays ? 6 : 8),
            ...silent,
          }
        : {
            description: `Okta delivered nothing for ${silence}: the hook is off, its secret was changed, or the daily limit is used up`,
            metric: ofHook,
            ...silent,
          };
      if (streams) {
        rules.StreamHeartbeatMissed = {
          description: `The log stream brought nothing for ${silence}: Okta switches it off when its events are not taken, and not on again`,
          metric: ofStream,
          ...silent,
        };
      }
    }
    if (canary !== null) {
      rules.Canary = {
        description: "No alert followed the daily test delivery",
        metric: canary.metricErrors({ period: minutes(5), statistic: "Sum" }),
      };
      rules.CanaryOverdue = overdue("The daily test delivery was not made", canary, 26);
    }
    if (reconciles) {
      rules.EventsMissed = {
        description:
          "The event hook did not deliver events that alerts are about; they were found in Okta's System Log",
        metric: ownMetric(this, "EventsMissed", { period: Duration.hours(1), statistic: "Sum" }),
        threshold: 5,
      };
      rules.ReconciliationOverdue = {
        description: "Okta's System Log was not read to its end for 2 hours",
        metric: ownMetric(this, "ReconciliationsFinished", { period: Duration.hours(1), statistic: "Sum" }),
        below: true,
        periods: 2,
        missingIsTrouble: true,
      };
    }
    if (sync !== null) rules.SyncOverdue = overdue("Profile locations were not synced", sync, 3);
    const { runbookUrl: runbook = "docs/runbook.md" } = settings;
    for (const [name, rule] of Object.entries(rules)) {
      const {
        description,
        section = name,
        metric,
        threshold = 1,
        below = false,
        periods = 1,
        breaching,
        missingIsTrouble = false,
      } = rule;
      const alarm = new Alarm(this, name, {
        alarmDescription: `${description}. What to do: ${runbook}#${section.toLowerCase()}`,
        metric,
        threshold,
        comparisonOperator: below
          ? ComparisonOperator.LESS_THAN_THRESHOLD
          : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: periods,
        ...(breaching === undefined ? {} : { datapointsToAlarm: breaching }),
        treatMissingData: missingIsTrouble ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      });
      const action = new SnsAction(operationsTopic.topic);
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
    }
  }
}
