import { Stack } from "aws-cdk-lib";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { QueryDefinition, QueryString } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { LogKind } from "../../lambda/adapters/telemetry/log-kind.ts";
import { steps } from "../../lambda/core/time/measure.ts";

interface SavedQueriesProps {
  /** All functions of the stack. */
  readonly functions: readonly LambdaFunction[];
}

const fields = ["@timestamp", "level", "kind", "message", "deliveryId", "eventUuid", "ruleIds.0"];

/** A filter for log lines of these kinds. */
function ofKinds(...kinds: readonly LogKind[]): string {
  return `kind in [${kinds.map((kind) => `"${kind}"`).join(", ")}]`;
}

/** The queries by name; each is documented in docs/metrics.md. */
const queries: Readonly<Record<string, ConstructorParameters<typeof QueryString>[0]>> = {
  "Follow a delivery": {
    filterStatements: ['@message like "PUT A DELIVERY ID OR EVENT UUID HERE"'],
    fields: [...fields, "alertId", "reason", "error.message", "@log"],
    sort: "@timestamp asc",
  },
  "What was alerted on": {
    filterStatements: [ofKinds("alertPublished")],
    fields: ["@timestamp", "severity", "userId", "geoVerdict", "eventUuid", "ruleIds.0", "ruleIds.1", "alertId"],
    sort: "@timestamp desc",
  },
  "What correlations fired": {
    filterStatements: [`${ofKinds("alertPublished")} and ispresent(correlationIds.0)`],
    fields: ["@timestamp", "correlationIds.0", "correlationIds.1", "severity", "userId", "eventUuid", "alertId"],
    sort: "@timestamp desc",
  },
  "What was not alerted on": {
    filterStatements: [ofKinds("excepted", "suppressed", "duplicate")],
    fields: [...fields, "userId", "exceptionIds.0"],
    sort: "@timestamp desc",
  },
  "What was parked or lost": {
    filterStatements: [
      ofKinds(
        "workParked",
        "workFailed",
        "workUnreadable",
        "workDropped",
        "workLost",
        "malformedParked",
        "malformedFailed",
        "deliveryRefused",
        "refusedDeliveryLost",
      ),
    ],
    fields: [...fields, "followUp", "count", "attempt", "reason", "error.message"],
    sort: "@timestamp desc",
  },
  "What went wrong": {
    filterStatements: ['level in ["ERROR", "WARN"] or (type = "platform.report" and record.status != "success")'],
    fields: [...fields, "error.message", "record.status", "@log"],
    sort: "@timestamp desc",
  },
  "How long the steps took": {
    filterStatements: ["ispresent(MatchingDuration)"],
    fields: [
      "@timestamp",
      "deliveryId",
      "EventsReceived",
      // One value is a number; a delivery with several matches has a list.
      ...steps.map((step) => `coalesce(${step}Duration, ${step}Duration.0) as ${step}`),
    ],
    sort: "@timestamp desc",
  },
};

/** Queries of the functions' logs, saved in CloudWatch Logs Insights in a folder of the stack's name. */
export class SavedQueries extends Construct {
  constructor(scope: Construct, id: string, { functions }: SavedQueriesProps) {
    super(scope, id);
    for (const [name, query] of Object.entries(queries)) {
      new QueryDefinition(this, name.replaceAll(" ", ""), {
        queryDefinitionName: `${Stack.of(this).stackName}/${name}`,
        queryString: new QueryString({ ...query, limit: 1_000 }),
        logGroups: functions.map(({ logGroup }) => logGroup),
      });
    }
  }
}
