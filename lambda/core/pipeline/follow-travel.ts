import pMap from "p-map";
import { asksForTravel } from "../detections/enriched-fields.ts";
import { UNKNOWN } from "../sigma/field.ts";
import { share, within } from "../time/budget.ts";
import { type Stop, stopOf, travellerOf } from "../travel/stop.ts";
import { emptyTrail, visit } from "../travel/trail.ts";
import type { StoredTrail } from "../travel/trail-store.ts";
import { type ChosenTravel, travelOf } from "../travel/travel.ts";
import type { KnownTravel, Travels } from "./compared.ts";
import type { Candidate } from "./match.ts";
import { subjectOf } from "./observation.ts";
import type { Findings } from "./ports.ts";
import type { MatchedWork, Run } from "./stages.ts";

/** Whether some rule that matches an event, or may match, asks for the person's travel: only then is its place read and kept. */
export function followsTravel({ rules }: Candidate): boolean {
  return rules.some(({ rule }) => asksForTravel(rule));
}

/** Writes of a trail that are lost to others before its events are left undecided. */
const maximumRounds = 8;
/** Trails that are written at once. */
const concurrency = 50;

interface Arrival {
  readonly work: MatchedWork;
  readonly traveller: string;
  readonly stop: Stop;
}

/**
 * Takes the places of a delivery's events into the trails of their persons, each trail by one conditional write, and compares them with
 * the places that arrived before. Never rejects: where a trail cannot be read or written, the travel is unknown.
 *
 * @param lookUp has read the trails
 */
export async function followTravel(
  all: readonly MatchedWork[],
  lookUp: Promise<Findings | null>,
  run: Run,
): Promise<Travels> {
  const following = all.filter(({ candidate }) => followsTravel(candidate));
  if (following.length === 0) return none;
  const { ports } = run;
  const travels = new Map<string, KnownTravel>(following.map(({ work }) => [work.event.uuid, null]));
  const arrivals = following.flatMap((work): Arrival[] => {
    const { event } = work.candidate;
    const [traveller, stop] = [travellerOf(event), stopOf(event, ports.now())];
    return traveller === null || stop === null ? [] : [{ work, traveller, stop }];
  });
  if (arrivals.length === 0) return travels;
  const known = (await lookUp)?.trails ?? null;
  const followOne = async ([traveller, ofPerson]: readonly [string, readonly Arrival[]]) => {
    try {
      if (known === null) throw new TrailsUnreadError("the trails could not be read");
      const found = await advanceTrail(traveller, ofPerson, known.get(traveller) ?? nothing, run);
      for (const [uuid, travel] of found) travels.set(uuid, travel);
    } catch (error) {
      for (const { stop } of ofPerson) travels.set(stop.event, UNKNOWN);
      // The look-up has said so already.
      if (error instanceof TrailsUnreadError) return;
      for (const { work } of ofPerson) {
        ports.observe({ kind: "travelUnknown", subject: subjectOf(work.work), error });
      }
    }
  };
  const ofPersons = [...Map.groupBy(arrivals, ({ traveller }) => traveller)];
  await pMap(ofPersons, followOne, { concurrency });
  return travels;
}

const none: Travels = new Map();
const nothing: StoredTrail = { trail: emptyTrail, version: 0 };

class TrailsUnreadError extends Error {
  override readonly name = "TrailsUnreadError";
}

/** Takes the stops of one person into the trail, in order of time. */
async function advanceTrail(
  traveller: string,
  arrivals: readonly Arrival[],
  before: StoredTrail,
  { ports, budget }: Run,
): Promise<ReadonlyMap<string, ChosenTravel | null>> {
  const inOrder = arrivals.toSorted((one, other) => one.stop.at - other.stop.at);
  const signal = share(budget.work, budget.steps.suppress);
  let stored = before;
  for (let round = 0; round < maximumRounds; round += 1) {
    let { trail } = stored;
    const travels = new Map<string, ChosenTravel | null>();
    for (const { stop } of inOrder) {
      const visited = visit(trail, stop);
      trail = visited.trail;
      travels.set(stop.event, visited.others === null ? null : travelOf(stop, visited.others));
    }
    if (trail === stored.trail) return travels;
    const other = await within(signal, ports.trails.write(traveller, trail, stored.version, signal));
    if (other === null) return travels;
    stored = other;
  }
  throw new Error(`others changed the trail of a person ${maximumRounds} times meanwhile`);
}
