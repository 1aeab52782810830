import { type Alert, createAlert } from "./alerts/alert.ts";
import { type Candidate, decide, findCandidate, type ProfileLocations, profileKeys } from "./decision.ts";
import type { Delivery, MalformedEvent } from "./okta/event-hook.ts";
import type { LogEvent } from "./okta/log-event.ts";
import type { ProfileStore } from "./profiles/profile-location.ts";
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

async function handleCandidates(
  candidates: readonly Candidate[],
  delivery: Delivery,
  ports: PipelinePorts,
): Promise<Result[]> {
  const locations = await lookUp(candidates, ports);
  const pending = candidates.entries();
  const results: Result[] = [];
  const worker = async () => {
    for (const [index, candidate] of pending) results[index] = await handle(candidate, delivery, locations, ports);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, candidates.length) }, worker));
  return results;
}

async function handle(
  candidate: Candidate,
  delivery: Delivery,
  locations: ProfileLocations | null,
  ports: PipelinePorts,
): Promise<Result> {
  const { event } = candidate;
  const thresholdKm = ports.mismatchDistanceKm;
  try {
    const { judgement, detections, undecided } = decide(candidate, locations, thresholdKm);
    if (detections.length === 0) {
      if (!undecided) return "unmatched";
      throw new Error("whether a detection matches depends on the profile store, which could not be asked");
    }
    const alert = createAlert({ event, delivery, detections, judgement, thresholdKm, detectedAt: ports.now() });
    await ports.publish(alert);
    ports.observe({ kind: "alertPublished", alert });
    return "alerted";
  } catch (error) {
    ports.observe({ kind: "eventFailed", event, error });
    return "failed";
  }
}

/** Null when the store could not be asked. */
async function lookUp(candidates: readonly Candidate[], ports: PipelinePorts): Promise<ProfileLocations | null> {
  const keys = new Set(candidates.flatMap(({ event }) => profileKeys(event)));
  if (keys.size === 0) return new Map();
  try {
    return await ports.profiles.findLocations(keys);
  } catch (error) {
    ports.observe({ kind: "profilesUnavailable", error });
    return null;
  }
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
