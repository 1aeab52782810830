import pMap from "p-map";
import type { Correlation } from "../sigma/correlation.ts";
import { type Advanced, advance } from "./advance.ts";
import {
  type CorrelatedEvent,
  type CorrelationPlan,
  type Firing,
  type GroupMatch,
  groupKey,
  matchesOf,
  matchesOfCorrelation,
} from "./correlate.ts";
import { type EventNote, emptyGroup, keepsNotes } from "./group-state.ts";
import type { GroupStore, StoredGroup } from "./group-store.ts";
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
 * the events, in order of time, and where it changes.
 *
 * An event that was taken before gives the firings that it gave then, so that a caller that was stopped loses none. A group
 * that cannot be read or written leaves its correlation undecided, for its events alone.
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
  let pending: Arrival[] = [];
  const add = (by: string, { matches, without }: ReturnType<typeof matchesOf>) => {
    pending.push(...matches.map((each) => ({ ...each, by })));
    for (const each of without) decided.get(by)?.without.add(each);
  };
  for (const [uuid, { note: _, isKept: __, ...event }] of arriving) add(uuid, matchesOf(plan, event));
  for (const level of plan.levels) {
    if (pending.length === 0) break;
    const ofLevel = pending.filter(({ correlation }) => level.includes(correlation));
    pending = pending.filter(({ correlation }) => !level.includes(correlation));
    const groups = [...Map.groupBy(ofLevel, groupKey)];
    const missing = groups.flatMap(([key]) => (known.has(key) ? [] : [key]));
    // A failure is one of each group that asks for it.
    const reading =
      missing.length === 0 ? Promise.resolve(new Map<string, StoredGroup>()) : store.read(missing, signal);
    await Promise.allSettled([reading]);
    const advanceOne = async ([key, arrivals]: readonly [string, readonly Arrival[]]) => {
      const [{ correlation, group } = { correlation: undefined, group: [] }] = arrivals;
      if (correlation === undefined) return;
      try {
        const stored = (known.has(key) ? known.get(key) : (await reading).get(key)) ?? {
          state: emptyGroup,
          version: 0,
        };
        const eventOf = (uuid: string) => arriving.get(uuid);
        for (const { by, advanced } of await advanceGroup(key, arrivals, { stored, store, eventOf }, signal)) {
          const event = decided.get(by);
          event?.firings.push(...advanced.fired.map((each) => ({ ...each, correlation, group })));
          if (advanced.isTooLate) event?.tooLate.add(correlation);
          add(by, matchesOfCorrelation(plan, { correlation, group }, advanced.holding));
        }
      } catch (error) {
        for (const { by } of arrivals) decided.get(by)?.undecided.set(correlation, error);
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

interface GroupToAdvance {
  readonly stored: StoredGroup;
  readonly store: GroupStore;
  readonly eventOf: (uuid: string) => ArrivingEvent | undefined;
}

/** @throws BusyGroupError, and where the store does not answer */
async function advanceGroup(
  key: string,
  arrivals: readonly Arrival[],
  { stored: before, store, eventOf }: GroupToAdvance,
  signal: AbortSignal,
): Promise<readonly { readonly by: string; readonly advanced: Advanced }[]> {
  const [first] = arrivals;
  if (first === undefined) return [];
  const { correlation } = first;
  const ofEvents = [...Map.groupBy(arrivals, ({ by }) => by)].sort(([, a], [, b]) => inOrder(a, b));
  let stored = before;
  for (let round = 0; round < maximumRounds; round += 1) {
    let { state } = stored;
    const advanced = ofEvents.map(([by, all]) => {
      const arriving = all.map(({ match }) => match);
      const { isKept = false } = eventOf(by) ?? {};
      const matches = arriving
        .filter((match) => isKept || !isIdle(correlation, state, match, arriving))
        .map((match) => {
          if (match.note !== undefined || match.event !== by || !keepsNotes(correlation)) return match;
          const note = eventOf(by)?.note();
          return note === undefined ? match : { ...match, note };
        });
      const result = advance(correlation, state, matches, by);
      state = result.state;
      return { by, advanced: result };
    });
    if (state === stored.state) return advanced;
    const { milliseconds } = correlation;
    const other = await store.write(key, { state, seen: stored.version, milliseconds }, signal);
    if (other === null) return advanced;
    stored = other;
  }
  throw new BusyGroupError(`others changed a group of "${correlation.title}" ${maximumRounds} times meanwhile`);
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
