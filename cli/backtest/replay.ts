import type { Alert } from "../../lambda/core/alerts/alert-schema.ts";
import type { CountedAlert } from "../../lambda/core/alerts/severity.ts";
import { asksForLocation } from "../../lambda/core/detections/enriched-fields.ts";
import type { Exception } from "../../lambda/core/exceptions/exception.ts";
import { type LogEvent, publishedTime } from "../../lambda/core/okta/log-event.ts";
import type { Candidate } from "../../lambda/core/pipeline/match.ts";
import type { PipelinePorts, PipelineSettings, ProfileLocations } from "../../lambda/core/pipeline/ports.ts";
import { type DeliveryReport, processDelivery } from "../../lambda/core/pipeline/process-delivery.ts";
import { retryWork } from "../../lambda/core/pipeline/retry-work.ts";
import type { Work } from "../../lambda/core/pipeline/work.ts";
import type { RuleSet } from "../../lambda/core/sigma/rule-set.ts";
import { answering, type Budget, neverAborts } from "../../lambda/core/time/budget.ts";
import {
  memoryClaims,
  memoryGroups,
  memoryIncidents,
  memorySessionStarts,
  memorySources,
  memoryStates,
  memoryTrails,
  noIncidents,
  pick,
} from "./memory.ts";

/** The deployment that events are replayed through. */
export interface ReplayOptions extends Omit<PipelineSettings, "correlations"> {
  /** The correlations that run. @default null, none */
  readonly correlations?: PipelineSettings["correlations"];
  readonly locations: ProfileLocations;
  readonly exceptions: readonly Exception[];
  /** The org's domain, for the links of alerts; null where it is not known. */
  readonly org: string | null;
  /**
   * Whether alerts name what came before in their incident, which takes 2 kB an alert. Whether they are sent does not depend on it.
   *
   * @default true
   */
  readonly keepsIncidents?: boolean;
  /**
   * Whether alerts have their sentences and what is known of their user, which takes most of an alert's time. Whether they
   * are sent does not depend on it.
   *
   * @default true
   */
  readonly writesWords?: boolean;
  /**
   * Whether alerts are written at all. Otherwise their severity and their geographic verdict alone are known. Whether they are sent does
   * not depend on it.
   *
   * @default true
   */
  readonly writesAlerts?: boolean;
  /** Called now and then with the number of handled events. */
  readonly onProgress: (done: number) => void;
}

/** The result of one event, or a report on a storm or on gathered sign-ins, which holds one of their events. */
export interface Replayed {
  /** Whether it is a report on a storm or on gathered sign-ins. */
  readonly isReport: boolean;
  readonly event: LogEvent;
  readonly result: "alerted" | "suppressed" | "inStorm" | "gathered" | "excepted" | "duplicate" | "failed";
  /** The alert; null where none goes out, and where none is written. */
  readonly alert: Alert | null;
  /** What is counted of the alert; null where none goes out. */
  readonly sent: CountedAlert | null;
  /** All exceptions that cover the event, or some of its detections. */
  readonly exceptions: readonly Exception[];
  /** The error that stopped it; null where it was handled. */
  readonly error: unknown;
}

/** Events between two turns of the event loop, which frees memory and shows progress. */
const turnSize = 64;
/** Events between two looks for groups of correlations that are over. */
const sweepAfter = 10_000;

/**
 * Sends events through the pipeline of the functions, one delivery each, with its stores in memory: the code that runs
 * in AWS decides what is alerted on, suppressed, excepted and reported in a storm. The pipeline's clock is each event's
 * `published`, as if Okta delivered it at that moment; suppression and exceptions use that time.
 *
 * @param events in order of time, each with a time
 */
export async function* replay(events: Iterable<LogEvent>, options: ReplayOptions): AsyncGenerator<Replayed> {
  const replayer = createReplayer(options);
  let done = 0;
  for (const event of events) {
    yield* replayer.take(event);
    done += 1;
    if (done % turnSize !== 0) continue;
    options.onProgress(done);
    await new Promise((resolve) => setImmediate(resolve));
  }
  yield* replayer.end();
}

