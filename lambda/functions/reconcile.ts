import { createHash } from "node:crypto";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Context } from "aws-lambda";
import { waitingClient } from "../adapters/aws/client.ts";
import { createSavedState } from "../adapters/aws/dynamodb/saved-state.ts";
import { OktaRefusal } from "../adapters/okta-api/authorization.ts";
import { createSystemLogApi } from "../adapters/okta-api/system-log-api.ts";
import { logger } from "../adapters/telemetry/log-observations.ts";
import { createMetrics } from "../adapters/telemetry/metrics.ts";
import { isHookEligible } from "../core/okta/hook-eligible-event-types.ts";
import { findCandidates } from "../core/pipeline/match.ts";
import type { Observation } from "../core/pipeline/observation.ts";
import { processDelivery } from "../core/pipeline/process-delivery.ts";
import { logFilter } from "../core/reconciliation/log-filter.ts";
import { type ReconciliationReport, type ReconciliationState, reconcile } from "../core/reconciliation/reconcile.ts";
import { startBudget, waiting } from "../core/time/budget.ts";
import { readReconcileConfig } from "./config/okta.ts";
import { enabledRules } from "./wiring/enabled-rules.ts";
import { oktaClientOf } from "./wiring/okta-client.ts";
import { createPipelinePorts, startStateKey } from "./wiring/pipeline-ports.ts";

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
const ports = await createPipelinePorts({
  config,
  rules,
  metrics,
  getStateKey: startStateKey(config),
  clients: waitingClient,
  alsoObserve: countMissed,
});
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
        claims: ports.claims,
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
