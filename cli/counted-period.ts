import { keepDays } from "../lambda/adapters/tables/day-counts.ts";
import type { Period } from "../lambda/core/digest/digest.ts";
import { InputError } from "./command.ts";
import { startOf, type WrittenTime } from "./times.ts";

const day = 86_400_000;

/**
 * The days until today (UTC), which is not over; `7d` are seven with today. Counts are of whole days.
 *
 * @throws InputError for a time in the future, or before the oldest counts
 */
export function countedPeriod(since: WrittenTime, now: Date): Period {
  const dayOf = (time: number) => Math.floor(time / day) * day;
  const today = dayOf(now.getTime());
  const days =
    since.kind === "span" ? Math.ceil(since.milliseconds / day) : Math.round((today - dayOf(startOf(since))) / day) + 1;
  if (days < 1) throw new InputError("--since lies in the future");
  if (days > keepDays) throw new InputError(`--since lies more than ${keepDays} days back: older counts are gone`);
  return { from: new Date(today - (days - 1) * day).toISOString().slice(0, 10), days };
}
