import pMap from "p-map";
import type { Correlation } from "../sigma/correlation.ts";
import { type Advanced, advance } from "./advance.ts";
import {
  type CorrelatedEvent,
  type CorrelationPlan,
  type Firing,
  type GroupMatch,
  type GroupMatches,
  groupKey,
  type InnerGroup,
  innerGroups,
  matchesOf,
  matchesOfCorrelation,
  partKey,
} from "./correlate.ts";
import { type EventNote, emptyGroup, type GroupState } from "./group-state.ts";
import { type ChangedPart, type GroupStore, missingGroup, type StoredGroup } from "./group-store.ts";
import { isIdle } from "./idle.ts";

/** An event that arrives. */
export interface ArrivingEvent extends Omit<CorrelatedEvent, "note"> {
  /** Whether groups keep a step of a chain that has not started, as the start may come after it. @default false */
  readonly isKept?: boolean;
  /** Called where a group keeps the event. */
  readonly note: () => EventNote;
}

/** What the correlations decide about an event. */
export interface DecidedEvent {
  readonly firings: Firing[];
  /** Correlations of which a group could not be read or written, with the error. */
  readonly undecided: Map<Correlation, unknown>;
  /** Correlations in which the event takes no part, as it has no value in a field that they group by or read. */
  readonly without: Set<Correlation>;
  /** Correlations whose group has dropped the event's time already. */
  readonly tooLate: Set<Correlation>;
}

/** Others change a group again and again. */
export class BusyGroupError extends Error {
  override readonly name = "BusyGroupError";
}

/** Writes of a group that are lost to others before the group counts as busy. */
const maximumRounds = 8;
/** Groups that are written at once. */
const concurrency = 50;

/**
 * Takes events into the groups of a store, and on into correlations over correlations. Each group is written once for all of
 * the events and all correlations of the same values, in order of time, and where it changes; once more where a correlation
 * over one of other values takes part.
 *
 * An event that was taken before gives the firings that it gave then, so that a caller that was stopped loses none. A group
 * that cannot be read or written leaves its correlations undecided, for its events alone.
 *
 * @param known groups that are read already, and those that are known to be missing: any other is read
 */
