import { type Alert, createAlert } from "./alerts/alert.ts";
import { type GeoJudgement, judgeLocation } from "./geo/mismatch.ts";
import type { Delivery, MalformedEvent } from "./okta/event-hook.ts";
import type { LogEvent } from "./okta/log-event.ts";
import { positiveBehaviors } from "./okta/security-signals.ts";
import type { ProfileLocation, ProfileStore } from "./profiles/profile-location.ts";
import type { CompiledRule } from "./sigma/compile.ts";
import { type Enrichment, UNKNOWN } from "./sigma/field.ts";
import type { RuleSet } from "./sigma/rule-set.ts";

/** What the pipeline needs of the world. */
export interface PipelinePorts {
  readonly rules: RuleSet;
  readonly profiles: ProfileStore;
  /** Publishes one alert; rejects when it cannot be. */
  readonly publish: (alert: Alert) => Promise<void>;
  /** Parks what cannot be judged, where an operator finds it; rejects when any of it cannot be. */
  readonly parkMalformed: (events: readonly MalformedEvent[], delivery: Delivery) => Promise<void>;
  /** A mismatch is farther than this from every profile location, in kilometers. */
  readonly mismatchDistanceKm: number;
  readonly now: () => Date;
  readonly observe: (observation: Observation) => void;
}

/** What is worth a log line or a metric. */
export type Observation =
  | { readonly kind: "alertPublished"; readonly alert: Alert }
  | { readonly kind: "profilesUnavailable"; readonly error: unknown }
  | { readonly kind: "eventFailed"; readonly event: LogEvent; readonly error: unknown }
  | { readonly kind: "malformedParked"; readonly count: number }
  | { readonly kind: "malformedFailed"; readonly count: number; readonly error: unknown };

/** What became of a delivery. Anything but zero `failed` means that it has to be delivered again. */
export interface Outcome {
  readonly received: number;
  readonly alerted: number;
  readonly failed: number;
}

/** Publishing more alerts than this at once gains nothing: it is the SDK's default number of sockets. */
const concurrency = 50;

/**
 * Takes a delivery through all steps: match, look up, judge, alert, park. Nearly every event ends at the first.
 * Never rejects: what could not be done is counted and observed.
 */
export async function processDelivery(delivery: Delivery, ports: PipelinePorts): Promise<Outcome> {
  const candidates = delivery.events.flatMap((event) => findCandidate(event, ports.rules) ?? []);
  const [parked, results] = await Promise.all([
    park(delivery, ports),
    candidates.length === 0 ? [] : handleCandidates(candidates, delivery, ports),
  ]);
  return {
    received: delivery.events.length + delivery.malformed.length,
    alerted: results.filter((result) => result === "alerted").length,
    failed: results.filter((result) => result === "failed").length + (parked ? 0 : delivery.malformed.length),
  };
}

type Result = "alerted" | "unmatched" | "failed";

/** An event that rules match, or may match once its user's location is known. */
interface Candidate {
  readonly event: LogEvent;
  readonly rules: readonly CompiledRule[];
}

/**
 * What the pipeline adds to an event for rules to ask for. Of the behaviors that Okta detected, those that occurred:
 * read off the event only when a rule asks.
 *
 * @param geo UNKNOWN as long as the profile store was not asked
 */
function enrich(event: LogEvent, geo: unknown): Enrichment {
  return {
    enrichment: {
      geo,
      get behaviors() {
        return { positive: positiveBehaviors(event) };
      },
    },
  };
}

/** Null when no rule can match the event, whatever is found out about it. */
function findCandidate(event: LogEvent, rules: RuleSet): Candidate | null {
  const outcomes = rules.match(event.received, enrich(event, UNKNOWN));
  return outcomes.length === 0 ? null : { event, rules: outcomes.map(({ compiled }) => compiled) };
}

