import type { TimePart } from "./rule.ts";

/** The least and the greatest value of each part. ISO 8601 has years of 53 weeks. */
export const rangeOf: Readonly<Record<TimePart, readonly [least: number, greatest: number]>> = {
  minute: [0, 59],
  hour: [0, 23],
  day: [1, 31],
  week: [1, 53],
  month: [1, 12],
  year: [0, 9_999],
};

const time = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::\d{2}(?:[.,]\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?)?$/i;

/**
 * Takes a part out of a time in ISO 8601, with `T` or a space. It is read as written: no time zone is converted (Sigma
 * specification 2.1). Weeks are those of ISO 8601.
 *
 * @returns null for a text that is not such a time, or lacks the part
 */
export function readTimePart(text: string, part: TimePart): number | null {
  const match = time.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour, minute] = match
    .slice(1)
    .map((digits: string | undefined) => (digits === undefined ? undefined : Number(digits)));
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  if ((hour ?? 0) > 23 || (minute ?? 0) > 59) return null;
  switch (part) {
    case "year":
      return year;
    case "month":
      return month;
    case "day":
      return day;
    case "hour":
      return hour ?? null;
    case "minute":
      return minute ?? null;
    case "week":
      return isoWeek(date);
  }
}

/** A week belongs to the year that its Thursday lies in. */
function isoWeek(date: Date): number {
  const day = 86_400_000;
  const weekday = (date.getUTCDay() + 6) % 7;
  const thursday = new Date(date.getTime() + (3 - weekday) * day);
  const newYear = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return Math.floor((thursday.getTime() - newYear) / day / 7) + 1;
}
