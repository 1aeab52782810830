import * as v from "valibot";
import { type Correlation, isCount, isMonotone, isTemporal } from "../sigma/correlation.ts";

/*
 * The state of one group of a correlation: plain JSON, bounded by construction.
 *
 * Time is cut into slots as long as the timespan, aligned to 1970. Slots never limit a window, which slides over their
 * borders: a window touches the slot in which it ends and the one before. They bound what a group keeps, and they are
 * the unit of silence: a group fires at most once in a slot. The identity of a firing is thereby correlation, group and
 * slot, whatever the order in which events arrive.
 */

const textOrNull = v.nullable(v.string());

/**
 * What an entry keeps of its event for the alert of a later one. Texts of a stranger are among them: `noteOf` masks them, and bounds their
 * length.
 */
export const eventNote = v.object({
  eventType: v.string(),
  /** The login of the person, or what else names the person; null for none. */
  person: textOrNull,
  /** What was done, in the past tense: `created token deploy`. */
  deed: v.string(),
  succeeded: v.boolean(),
  /** `Toronto, Canada, 203.0.113.7`; null where that is not known. */
  from: textOrNull,
  /** The proxy, or else the autonomous system: `VPN NORD_VPN`; null where that is not known. */
  through: textOrNull,
  /** `FIREFOX on Windows 10`; null where that is not known. */
  client: textOrNull,
  /** The Okta id of the user on whose page the act can be undone; null for none. */
  userId: textOrNull,
});

/** See {@link eventNote}. */
export type EventNote = Readonly<v.InferOutput<typeof eventNote>>;

/** A match that takes part in a correlation's group. */
export interface Entry {
  /** When the event was published, in milliseconds since 1970. */
  readonly at: number;
  /** The event's uuid. */
  readonly event: string;
  /** Index into the correlation's rules. */
  readonly rule: number;
  /**
   * For types that count: what is counted, each once. An event, a match of a correlation, or a value of the field. For
   * `value_sum`, `value_avg` and `value_percentile`: the numbers of the field, as text. Empty for temporal types.
   */
  readonly values: readonly string[];
  /** The fields by which correlations over this one group and count, where there are any. */
  readonly carried?: Readonly<Record<string, readonly string[]>>;
  /** Of every entry, or of a slot's first and last one ({@link keepsEveryNote}). */
  readonly note?: EventNote;
  /** Whether the condition holds of the window that ends with this entry. */
  readonly holds: boolean;
}

/** The firing of a slot. */
export interface Fired {
  /** The event that completed it, and when that was published. */
  readonly event: string;
  readonly at: number;
  /** The uuid of the event on whose arrival the correlation fired: the last that was missing. */
  readonly by: string;
}

/** What a group keeps of one slot. */
export interface Slot {
  /** The slot's start, in timespans since 1970. */
  readonly number: number;
  readonly fired: Fired | null;
  /** By time, then by event and rule. */
  readonly entries: readonly Entry[];
}

/** What is kept of one group. */
export interface GroupState {
  /** By number; at most {@link keptSlots}, each with at least one entry. */
  readonly slots: readonly Slot[];
  /** Events of slots up to this number come too late; null while every slot that had events is kept. */
  readonly tooLate: number | null;
}

/** The state of a group without events. */
export const emptyGroup: GroupState = { slots: [], tooLate: null };

/** The slots with events that a group keeps, the latest ones: an event that is older than all of them comes too late. */
export const keptSlots = 4;
/** The first and the last matches of a rule that a temporal correlation keeps of a slot. */
const keptMatches = 8;
/** The last events of a slot of which sums, averages and percentiles are made. */
const keptNumbers = 250;

/** The greatest number of events or values that a correlation counts with a note of each. */
const countedWithNotes = 10;

/**
 * Whether every entry of a correlation keeps its note, of about 150 bytes: those of temporal ones do, and those of counts up to
 * ten events or values. Of greater counts, and of sums and averages, the first and the last entry of a slot do; an alert
 * names the others by their rule alone.
 */
