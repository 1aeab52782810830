import { publishedTime } from "../okta/log-event.ts";

/** A time as people read it, in every part of a mail alike: `2026-11-24 09:41 UTC`. A text that is no time stays as it is. */
export function clockOf(time: string): string {
  const at = publishedTime(time);
  return Number.isNaN(at) || Math.abs(at) > maximumTime ? time : `${dayOf(at)} ${hourOf(at)} UTC`;
}

/** `2026-11-24 09:21 to 09:30 UTC`; of two days, both whole. */
export function spanOfClock(since: string, until: string): string {
  const [from, to] = [clockOf(since), clockOf(until)];
  const day = from.slice(0, "2026-11-24 ".length);
  return to.startsWith(day) && from.endsWith(" UTC")
    ? `${from.replace(/ UTC$/, "")} to ${to.slice(day.length)}`
    : `${from} to ${to}`;
}

/** The last time whose year has four digits, in milliseconds since 1970. */
const maximumTime = Date.parse("9999-12-31T23:59:59.999Z");

const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);
const hourOf = (time: number) => new Date(time).toISOString().slice(11, 16);
