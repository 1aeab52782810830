import type { Correlation } from "../sigma/correlation.ts";
import { askOfWindows } from "./condition.ts";
import {
  byTime,
  compact,
  droppedOf,
  type Entry,
  type Fired,
  type GroupState,
  keptSlots,
  type Slot,
  slotNumber,
} from "./group-state.ts";

/** One match that arrives for a group. */
export type Match = Omit<Entry, "holds">;

/** A correlation that fires for a group. Its identity is correlation, group and slot. */
export interface SlotFired extends Fired {
  readonly slot: number;
  /** The entries of the window that ends with the completing event, by time. */
  readonly window: readonly Entry[];
}

/** The result of an arrival. */
export interface Advanced {
  /** The very same object where nothing changes, so that nothing has to be written. */
  readonly state: GroupState;
  /**
   * The firings that this arrival causes: those of one event are at most two, in its slot and in the next one. The
   * arrival of the same again gives the same firings, so that a retry after a failure loses none.
   */
  readonly fired: readonly SlotFired[];
  /** The entries of which the condition holds with this arrival: a chain's matches of this correlation. */
  readonly holding: readonly Entry[];
  /** Whether a match is older than what the group keeps, and so is not kept. */
  readonly isTooLate: boolean;
}

/**
 * Adds matches to a group: those of one event, and those of correlations that it completes.
 *
 * The condition is asked of every window (t - timespan, t] that ends with a match at t. Matches arrive in any order: one
 * that is late completes the windows of later matches too. Of a monotone condition (`isMonotone`), the slots that fire
 * are those in which the condition holds of any window of all matches together, whatever their order and however often
 * they arrive, as long as the group's slots are kept. Any other condition is decided by what has arrived, and a firing
 * is never withdrawn.
 *
 * @param by the uuid of the event that arrives
 */
export function advance(correlation: Correlation, state: GroupState, matches: readonly Match[], by: string): Advanced {
  const { milliseconds } = correlation;
  const { tooLate } = state;
  const inTime = matches.filter(({ at }) => tooLate === null || slotNumber(at, correlation) > tooLate);
  const isTooLate = inTime.length < matches.length;
  const known = inTime.filter((match) => isKnown(state, match, correlation));
  const added = inTime.filter((match) => !known.includes(match));
  const again = state.slots
    .flatMap(({ entries }) => entries)
    .filter((entry) => entry.holds && known.some((match) => isInWindowOf(match, entry, milliseconds)));
  if (added.length === 0) return { state, fired: firedBy(state.slots, correlation, by), holding: again, isTooLate };
  const inserted = added.reduce((slots, match) => insert(slots, slotNumber(match.at, correlation), match), state.slots);
  const judged = inserted.map((slot, index) => judgeSlot(correlation, slot, inserted[index - 1], added, by));
  const fired = firedBy(
    judged.map(({ slot }) => slot),
    correlation,
    by,
  );
  const slots = judged.map(({ slot }) => ({ ...slot, entries: compact(slot.entries, correlation) }));
  const dropped = slots.length > keptSlots ? slots[slots.length - keptSlots - 1] : undefined;
  const next: GroupState = {
    slots: slots.slice(-keptSlots),
    tooLate: dropped === undefined ? tooLate : dropped.number,
  };
  const holding = [...again, ...judged.flatMap((each) => each.holding)];
  const isDropped = dropped !== undefined && added.some(({ at }) => slotNumber(at, correlation) <= dropped.number);
  return { state: isSame(state, next) ? state : next, fired, holding, isTooLate: isTooLate || isDropped };
}

function isKnown({ slots }: GroupState, match: Match, correlation: Correlation): boolean {
  const number = slotNumber(match.at, correlation);
  const slot = slots.find((each) => each.number === number);
  return slot?.entries.some(({ event, rule }) => event === match.event && rule === match.rule) === true;
}

/** Whether the window that ends with an entry holds a match. */
function isInWindowOf(match: Match, { at }: Entry, milliseconds: number): boolean {
  return match.at <= at && match.at > at - milliseconds;
}

/** The slots that windows that end in a slot may reach into, by time. */
function nearBy(slot: Slot, before: Slot | undefined): readonly Slot[] {
  return before?.number === slot.number - 1 ? [before, slot] : [slot];
}

function entriesOf(slots: readonly Slot[]): readonly Entry[] {
  return slots.flatMap(({ entries }) => entries);
}

function insert(slots: readonly Slot[], number: number, match: Match): readonly Slot[] {
  const slot = slots.find((each) => each.number === number) ?? { number, fired: null, entries: [] };
  const entries = [...slot.entries, { ...match, holds: false }].sort(byTime);
  return [...slots.filter((each) => each.number !== number), { ...slot, entries }].sort((a, b) => a.number - b.number);
}

/**
 * Asks the condition of the windows that end in a slot and hold any of the added matches.
 *
 * @param before the slot that the group keeps before it
 */
function judgeSlot(
  correlation: Correlation,
  slot: Slot,
  before: Slot | undefined,
  added: readonly Match[],
  by: string,
): { readonly slot: Slot; readonly holding: readonly Entry[] } {
  const slots = nearBy(slot, before);
  const dropped = slots.flatMap(({ entries }) => droppedOf(entries, correlation));
  const holdsAt = askOfWindows(correlation, entriesOf(slots), dropped);
  const holding: Entry[] = [];
  const entries = slot.entries.map((entry) => {
    if (entry.holds || !added.some((match) => isInWindowOf(match, entry, correlation.milliseconds))) return entry;
    if (!holdsAt(entry)) return entry;
    const completed = { ...entry, holds: true };
    holding.push(completed);
    return completed;
  });
  if (holding.length === 0) return { slot: { ...slot, entries }, holding };
  const earliest = holding.filter((entry) => entry.at === holding[0]?.at);
  // Of several in one millisecond, the one that arrives is the one that was missing.
  const first = earliest.find(({ event }) => event === by) ?? earliest[0];
  const fired = slot.fired ?? (first === undefined ? null : { event: first.event, at: first.at, by });
  return { slot: { ...slot, fired, entries }, holding };
}

/** The entries of the window that ends at a time, that time included, the start excluded. */
function windowOf(entries: readonly Entry[], end: number, { milliseconds }: Correlation): readonly Entry[] {
  return entries.filter(({ at }) => at > end - milliseconds && at <= end);
}

/** The firings that the arrival of an event caused. */
function firedBy(slots: readonly Slot[], correlation: Correlation, by: string): readonly SlotFired[] {
  return slots.flatMap((slot, index) => {
    const { number, fired } = slot;
    if (fired === null || fired.by !== by) return [];
    return [
      { ...fired, slot: number, window: windowOf(entriesOf(nearBy(slot, slots[index - 1])), fired.at, correlation) },
    ];
  });
}

/** Whether a state is the same as the one before, since its newest entry could be dropped at once. */
function isSame(before: GroupState, after: GroupState): boolean {
  return (
    before.tooLate === after.tooLate &&
    before.slots.length === after.slots.length &&
    before.slots.every((slot, index) => {
      const other = after.slots[index];
      return (
        other !== undefined &&
        slot.number === other.number &&
        slot.fired === other.fired &&
        slot.entries.length === other.entries.length &&
        slot.entries.every((entry, at) => isSameEntry(entry, other.entries[at]))
      );
    })
  );
}

function isSameEntry(one: Entry, other: Entry | undefined): boolean {
  return one.event === other?.event && one.rule === other.rule && one.holds === other.holds;
}
