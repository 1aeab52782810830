import { Duration } from "aws-cdk-lib";
import { Dashboard, GraphWidget, type IMetric, Row, TextWidget } from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import { isInSet, type MetricSet } from "../../lambda/adapters/telemetry/metric-sets.ts";
import type { Correlation } from "../../lambda/core/sigma/correlation.ts";
import type { RuleSet } from "../../lambda/core/sigma/rule-set.ts";
import { steps } from "../../lambda/core/time/measure.ts";
import { ownMetric, type WatchedResources } from "./own-metric.ts";

const period = Duration.minutes(5);

interface OperationsDashboardProps extends WatchedResources {
  /** The metrics that the functions write. */
  readonly metrics: MetricSet;
  /** The detections that run; null to show none by name. */
  readonly detections: RuleSet | null;
  /** The correlations that yield detections. */
  readonly correlations: readonly Pick<Correlation, "id" | "title">[];
  /** The ids of rules that yield none: they are parts of correlations. */
  readonly silent: ReadonlySet<string>;
}

/** One dashboard, four rows: is it alive, is it fast, what did it find, what went wrong. It shows metrics that are written. */
export class OperationsDashboard extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { metrics, detections, correlations, silent, ...watched }: OperationsDashboardProps,
  ) {
    super(scope, id);
    const { receiver, functions, retryQueue, deadLetterQueue, reconciles, streams } = watched;
    /** A metric of the functions; none where it is not written. */
    const own = (name: string, statistic: string, label: string) =>
      isInSet(name, metrics) ? [ownMetric(this, name, { period, statistic, label })] : [];
    const sum = (name: string, label = name) => own(name, "Sum", label);
    const dashboard = new Dashboard(this, "Dashboard", { defaultInterval: Duration.days(1) });
    const graph = (title: string, left: readonly IMetric[], right: readonly IMetric[] = []) => ({ title, left, right });
    const rows: readonly (readonly [heading: string, graphs: readonly ReturnType<typeof graph>[]])[] = [
      [
        "Is it alive?",
        [
          graph(
            "Deliveries and events",
            [
              ...own("EventsReceived", "SampleCount", "deliveries"),
              ...sum("EventsReceived"),
              ...(streams ? sum("EventsStreamed") : []),
            ],
            [...(detections?.kinds ?? [])].flatMap((type) => sum(`EventsReceived_${type}`, type)),
          ),
          graph(
            "Invocations",
            Object.entries(functions).map(([label, each]) => each.metricInvocations({ period, label })),
          ),
        ],
      ],
      [
        "Is it fast?",
        [
          graph("The receiver, milliseconds", [
            receiver.metricDuration({ period, statistic: "p50", label: "p50" }),
            receiver.metricDuration({ period, statistic: "p99", label: "p99" }),
          ]),
          graph(
            "From event to alert, and its steps, milliseconds",
            [
              ...own("AlertLatency", "p50", "event to alert, p50"),
              ...own("AlertLatency", "p90", "event to alert, p90"),
            ],
            steps.flatMap((step) => own(`${step}Duration`, "p90", `${step}, p90`)),
          ),
        ],
      ],
      [
        "What did it find?",
        [
          graph(
            "Alerts",
            [...sum("AlertsPublished"), ...sum("AlertsDelayed"), ...(reconciles ? sum("EventsMissed") : [])],
            sum("UnknownLocations"),
          ),
          graph("Not alerted on", [...sum("Excepted"), ...sum("Suppressed"), ...sum("Duplicates")]),
          graph(
            "Matches by detection",
            (detections?.rules ?? [])
              .filter(({ rule }) => !silent.has(rule.id))
              .flatMap(({ rule }) => sum(`Matches_${rule.id}`, rule.title)),
          ),
          graph(
            "Firings by correlation",
            correlations.flatMap(({ id, title }) => sum(`Matches_${id}`, title)),
          ),
        ],
      ],
      [
        "What went wrong?",
        [
          graph(
            "Errors, throttles and refusals",
            [
              ...Object.entries(functions).map(([name, each]) =>
                each.metricErrors({ period, label: `errors of ${name}` }),
              ),
              receiver.metricThrottles({ period, label: "the receiver, throttled" }),
            ],
            sum("RefusedRequests"),
          ),
          graph(
            "Waiting and given up",
            [
              ...sum("WorkParked"),
              ...sum("WorkFailed"),
              ...sum("EventsFailed"),
              deadLetterQueue.queue.metricApproximateNumberOfMessagesVisible({
                period,
                statistic: "Maximum",
                label: "dead letters",
              }),
              retryQueue.queue.metricApproximateNumberOfMessagesNotVisible({
                period,
                statistic: "Maximum",
                label: "work in flight and between tries",
              }),
            ],
            own("WorkAge", "Maximum", "seconds that failed work waits"),
          ),
        ],
      ],
    ];
    for (const [heading, all] of rows) {
      const graphs = all.filter(({ left, right }) => left.length + right.length > 0);
      const size = { width: 24 / graphs.length, height: 7 };
      dashboard.addWidgets(
        new TextWidget({ markdown: `## ${heading}`, width: 24, height: 1 }),
        new Row(
          ...graphs.map(
            ({ title, left, right }) => new GraphWidget({ title, left: [...left], right: [...right], ...size }),
          ),
        ),
      );
    }
  }
}