async function handleCandidates(
  candidates: readonly Candidate[],
  delivery: Delivery,
  ports: PipelinePorts,
): Promise<Result[]> {
  const locations = await lookUp(
    candidates.map(({ event }) => event),
    ports,
  );
  const pending = candidates.entries();
  const results: Result[] = [];
  const worker = async () => {
    for (const [index, candidate] of pending) results[index] = await handle(candidate, delivery, locations, ports);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, candidates.length) }, worker));
  return results;
}

async function handle(
  { event, rules }: Candidate,
  delivery: Delivery,
  locations: ReadonlyMap<string, readonly ProfileLocation[]> | null,
  ports: PipelinePorts,
): Promise<Result> {
  try {
    const judgement = judge(event, locations, ports.mismatchDistanceKm);
    // Without the profile store nobody knows whether there is a mismatch: rules that ask for it stay undecided.
    const geo = locations === null ? UNKNOWN : { verdict: judgement.verdict, mismatch: isMismatch(judgement) };
    const enrichment = enrich(event, geo);
    const truths = rules.map((compiled) => ({ compiled, truth: compiled.evaluate(event.received, enrichment) }));
    const detections = truths
      .filter(({ truth }) => truth === true)
      .map(({ compiled: { rule, explain } }) => ({ rule, matched: explain(event.received, enrichment) }));
    if (detections.length === 0) {
      if (truths.every(({ truth }) => truth === false)) return "unmatched";
      throw new Error("whether a detection matches depends on the profile store, which could not be asked");
    }
    const alert = createAlert({
      event,
      delivery,
      detections,
      judgement,
      thresholdKm: ports.mismatchDistanceKm,
      detectedAt: ports.now(),
    });
    await ports.publish(alert);
    ports.observe({ kind: "alertPublished", alert });
    return "alerted";
  } catch (error) {
    ports.observe({ kind: "eventFailed", event, error });
    return "failed";
  }
}

function judge(
  event: LogEvent,
  locations: ReadonlyMap<string, readonly ProfileLocation[]> | null,
  thresholdKm: number,
): GeoJudgement {
  if (locations === null) {
    return {
      verdict: "unknown",
      reason: "The profile store could not be asked where this user is expected.",
      distanceKm: null,
      nearestProfileLocation: null,
    };
  }
  const known = profileKeys(event).flatMap((key) => locations.get(key) ?? []);
  return judgeLocation(event.fields.client?.geographicalContext ?? null, known, thresholdKm);
}

/** True, false, or null for unknown: what rules find at `enrichment.geo.mismatch`. */
function isMismatch(judgement: GeoJudgement): boolean | null {
  return judgement.verdict === "unknown" ? null : judgement.verdict === "mismatch";
}

/** Null when the store could not be asked. */
async function lookUp(
  events: readonly LogEvent[],
  ports: PipelinePorts,
): Promise<ReadonlyMap<string, readonly ProfileLocation[]> | null> {
  const keys = new Set(events.flatMap(profileKeys));
  if (keys.size === 0) return new Map();
  try {
    return await ports.profiles.findLocations(keys);
  } catch (error) {
    ports.observe({ kind: "profilesUnavailable", error });
    return null;
  }
}

/** DynamoDB takes keys of at most 2,048 bytes; ids and logins are far shorter (a login: 100 characters). */
const maximumKeyLength = 500;

/** The keys of an actor's profile: the user id and the lower-case login. Okta's own actors have none. */
export function profileKeys(event: LogEvent): string[] {
  const { actor } = event.fields;
  if (actor === null || (actor.type !== null && actor.type.toLowerCase() !== "user")) return [];
  const keys = new Set([actor.id, actor.alternateId?.toLowerCase() ?? null]);
  return [...keys].filter(
    (key): key is string => key !== null && key.toLowerCase() !== "unknown" && key.length <= maximumKeyLength,
  );
}

async function park(delivery: Delivery, ports: PipelinePorts): Promise<boolean> {
  const count = delivery.malformed.length;
  if (count === 0) return true;
  try {
    await ports.parkMalformed(delivery.malformed, delivery);
    ports.observe({ kind: "malformedParked", count });
    return true;
  } catch (error) {
    ports.observe({ kind: "malformedFailed", count, error });
    return false;
  }
}
