import { Duration } from "aws-cdk-lib";
import { Dashboard, GraphWidget, type IMetric, Row, TextWidget } from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import { ownMetric, type WatchedResources } from "./own-metric.ts";

const period = Duration.minutes(5);
const sum = (name: string) => ownMetric(name, { period, statistic: "Sum", label: name });

/** One dashboard, four rows: is it alive, is it fast, what did it find, what went wrong. */
export class OperationsDashboard extends Construct {
  constructor(scope: Construct, id: string, { receiver, functions, retryQueue, deadLetterQueue }: WatchedResources) {
    super(scope, id);
    const dashboard = new Dashboard(this, "Dashboard", { defaultInterval: Duration.days(1) });
    const graph = (title: string, left: readonly IMetric[], right: readonly IMetric[] = []) =>
      new GraphWidget({ title, left: [...left], right: [...right], width: 12, height: 6 });
    const heading = (markdown: string) => new TextWidget({ markdown: `## ${markdown}`, width: 24, height: 1 });
    const rows = [
      [heading("Is it alive?")],
      [
        graph("Deliveries and events", [sum("Deliveries"), sum("EventsReceived")]),
        graph(
          "Invocations",
          Object.values(functions).map((each) => each.metricInvocations({ period })),
        ),
      ],
      [heading("Is it fast?")],
      [
        graph("The receiver, milliseconds", [
          receiver.metricDuration({ period, statistic: "p50", label: "p50" }),
          receiver.metricDuration({ period, statistic: "p99", label: "p99" }),
        ]),
        graph("From event to alert, milliseconds", [
          ownMetric("AlertLatency", { period, statistic: "p50", label: "p50" }),
          ownMetric("AlertLatency", { period, statistic: "p90", label: "p90" }),
        ]),
      ],
      [heading("What did it find?")],
      [
        graph("Alerts", [sum("AlertsPublished"), sum("AlertsDelayed")], [sum("UnknownLocations")]),
        graph("Not alerted on", [sum("Excepted"), sum("Suppressed"), sum("Duplicates")]),
      ],
      [heading("What went wrong?")],
      [
        graph(
          "Errors, throttles and refusals",
          [
            ...Object.values(functions).map((each) => each.metricErrors({ period })),
            receiver.metricThrottles({ period }),
          ],
          [sum("RefusedRequests")],
        ),
        graph(
          "Waiting and given up",
          [
            sum("WorkParked"),
            sum("EventsFailed"),
            deadLetterQueue.queue.metricApproximateNumberOfMessagesVisible({ period, statistic: "Maximum" }),
          ],
          [retryQueue.queue.metricApproximateAgeOfOldestMessage({ period, statistic: "Maximum" })],
        ),
      ],
    ];
    for (const row of rows) dashboard.addWidgets(new Row(...row));
  }
}
