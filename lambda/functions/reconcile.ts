import { createHash } from "node:crypto";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Context } from "aws-lambda";
import { createSavedState } from "../adapters/aws/dynamodb/saved-state.ts";
import { OktaFailure, OktaRefusal } from "../adapters/okta-api/errors.ts";
import { createSystemLogApi } from "../adapters/okta-api/system-log-api.ts";
import { logger } from "../adapters/telemetry/log-observations.ts";
import { createMetrics } from "../adapters/telemetry/metrics.ts";
import { partInCorrelations } from "../core/pipeline/correlations.ts";
import { findCandidates } from "../core/pipeline/match.ts";
import type { PipelinePorts } from "../core/pipeline/ports.ts";
import { processDelivery } from "../core/pipeline/process-delivery.ts";
import { countsAs, isDone } from "../core/reconciliation/count-found.ts";
import { logFilter } from "../core/reconciliation/log-filter.ts";
import type { RestartReason } from "../core/reconciliation/position.ts";
import { type ReconciliationReport, reconcile } from "../core/reconciliation/reconcile.ts";
import { startBudget } from "../core/time/budget.ts";
import { readReconcileConfig } from "./config/okta.ts";
import { oktaClientOf } from "./wiring/okta-client.ts";
import { createWaitingPipeline } from "./wiring/waiting-pipeline.ts";

/**
 * The time for the page in progress before the function's timeout, in milliseconds: a request to Okta may take 15
 * seconds, and fifty events in the pipeline 35.
 */
const marginMilliseconds = 60_000;

const config = readReconcileConfig(process.env);
const metrics = createMetrics(config.metrics);
const pipeline = await createWaitingPipeline(config, metrics);
const { rules } = pipeline;
const filter = logFilter(rules.rules.map(({ rule }) => rule));
const { orgUrl, credentialSecretArn } = config;
const getClient = oktaClientOf({ orgUrl, credentialSecretArn, scopes: ["okta.logs.read"] });
const dynamodb = new DynamoDBClient({});

/**
 * Finds events in Okta's System Log that the event hook did not deliver, and alerts on them. Invoked on a schedule. The
 * next run goes on where this one runs out of time.
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
        refusalOf,
        ...createSavedState(dynamodb, config.stateTable, "reconciliation"),
        filter: filter.expression,
        findCandidates: (events) => findCandidates(events, rules),
        claims: pipeline.claims,
        partOf: (candidate) => partInCorrelations(candidate, pipeline),
        process: async (delivery, candidates, foundAs) => {
          let correlated = 0;
          const counting = countingAs(foundAs, () => {
            correlated += 1;
          });
          const done = await processDelivery(delivery, counting, startBudget(config.timing.waiting), candidates);
          return { ...done, correlated };
        },
        digest: (text) => createHash("sha256").update(text).digest("hex"),
        overlap: config.overlapMinutes * 60_000,
        now: () => new Date(),
      },
      signal,
    );
    logReport(report);
    return report;
  } catch (error) {
    logFailure(error);
    throw error;
  } finally {
    await metrics.publish();
  }
}

/** Okta's refusal of a request. The message begins with the URL, which holds the whole filter. */
function refusalOf(error: unknown): { readonly status: number | null; readonly reason: string } | null {
  if (!(error instanceof OktaRefusal)) return null;
  return { status: error.status, reason: error.finding.replace(/ https?:\/\/\S+/, "") };
}

/** The pipeline, which also counts what it finds. @param onCorrelated called with each event that only correlations are about */
function countingAs(foundAs: Parameters<typeof countsAs>[1], onCorrelated: () => void): PipelinePorts {
  return {
    ...pipeline,
    observe(observation) {
      pipeline.observe(observation);
      const counted = countsAs(observation, foundAs);
      if (counted === "missed") metrics.count("EventsMissed");
      if (counted === "late") metrics.count("EventsLate");
      if (counted === "correlated") metrics.count("CorrelationsReconciled");
      const [event] = observation.subject.events;
      if (event !== undefined && foundAs(event) === "correlated" && isDone(observation)) onCorrelated();
    },
  };
}

/** The events that a start from a time can miss. */
const missedBy: Readonly<Record<RestartReason, string>> = {
  firstRun: "events that Okta persisted before",
  linkLost: "nothing",
  filterChanged: "events of the added event types that Okta persisted before",
  filterRetried: "nothing",
  tooOld: "events that Okta persisted before",
  earlierRelease: "events that Okta persisted late, and before",
  unreadablePosition: "events that Okta persisted before",
};

function logReport(report: ReconciliationReport): void {
  metrics.count("EventsReconciled", report.events);
  metrics.milliseconds("ReconciliationLag", report.lag);
  if (report.finished) metrics.count("ReconciliationsFinished");
  const { restart, unseenBefore, looped, refusedFilter: reason } = report;
  if (restart !== null) {
    const kind = "reconciliationRestarted";
    const missed = missedBy[restart.reason];
    logger.warn("Reconciliation starts from a time, not from the link of its last run", { kind, ...restart, missed });
  }
  if (unseenBefore !== null) {
    const kind = "reconciliationGap";
    logger.error("Reconciliation was off for too long: what the hook missed before this time is not alerted on", {
      kind,
      unseenBefore,
    });
  }
  if (looped) {
    const kind = "systemLogLoops";
    logger.error("A page of the System Log links to one that was read; the next run starts from a time", { kind });
  }
  if (reason !== null) {
    metrics.count("LogFilterRefused");
    const kind = "logFilterRefused";
    logger.error("Okta refuses the filter of the event types: every event is read, which needs more requests", {
      kind,
      reason,
    });
  }
  if (report.missed > 0) logger.warn("The System Log holds events that the event hook did not deliver", { ...report });
  else logger.info(report.finished ? "Reconciled" : "Out of time; the next run goes on", { ...report });
}

/** Logs why the log cannot be read, where Okta fails or refuses. */
function logFailure(error: unknown): void {
  if (!(error instanceof OktaRefusal || error instanceof OktaFailure)) return;
  const kind = "systemLogUnreadable";
  const status = error instanceof OktaRefusal ? error.status : null;
  const { cause = null, remedy = null } = error.diagnosis ?? {};
  logger.error("The System Log cannot be read; the next run tries again", {
    kind,
    status,
    cause,
    remedy,
    reason: error.finding.replace(/ https?:\/\/\S+/, ""),
  });
}
