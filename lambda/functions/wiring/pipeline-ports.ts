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
import type { Alert } from "../../core/alerts/alert-schema.ts";
import { withoutMapLink } from "../../core/alerts/map-link.ts";
import { toMessage } from "../../core/alerts/message.ts";
import type { PublishMessage } from "../../core/alerts/topic-message.ts";
import { planCorrelations } from "../../core/correlation/correlate.ts";
import type { GroupStore } from "../../core/correlation/group-store.ts";
import type { UserStates } from "../../core/history/user-states.ts";
import type { Incidents } from "../../core/incidents/incidents.ts";
import type { Delivery, MalformedEvent } from "../../core/okta/event-hook.ts";
import type { Claims } from "../../core/pipeline/claims.ts";
import type { RunningCorrelations } from "../../core/pipeline/correlations.ts";
import { toDeadLetters } from "../../core/pipeline/dead-letter.ts";
import type { Observe } from "../../core/pipeline/observation.ts";
import type { LookUp, ParkedWork, PipelinePorts } from "../../core/pipeline/ports.ts";
import { type Work, writeWork } from "../../core/pipeline/work.ts";
import { writeRefresh } from "../../core/profiles/refresh.ts";
import type { SessionStartStore } from "../../core/session-start/session-start-store.ts";
import type { SeverityAdjustment } from "../../core/severity/adjustment.ts";
import { adjustments } from "../../core/severity/adjustments.ts";
import { compileAdjustments } from "../../core/severity/compile-adjustments.ts";
import type { RuleSet } from "../../core/sigma/rule-set.ts";
import type { Sources } from "../../core/storms/sources.ts";
import type { Measure } from "../../core/time/measure.ts";
import type { TrailStore } from "../../core/travel/trail-store.ts";
import type { PipelineConfig } from "../config/pipeline.ts";
import type { EnabledDetections } from "./enabled-detections.ts";

/** Options of {@link AwsPipelinePorts}. */
export interface PipelinePortsOptions {
  readonly config: PipelineConfig;
  readonly rules: RuleSet;
  readonly correlations: RunningCorrelations | null;
  readonly severityAdjustments: readonly SeverityAdjustment[];
  readonly metrics: Metrics;
  /** The key for hashing logins. */
  readonly getStateKey: GetStateKey;
  /** The settings of clients. @default {@link clientDefaults}, for the receiver */
  readonly clients?: ClientSettings;
}

/** The pipeline's ports onto AWS, for every function that works on events. Clients are made on first use. */
export class AwsPipelinePorts implements PipelinePorts {
  readonly rules: RuleSet;
  readonly correlations: RunningCorrelations | null;
  readonly groups: GroupStore;
  readonly trails: TrailStore;
  readonly sessionStarts: SessionStartStore;
  readonly severityAdjustments: readonly SeverityAdjustment[];
  readonly mismatchDistanceKm: number;
  readonly loginDomains: readonly string[];
  readonly suppressMinutes: number;
  readonly stormAfter: number;
  readonly sourceAlertsPerHour: number;
  readonly sources: Sources;
  readonly claims: Claims;
  readonly userStates: UserStates;
  readonly incidents: Incidents;
  readonly lookUp: LookUp;
  readonly refreshProfiles: PipelinePorts["refreshProfiles"];
  readonly countDay: PipelinePorts["countDay"];
  readonly observe: Observe;
  readonly measure: Measure;
  readonly #publish: PublishMessage;
  readonly #mapLinks: boolean;
  readonly #retryQueue: SendMessages;
  readonly #deadLetterQueue: SendMessages;
  readonly #longestDelaySeconds: number;

  constructor(options: PipelinePortsOptions) {
    const { config, rules, correlations, severityAdjustments, metrics, getStateKey } = options;
    const { timing } = config;
    const { clients: settings = timing.answeringClient } = options;
    const getDynamodb = createDynamodb(settings);
    this.rules = rules;
    this.correlations = correlations;
    this.groups = createGroupStore(config.stateTable, getStateKey, getDynamodb);
    this.trails = createTrailStore(config.stateTable, getStateKey, getDynamodb);
    this.sessionStarts = createSessionStartStore(config.stateTable, getStateKey, getDynamodb);
    this.severityAdjustments = severityAdjustments;
    this.mismatchDistanceKm = config.mismatchDistanceKm;
    this.loginDomains = config.loginDomains;
    this.suppressMinutes = config.suppressMinutes;
    this.stormAfter = config.stormAfter;
    this.sourceAlertsPerHour = config.sourceAlertsPerHour;
    this.sources = createSources(config.stateTable, getDynamodb);
    this.claims = createClaims(config.stateTable, getDynamodb);
    this.userStates = createUserStates(config.stateTable, getStateKey, getDynamodb);
    this.incidents = createIncidents(config.stateTable, getStateKey, getDynamodb);
    this.lookUp = createLookUp(
      config.profileTable,
      config.stateTable,
      getStateKey,
      getDynamodb,
      timing.watchingPatience,
    );
    this.refreshProfiles =
      config.refreshQueueUrl === null ? null : refreshesBy(createQueue(config.refreshQueueUrl, { settings }));
    this.countDay = config.countsForDigest ? createCountDay(config.stateTable, getDynamodb) : null;
    this.observe = createObserver(metrics);
    this.measure = metrics.measure;
    this.#longestDelaySeconds = timing.longestDelaySeconds;
    this.#mapLinks = config.mapLinks;
    this.#publish = createTopic(config.alertTopicArn, { settings });
    this.#retryQueue = createQueue(config.retryQueueUrl, { settings });
    this.#deadLetterQueue = createQueue(config.deadLetterQueueUrl, { settings });
  }

  // Fields and not methods: a function may copy its ports, to change one of them.
  readonly now = (): Date => new Date();

  readonly publish = (alert: Alert, signal: AbortSignal): Promise<void> =>
    this.#publish(toMessage(this.#mapLinks ? alert : withoutMapLink(alert)), signal);

  readonly parkWork = (work: readonly ParkedWork[], signal: AbortSignal): Promise<void> => {
    const messages = work.map((each) => ({
      body: writeWork(each.work, this.now()),
      delaySeconds: Math.min(each.delaySeconds, this.#longestDelaySeconds),
    }));
    return this.#retryQueue(messages, signal);
  };

  readonly deadLetterWork = (work: Work, reason: string, signal: AbortSignal): Promise<void> =>
    this.#deadLetterQueue([{ body: writeWork(work, this.now(), reason) }], signal);

  readonly parkMalformed = (
    events: readonly MalformedEvent[],
    delivery: Delivery,
    signal: AbortSignal,
  ): Promise<void> => {
    const bodies = toDeadLetters(events, delivery, this.now());
    return this.#deadLetterQueue(
      bodies.map((body) => ({ body })),
      signal,
    );
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

/** Makes the ports, with the deployed adjustments of severity. */
export async function createPipelinePorts({
  detections: { rules, correlations, silent },
  ...options
}: Omit<PipelinePortsOptions, "severityAdjustments" | "rules" | "correlations"> & {
  readonly detections: EnabledDetections;
}): Promise<PipelinePorts> {
  return new AwsPipelinePorts({
    ...options,
    rules,
    correlations: correlations.length === 0 ? null : { plan: planCorrelations(correlations), silent },
    severityAdjustments: await compileAdjustments(adjustments),
  });
}
