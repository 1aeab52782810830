import { v5 as uuidV5 } from "uuid";

import type { SourceKey } from "./source.ts";

/*
 * A storm is more failed session starts from one source within ten minutes than come singly. It lasts until no attempt
 * has come for ten minutes. The store counts; the rules are here.
 */

/** Minutes from the first failed attempt in which further ones count towards a storm; and, without any, until it ends. */
export const stormMinutes = 10;
export const stormMilliseconds = stormMinutes * 60_000;

/** Logins that a storm names. */
export const maximumUsers = 300;
/** Different reasons of Okta's that a storm counts. */
export const maximumReasonKinds = 30;
/**
 * Keys of events that a storm knows, beside those of its single alerts: an event that comes again is not counted again.
 * One that comes after so many others is taken back once its claim says that it is done.
 */
export const maximumKeys = 256;

/** The failed attempts from one source. */
export interface Storm {
  /** When the first attempt was counted, in milliseconds since 1970; like `last`. */
  readonly since: number;
  readonly last: number;
  readonly attempts: number;
  /** Failed attempts by login. */
  readonly users: ReadonlyMap<string, number>;
  /** Failed attempts of logins beyond {@link maximumUsers}. */
  readonly more: number;
  /** Sessions that started while it was a storm, by login. */
  readonly succeeded: ReadonlyMap<string, number>;
  /** What Okta says of the attempts, and of how many. */
  readonly reasons: ReadonlyMap<string, number>;
  /** The message on the retry queue that reports it; null for none. */
  readonly watcher: string | null;
  /** When the watcher is overdue, in milliseconds since 1970; null for none. */
  readonly watchBy: number | null;
  /** Attempts when it was reported last; 0 before. */
  readonly reported: number;
  /** Whether it is over, and its end is reported. */
  readonly ended: boolean;
}

/** The most and the default number of failed attempts from one source that come singly. */
export const maximumStormAfter = 100;
export const defaultStormAfter = 5;

/** Reads a setting that is a whole number, 0 or more; null for anything else, and above the most. */
export function readCount(text: string, most: number): number | null {
  return /^\d{1,6}$/.test(text) && Number(text) <= most ? Number(text) : null;
}

/** Whether attempts are a storm: more than come singly, or reported already. */
export function isStorm(
  { attempts, watcher, ended }: Pick<Storm, "attempts" | "watcher" | "ended">,
  stormAfter: number,
) {
  return stormAfter > 0 && !ended && (attempts > stormAfter || watcher !== null);
}

/** Whether a storm is raging: a session that starts now stands in it. */
export function isRaging(storm: Storm, stormAfter: number, now: Date): boolean {
  return isStorm(storm, stormAfter) && now.getTime() < storm.last + stormMilliseconds;
}

/**
 * Whether the next failed attempt starts to count anew: the storm is over, or ten minutes have passed since the first attempt and
 * nothing watches the others. A storm that is watched ends with its last report.
 *
 * @param time milliseconds since 1970
 */
export function isOver({ since, last, attempts, watcher, ended }: Storm, stormAfter: number, time: number): boolean {
  const old = time - stormMilliseconds;
  return ended || (watcher === null && since <= old && (attempts <= stormAfter || last <= old));
}

/** A storm with a session that starts in it. A login that the storm names already is not counted again, as its event may have come before. */
export function withSession(storm: Storm, login: string): Storm {
  return storm.succeeded.has(login) ? storm : { ...storm, succeeded: new Map([...storm.succeeded, [login, 1]]) };
}

/** Whether nothing watches a storm, or its watcher has not come for longer than it waits. */
export function isUnwatched({ watchBy }: Pick<Storm, "watchBy">, now: Date): boolean {
  return watchBy === null || watchBy < now.getTime();
}

/** Seconds between two looks at a storm. */
export const watchSeconds = 60;
/** Milliseconds after which a watcher is overdue: it waits for its delay, and may be tried again once. */
export const watchPatience = 3 * watchSeconds * 1_000;

/** A report on a storm that is due. */
export interface DueReport {
  readonly kind: "start" | "update" | "end";
  /** Tells this report from the others of its storm: it is published once. */
  readonly step: string;
}

/** The longest that attempts of a storm wait for a report, in milliseconds: a storm that is kept up hides none for days. */
export const longestUnreportedMilliseconds = 4 * 3_600_000;

/** The report on a storm that is due now; null for none. */
export function dueReport(storm: Storm, now: Date): DueReport | null {
  const { attempts, reported, last } = storm;
  if (reported === 0) return { kind: "start", step: "start" };
  if (last + stormMilliseconds <= now.getTime()) return { kind: "end", step: `end ${attempts}` };
  const step = stepBelow(attempts);
  if (step > stepBelow(reported)) return { kind: "update", step: String(step) };
  const period = periodAt(storm, now.getTime());
  // The last look was the time at which the watcher is overdue, less its patience.
  const isNext = storm.watchBy !== null && periodAt(storm, storm.watchBy - watchPatience) < period;
  return isNext && attempts > reported ? { kind: "update", step: `${step} after ${period}` } : null;
}

/** The number of the period of four hours that a time (milliseconds since 1970) of a storm lies in, from 0. */
function periodAt({ since }: Storm, time: number): number {
  return Math.floor((time - since) / longestUnreportedMilliseconds);
}

/** The highest number of attempts that is reported, of those up to these: 10, 30, 100, 300, 1,000…; 0 for none. */
export function stepBelow(attempts: number): number {
  let below = 0;
  for (let ten = 10; ten <= attempts; ten *= 10) below = 3 * ten <= attempts ? 3 * ten : ten;
  return below;
}

/** Seconds until the next look at a storm: at its end, where that comes first. */
export function secondsToNextLook({ last }: Pick<Storm, "last">, now: Date): number {
  const untilEnd = Math.ceil((last + stormMilliseconds - now.getTime()) / 1_000);
  return Math.min(Math.max(untilEnd, 1), watchSeconds);
}

/** The namespace of storms' ids: a random UUID, fixed for ever. */
const stormNamespace = "b0a5b0a6-6f0c-4f0e-9d43-6d1d5c0a7f52";

/**
 * The id of a storm, or of gathered session starts: UUIDv5 of its source and its start (milliseconds since 1970), the same in all
 * of its alerts.
 */
export function stormIdOf(source: SourceKey, since: number): string {
  return uuidV5(`${source}\n${since}`, stormNamespace);
}
