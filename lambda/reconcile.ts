import { createHash } from "node:crypto";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Context } from "aws-lambda";
import { waitingClient } from "./aws-client.ts";
import { startBudget, waiting } from "./budget.ts";
import { enabledRules } from "./detections/enabled-rules.ts";
import { createSavedState } from "./dynamodb/saved-state.ts";
import { createMetrics } from "./metrics.ts";
import { isHookEligible } from "./okta/hook-eligible-event-types.ts";
import { OktaRefusal } from "./okta-api/authorization.ts";
import { createSystemLogApi } from "./okta-api/system-log-api.ts";
import { oktaClientOf } from "./okta-client.ts";
import { readReconcileConfig } from "./okta-config.ts";
import { findCandidates } from "./pipeline/match.ts";
import type { Observation } from "./pipeline/observation.ts";
import type { PipelinePorts } from "./pipeline/ports.ts";
import { processDelivery } from "./pipeline/process-delivery.ts";
import { createPipelinePorts, startStateKey } from "./pipeline-ports.ts";
import { logFilter } from "./reconciliation/log-filter.ts";
import { type ReconciliationReport, type ReconciliationState, reconcile } from "./reconciliation/reconcile.ts";
import { logger } from "./telemetry.ts";

/**
 * Kept for the page in progress before the function's timeout, in milliseconds: a request to Okta may take 15 seconds, and the
 * fifty events that go through the pipeline at once 35.
 */
const marginMilliseconds = 60_000;
/** Half of the org's rate limit for its System Log is left to others, a SIEM most of all. */
const rateLimitShare = 0.5;

const config = readReconcileConfig(process.env);
const metrics = createMetrics(config.metrics);
const rules = await enabledRules(config);
const filter = logFilter(rules.rules.map(({ rule }) => rule));
const pipeline = await createPipelinePorts(config, rules, metrics, startStateKey(config), waitingClient);
const ports: PipelinePorts = {
  ...pipeline,
  observe(observation) {
    pipeline.observe(observation);
    countMissed(observation);
  },
};
const { orgUrl, credentialSecretArn } = config;
const getClient = oktaClientOf({ orgUrl, credentialSecretArn, scopes: ["okta.logs.read"], rateLimitShare });
const dynamodb = new DynamoDBClient({});

/**
 * Finds in Okta's System Log what the event hook did not deliver, on a schedule, and alerts on it. What it does not finish in
 * its time the next run goes on with.
 */
export async function handler(
  _event: unknown,
  context: Pick<Context, "getRemainingTimeInMillis">,
): Promise<ReconciliationReport> {
  const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - marginMilliseconds));
  try {
    const report = await reconcile(
      {
        log: createSystemLogApi(await getClient()),
        isStaleLink: (error) => error instanceof OktaRefusal && [400, 404, 410].includes(error.status ?? 0),
        ...createSavedState<ReconciliationState>(dynamodb, config.stateTable, "reconciliation"),
        filter: filter.expression,
        findCandidates: (events) => findCandidates(events, rules),
        claims: pipeline.claims,
        process: (delivery, candidates) =>
          processDelivery(
            delivery,
            ports,
            startBudget(waiting, () => performance.now()),
            candidates,
          ),
        digest: (text) => createHash("sha256").update(text).digest("hex"),
        overlap: config.overlapMinutes * 60_000,
        now: () => new Date(),
      },
      signal,
    );
    tell(report);
    return report;
  } finally {
    await metrics.publish();
  }
}

/** Counts what the hook could have delivered, and did not. */
function countMissed(observation: Observation): void {
  const [event] = observation.subject.events;
  if (event === undefined || !isHookEligible(event.eventType)) return;
  const { kind } = observation;
  const isParked = kind === "workParked" && !observation.followUp;
  const isExcepted = kind === "excepted" && observation.whole;
  if (kind === "alertPublished" || kind === "suppressed" || isParked || isExcepted) metrics.count("EventsMissed");
}

function tell(report: ReconciliationReport): void {
  metrics.count("EventsReconciled", report.events);
  metrics.milliseconds("ReconciliationLag", report.lag);
  if (report.finished) metrics.count("ReconciliationsFinished");
  if (report.unseenBefore !== null) {
    logger.error("Reconciliation was off for too long: what the hook missed before this time is not alerted on", {
      unseenBefore: report.unseenBefore,
    });
  }
  if (report.missed > 0) logger.warn("The System Log holds events that the event hook did not deliver", { ...report });
  else logger.info(report.finished ? "Reconciled" : "Out of time; the next run goes on", { ...report });
}