export async function advanceGroups(
  plan: CorrelationPlan,
  events: readonly ArrivingEvent[],
  known: ReadonlyMap<string, StoredGroup | null>,
  store: GroupStore,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, DecidedEvent>> {
  const arriving = new Map(events.map((event) => [event.uuid, event]));
  const decided = new Map<string, DecidedEvent>();
  for (const uuid of arriving.keys()) {
    decided.set(uuid, { firings: [], undecided: new Map(), without: new Set(), tooLate: new Set() });
  }
  /** Groups that are as they were read. */
  const current = new Map(known);
  let pending: Arrival[] = [];
  const add = (by: string, { matches, without }: GroupMatches) => {
    pending.push(...matches.map((each) => ({ ...each, by })));
    for (const each of without) decided.get(by)?.without.add(each);
  };
  for (const [uuid, { note: _, isKept: __, ...event }] of arriving) add(uuid, matchesOf(plan, event));
  for (const stage of plan.stages) {
    if (pending.length === 0) break;
    const ofStage = pending.filter(({ correlation }) => stage.includes(correlation));
    pending = pending.filter(({ correlation }) => !stage.includes(correlation));
    const groups = [...Map.groupBy(ofStage, groupKey)];
    const missing = groups.flatMap(([key]) => (current.has(key) ? [] : [key]));
    // A failure is one of each group that asks for it.
    const reading =
      missing.length === 0 ? Promise.resolve(new Map<string, StoredGroup>()) : store.read(missing, signal);
    await Promise.allSettled([reading]);
    const advanceOne = async ([key, arrivals]: readonly [string, readonly Arrival[]]) => {
      const seen = current.get(key);
      // What another function writes meanwhile, and what this one does, is there to be read in a later stage.
      current.delete(key);
      try {
        const stored = seen === undefined ? (await reading).get(key) : seen;
        const asked = { plan, stage, arrivals, eventOf: (uuid: string) => arriving.get(uuid) };
        for (const { by, correlation, group, inner, advanced, further } of await writeGroup(
          key,
          stored ?? missingGroup,
          asked,
          store,
          signal,
        )) {
          const event = decided.get(by);
          event?.firings.push(...advanced.fired.map((each) => ({ ...each, correlation, group, inner })));
          if (advanced.isTooLate) event?.tooLate.add(correlation);
          add(by, further);
        }
      } catch (error) {
        for (const { by, correlation } of arrivals) decided.get(by)?.undecided.set(correlation, error);
      }
    };
    await pMap(groups, advanceOne, { concurrency });
  }
  return decided;
}

/** A match, and the event on whose arrival it came. */
interface Arrival extends GroupMatch {
  readonly by: string;
}

/** What arrives for a group in one stage. */
interface Arriving {
  readonly plan: CorrelationPlan;
  readonly stage: readonly Correlation[];
  readonly arrivals: readonly Arrival[];
  readonly eventOf: (uuid: string) => ArrivingEvent | undefined;
}

/** What one event does to one correlation's part of a group. */
interface AdvancedPart extends Pick<Arrival, "by" | "correlation" | "group"> {
  readonly inner: ReadonlyMap<string, InnerGroup>;
  readonly advanced: Advanced;
  /** Its matches in correlations of later stages, and those that take no part in any. */
  readonly further: GroupMatches;
}

/** @throws BusyGroupError, and where the store does not answer */
async function writeGroup(
  key: string,
  stored: StoredGroup,
  arriving: Arriving,
  store: GroupStore,
  signal: AbortSignal,
): Promise<readonly AdvancedPart[]> {
  let seen = stored;
  for (let round = 0; round < maximumRounds; round += 1) {
    const { changed, advanced } = advanceParts(seen, arriving);
    if (changed.size === 0) return advanced;
    const other = await store.write(key, { seen, changed }, signal);
    if (other === null) return advanced;
    seen = other;
  }
  const titles = new Set(arriving.arrivals.map(({ correlation }) => `"${correlation.title}"`));
  throw new BusyGroupError(`others changed a group of ${[...titles].join(", ")} ${maximumRounds} times meanwhile`);
}

/** Takes what arrives into the parts of a group, those of inner correlations first. */
function advanceParts({ parts }: StoredGroup, { plan, stage, arrivals, eventOf }: Arriving) {
  const changed = new Map<string, ChangedPart>();
  const advanced: AdvancedPart[] = [];
  const arriving = [...arrivals];
  for (const correlation of stage) {
    const own = arriving.filter((each) => each.correlation === correlation);
    const [first] = own;
    if (first === undefined) continue;
    const { group } = first;
    const before = parts.get(partKey(correlation))?.state ?? emptyGroup;
    let state = before;
    const inner = innerGroups(plan, { correlation, group }, (each) => {
      const key = partKey(each.correlation);
      return (changed.get(key) ?? parts.get(key))?.state;
    });
    const ofEvents = [...Map.groupBy(own, ({ by }) => by)].sort(([, a], [, b]) => inOrder(a, b));
    for (const [by, all] of ofEvents) {
      const result = advanceBy(correlation, state, all, eventOf(by));
      state = result.state;
      const { matches, without } = matchesOfCorrelation(plan, { correlation, group }, result.holding);
      const isNow = (each: GroupMatch) => stage.includes(each.correlation);
      arriving.push(...matches.filter(isNow).map((each) => ({ ...each, by })));
      const later = matches.filter((each) => !isNow(each));
      advanced.push({ by, correlation, group, inner, advanced: result, further: { matches: later, without } });
    }
    if (state !== before) changed.set(partKey(correlation), { state, milliseconds: correlation.milliseconds });
  }
  return { changed, advanced };
}

/** Takes the matches of one event into a part, but for those that start no chain and continue none. */
function advanceBy(
  correlation: Correlation,
  state: GroupState,
  arrivals: readonly Arrival[],
  event: ArrivingEvent | undefined,
): Advanced {
  const arriving = arrivals.map(({ match }) => match);
  const matches = arriving
    .filter((match) => event?.isKept === true || !isIdle(correlation, state, match, arriving))
    .map((match) => {
      const isNoted = match.note !== undefined || match.event !== event?.uuid;
      return isNoted ? match : { ...match, note: event.note() };
    });
  return advance(correlation, state, matches, arrivals[0]?.by ?? "");
}

/** Orders the matches of two events by time; within a millisecond, a chain's first rule comes first. */
function inOrder(one: readonly Arrival[], other: readonly Arrival[]): number {
  const first = (all: readonly Arrival[], read: (match: GroupMatch["match"]) => number) =>
    Math.min(...all.map(({ match }) => read(match)));
  return (
    first(one, ({ at }) => at) - first(other, ({ at }) => at) ||
    first(one, ({ rule }) => rule) - first(other, ({ rule }) => rule)
  );
}