/** Creates a deployment, as {@link replay} runs it: it takes one event after the other. */
export function createReplayer(options: Omit<ReplayOptions, "onProgress">) {
  let now = new Date(0);
  let taken = 0;
  let found: Pick<Replayed, "alert" | "sent" | "exceptions" | "error"> = nothing;
  const withoutQueue = createPorts(
    options,
    () => now,
    (observation) => {
      const { kind } = observation;
      if (kind === "alertPublished" || kind === "stormReported") {
        const { alert } = observation;
        found = { ...found, alert, sent: { severity: alert.severity, geoVerdict: alert.geo.verdict } };
      }
      if (kind === "excepted") found = { ...found, exceptions: observation.by };
      if (kind === "workParked") found = { ...found, error: observation.error ?? observation.reason };
    },
    (sent) => {
      found = { ...found, sent };
    },
  );
  /** Reports on storms and gathered sign-ins on the retry queue, by when they are due. */
  const watchers: { readonly work: Work; readonly due: number }[] = [];
  const parkWork: PipelinePorts["parkWork"] = async (parked) => {
    const due = (delaySeconds: number) => now.getTime() + delaySeconds * 1_000;
    for (const { work, delaySeconds } of parked)
      if (work.storm || work.gathering) watchers.push({ work, due: due(delaySeconds) });
  };
  const ports = { ...withoutQueue, parkWork };
  /** The reports on storms that are due by this time. */
  async function* reportStorms(until: number): AsyncGenerator<Replayed> {
    for (;;) {
      const next = watchers.reduce<(typeof watchers)[number] | null>(
        (first, each) => (each.due <= until && (first === null || each.due < first.due) ? each : first),
        null,
      );
      if (next === null) return;
      watchers.splice(watchers.indexOf(next), 1);
      now = new Date(next.due);
      found = nothing;
      await retryWork(next.work, ports, unlimited);
      if (found.sent !== null) yield { event: next.work.event, result: "alerted", isReport: true, ...found };
    }
  }
  /**
   * Sends the next event through the pipeline; yields its result, behind the reports that are due before it.
   *
   * @param candidates the event, where rules match it. @default found by the rules
   */
  async function* take(event: LogEvent, candidates?: readonly Candidate[]): AsyncGenerator<Replayed> {
    const time = publishedTime(event.published);
    if (watchers.some(({ due }) => due <= time)) yield* reportStorms(time);
    now = new Date(time);
    found = nothing;
    const delivery = { id: null, eventHookId: null, org: options.org, events: [event], malformed: [] };
    const outcome = await processDelivery(delivery, ports, unlimited, candidates);
    const result = resultOf(outcome);
    if (result !== null) yield { event, result, isReport: false, ...found };
    taken += 1;
    if (taken % sweepAfter !== 0) return;
    for (const store of [ports.groups, ports.trails, ports.sessionStarts]) store.forget(time);
  }
  return {
    take,
    /** Yields the reports that are due after the last event. */ end: () => reportStorms(Number.POSITIVE_INFINITY),
  };
}

const nothing = { alert: null, sent: null, exceptions: [], error: null } as const;

/** Null where no rule matches. */
function resultOf(outcome: DeliveryReport): Replayed["result"] | null {
  // There is no queue: parked work counts as failed.
  if (outcome.parked > 0) return "failed";
  if (outcome.published > 0) return "alerted";
  if (outcome.grouped > 0) return "suppressed";
  if (outcome.inStorm > 0) return "inStorm";
  if (outcome.gathered > 0) return "gathered";
  if (outcome.excepted > 0) return "excepted";
  return outcome.duplicate > 0 ? "duplicate" : null;
}

/** No signal aborts, and no step has a timer. */
const none = Number.POSITIVE_INFINITY;
const steps = { lookUp: none, claim: none, open: none, suppress: none, complete: none, refresh: none };
const unlimited: Budget = {
  begin: neverAborts,
  work: neverAborts,
  parking: neverAborts,
  steps,
  lease: answering.lease,
};

/** Ports of the pipeline whose stores are in memory. */
function createPorts(
  {
    correlations = null,
    keepsIncidents = true,
    writesWords = true,
    writesAlerts = true,
    locations,
    exceptions,
    ...settings
  }: Omit<ReplayOptions, "onProgress">,
  now: () => Date,
  observe: PipelinePorts["observe"],
  countAlert: (alert: CountedAlert) => void,
) {
  const userStates = memoryStates();
  const incidents = keepsIncidents ? memoryIncidents() : noIncidents;
  const [groups, trails, sessionStarts] = [memoryGroups(), memoryTrails(), memorySessionStarts()];
  return {
    ...settings,
    correlations,
    writesWords,
    countAlert: writesAlerts ? null : countAlert,
    groups,
    trails,
    sessionStarts,
    lookUp: async ({ keys, users, incidents: ids, groups: asked = [], trails: travellers = [], sessions = [] }) => ({
      locations: pick(locations, keys),
      exceptions: exceptions.filter(({ scope }) => scope.user === undefined || keys.has(scope.user)),
      states: new Map([...users].map((user) => [user, userStates.get(user)])),
      incidents: incidents.find(ids),
      groups: groups.find(asked),
      trails: trails.find(travellers),
      sessionStarts: sessionStarts.find(sessions),
      statesError: null,
    }),
    claims: memoryClaims(now),
    userStates,
    incidents,
    sources: memorySources(),
    publish: async () => {},
    parkWork: async () => {},
    deadLetterWork: async () => {},
    parkMalformed: async () => {},
    refreshProfiles: null,
    countDay: null,
    now,
    observe,
    measure: (_, work) => work(),
  } satisfies PipelinePorts;
}

/**
 * Rules for a replay without profiles: a rule whose outcome depends on the location is not judged, and does not match.
 */
export function withoutLookUps(rules: RuleSet): RuleSet {
  return {
    ...rules,
    match: (event, enrichment) =>
      rules
        .match(event, enrichment)
        .filter(({ truth, compiled: { rule } }) => truth === true || !asksForLocation(rule)),
  };
}