export function keepsEveryNote(correlation: Correlation): boolean {
  return isTemporal(correlation) || (isCount(correlation) && greatestLimit(correlation) <= countedWithNotes);
}

/** The number of the slot that a time lies in. */
export function slotNumber(at: number, { milliseconds }: Pick<Correlation, "milliseconds">): number {
  return Math.floor(at / milliseconds);
}

/** Orders entries by time, then by event and rule. */
export function byTime(one: Entry, other: Entry): number {
  if (one.at !== other.at) return one.at - other.at;
  if (one.event !== other.event) return one.event < other.event ? -1 : 1;
  return one.rule - other.rule;
}

/**
 * Drops entries of a slot that can decide nothing any more.
 *
 * A window holds the end of one slot and the start of the next. For a count up to `n` it takes of each value its first
 * and its last entry, of the values the `n` that come first and the `n` whose last entries come last. A temporal
 * correlation drops what is between the first and the last eight matches of a rule: {@link droppedOf}.
 */
export function compact(entries: readonly Entry[], correlation: Correlation): readonly Entry[] {
  if (isCount(correlation)) {
    return withFewNotes(compactCounted(entries, greatestLimit(correlation) + 1), correlation);
  }
  if (!isTemporal(correlation)) return withFewNotes(entries.slice(-keptNumbers), correlation);
  const kept = new Set<Entry>();
  for (const index of correlation.rules.keys()) {
    const ofRule = entries.filter(({ rule }) => rule === index);
    for (const entry of [...ofRule.slice(0, keptMatches), ...ofRule.slice(-keptMatches)]) kept.add(entry);
  }
  return kept.size === entries.length ? entries : entries.filter((entry) => kept.has(entry));
}

/** Drops the notes of entries between the first and the last, where they are many. */
function withFewNotes(entries: readonly Entry[], correlation: Correlation): readonly Entry[] {
  if (keepsEveryNote(correlation)) return entries;
  return entries.map((entry, index) => {
    if (entry.note === undefined || index === 0 || index === entries.length - 1) return entry;
    const { note: _, ...plain } = entry;
    return plain;
  });
}

/** Matches of a rule that a group may have dropped: all between two that it keeps. */
export interface DroppedMatches {
  readonly rule: number;
  /** The times of the two, in milliseconds since 1970. */
  readonly after: number;
  readonly before: number;
}

/**
 * The matches that a slot may have dropped and that an order may need: those amid at least 16 of one rule. An attacker who floods
 * a group with one step hides no order thereby, as the step counts as a match at any time in between; an alert may say too much.
 *
 * Where more matches can make a condition false, it is decided by what is kept. Where no more than two rules follow each other, and
 * where the order does not matter, the first and the last match decide.
 *
 * @param entries those of the slot, by time
 */
export function droppedOf(entries: readonly Entry[], correlation: Correlation): readonly DroppedMatches[] {
  const { type, rules } = correlation;
  if (type !== "temporal_ordered" || entries.length < 2 * keptMatches || !isMonotone(correlation)) return [];
  return [...rules.keys()].flatMap((rule) => {
    const ofRule = entries.filter((entry) => entry.rule === rule);
    const [after, before] = [ofRule[keptMatches - 1], ofRule.at(-keptMatches)];
    if (ofRule.length < 2 * keptMatches || after === undefined || before === undefined) return [];
    return [{ rule, after: after.at, before: before.at }];
  });
}

function compactCounted(entries: readonly Entry[], most: number): readonly Entry[] {
  const first = new Map<string, Entry>();
  const last = new Map<string, Entry>();
  for (const entry of entries) {
    for (const value of entry.values) {
      if (!first.has(value)) first.set(value, entry);
      last.delete(value);
      last.set(value, entry);
    }
  }
  const kept = new Set([...[...first.values()].slice(0, most), ...[...last.values()].slice(-most)]);
  return kept.size === entries.length ? entries : entries.filter((entry) => kept.has(entry));
}

/** Counts beyond this number are all the same to a condition. */
function greatestLimit({ condition }: Correlation): number {
  return condition.kind === "criteria" ? Math.max(...condition.criteria.map(({ limit }) => limit)) : 0;
}
