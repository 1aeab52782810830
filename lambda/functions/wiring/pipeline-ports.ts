import type { ClientSettings } from "../../adapters/aws/client.ts";
import { createDynamodb } from "../../adapters/aws/dynamodb/client.ts";
import { createQueue, type SendMessages } from "../../adapters/aws/queue.ts";
import { createTopic } from "../../adapters/aws/topic.ts";
import { createClaims } from "../../adapters/tables/claims.ts";
import { createCountDay } from "../../adapters/tables/day-counts.ts";
import { createGroupStore } from "../../adapters/tables/group-states.ts";
import { createIncidents } from "../../adapters/tables/incidents.ts";
import { createLookUp } from "../../adapters/tables/look-up.ts";
import { createSessionStartStore } from "../../adapters/tables/session-starts.ts";
import { createSources } from "../../adapters/tables/sources.ts";
import type { GetStateKey } from "../../adapters/tables/state-key.ts";
import { createTrailStore } from "../../adapters/tables/trails.ts";
import { createUserStates } from "../../adapters/tables/user-states.ts";
import { createObserver } from "../../adapters/telemetry/log-observations.ts";
import type { Metrics } from "../../adapters/telemetry/metrics.ts";
import { withoutMapLink } from "../../core/alerts/map-link.ts";
import { toMessage } from "../../core/alerts/message.ts";
import { planCorrelations } from "../../core/correlation/correlate.ts";
import { toDeadLetters } from "../../core/pipeline/dead-letter.ts";
import type { PipelinePorts } from "../../core/pipeline/ports.ts";
import { writeWork } from "../../core/pipeline/work.ts";
import { writeRefresh } from "../../core/profiles/refresh.ts";
import { adjustments } from "../../core/severity/adjustments.ts";
import { compileAdjustments } from "../../core/severity/compile-adjustments.ts";
import type { PipelineConfig } from "../config/pipeline.ts";
import type { EnabledDetections } from "./enabled-detections.ts";

/** What the ports need. */
interface PipelinePortsOptions {
  readonly config: PipelineConfig;
  readonly detections: EnabledDetections;
  readonly metrics: Metrics;
  /** The key for hashing logins. */
  readonly getStateKey: GetStateKey;
  /** The settings of clients. @default {@link clientDefaults}, for the receiver */
  readonly clients?: ClientSettings;
}

/**
 * The pipeline's ports onto AWS, with the deployed adjustments of severity, for every function that works on events. Clients are
 * made on first use.
 */
export async function createPipelinePorts({
  config,
  detections: { rules, correlations, silent },
  metrics,
  getStateKey,
  clients: settings = config.timing.answeringClient,
}: PipelinePortsOptions): Promise<PipelinePorts> {
  const { profileTable, stateTable, refreshQueueUrl, timing } = config;
  const { mismatchDistanceKm, loginDomains, suppressMinutes, stormAfter, sourceAlertsPerHour } = config;
  const getDynamodb = createDynamodb(settings);
  const publish = createTopic(config.alertTopicArn, { settings });
  const retryQueue = createQueue(config.retryQueueUrl, { settings });
  const deadLetterQueue = createQueue(config.deadLetterQueueUrl, { settings });
  const now = () => new Date();
  return {
    rules,
    correlations: correlations.length === 0 ? null : { plan: planCorrelations(correlations), silent },
    groups: createGroupStore(stateTable, getStateKey, getDynamodb),
    trails: createTrailStore(stateTable, getStateKey, getDynamodb),
    sessionStarts: createSessionStartStore(stateTable, getStateKey, getDynamodb),
    severityAdjustments: await compileAdjustments(adjustments),
    mismatchDistanceKm,
    loginDomains,
    suppressMinutes,
    stormAfter,
    sourceAlertsPerHour,
    sources: createSources(stateTable, getDynamodb),
    claims: createClaims(stateTable, getDynamodb),
    userStates: createUserStates(stateTable, getStateKey, getDynamodb),
    incidents: createIncidents(stateTable, getStateKey, getDynamodb),
    lookUp: createLookUp(profileTable, stateTable, getStateKey, getDynamodb, timing.watchingPatience),
    refreshProfiles: refreshQueueUrl === null ? null : refreshesBy(createQueue(refreshQueueUrl, { settings })),
    countDay: config.countsForDigest ? createCountDay(stateTable, getDynamodb) : null,
    observe: createObserver(metrics),
    measure: metrics.measure,
    now,
    publish: (alert, signal) => publish(toMessage(config.mapLinks ? alert : withoutMapLink(alert)), signal),
    parkWork(work, signal) {
      const messages = work.map((each) => ({
        body: writeWork(each.work, now()),
        delaySeconds: Math.min(each.delaySeconds, timing.longestDelaySeconds),
      }));
      return retryQueue(messages, signal);
    },
    deadLetterWork: (work, reason, signal) => deadLetterQueue([{ body: writeWork(work, now(), reason) }], signal),
    parkMalformed(events, delivery, signal) {
      const bodies = toDeadLetters(events, delivery, now());
      return deadLetterQueue(
        bodies.map((body) => ({ body })),
        signal,
      );
    },
  };
}

/** Requests refreshes of profiles, one message each. */
function refreshesBy(send: SendMessages): NonNullable<PipelinePorts["refreshProfiles"]> {
  return (users, signal) =>
    send(
      users.map((user) => ({ body: writeRefresh(user) })),
      signal,
    );
}
