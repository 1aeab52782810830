import type { Json } from "../../lambda/core/values/object.ts";
import { InputError } from "../command.ts";
import { valueAtPath } from "./column-maps.ts";

/** The order of day and month in a file's dates such as `11/10/2026`; null where all of them are ambiguous. */
export type DateOrder = "day" | "month" | null;

const clock =
  /(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?)?(?:\s?(?<half>[AP]M))?(?:\s?(?:UTC|GMT|Z))?/
    .source;
/** `20.11.2026 01:00`, `11/20/2026, 1:00:00.123 AM`. */
const yearLast = new RegExp(`^(\\d{1,2})([./-])(\\d{1,2})\\2(\\d{4}),?\\s+${clock}$`, "i");
/** `2026/11/20 01:00:00`, `2026-11-20 01:00:00.123 UTC`. */
const yearFirst = new RegExp(`^(\\d{4})([/-])(\\d{1,2})\\2(\\d{1,2})[\\sT]+${clock}$`, "i");
const oktaTime = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/;
const dates = /(?<!\d)(\d{1,2})([/-])(\d{1,2})\2\d{4},?\s+\d{1,2}:\d{2}/g;

/** Whether a text holds dates such as `11/10/2026 01:00`. */
export function hasOrderedDates(text: string): boolean {
  return text.search(dates) >= 0;
}

/**
 * Finds in which order a file writes day and month: a number over 12 is a day.
 *
 * @throws InputError naming the file, when it holds dates of either order
 */
export function findDateOrder(text: string, name: string): DateOrder {
  const orders = new Set<"day" | "month">();
  for (const [, first, , second] of text.matchAll(dates)) {
    if (Number(first) > 12) orders.add("day");
    if (Number(second) > 12) orders.add("month");
  }
  if (orders.size > 1) throw new InputError(`${name}: some dates have the day first, others the month; ${instead}`);
  const [order = null] = orders;
  return order;
}

const instead = "write times as 2026-11-20T01:00:00Z";

/**
 * Reads a time as consoles, spreadsheets and SIEMs write it (UTC): `11/20/2026, 8:00:00.123 AM`, `20.11.2026 01:00`,
 * seconds or milliseconds since 1970.
 *
 * @returns ISO 8601; other text, and dates in an unknown order, do not change
 */
export function readTime(text: string, order: DateOrder = null): string {
  if (oktaTime.test(text)) return text;
  if (/^\d{10}(?:\d{3})?(?:\.\d+)?$/.test(text)) return isoTime(Number(text));
  const found = yearFirst.exec(text) ?? yearLast.exec(text);
  if (found === null) return text;
  const [, first = "", separator, second = "", third = ""] = found;
  if (first.length === 4) return toIso(found, first, second, third) ?? text;
  const known = separator === "." || Number(first) > 12 ? "day" : Number(second) > 12 ? "month" : order;
  if (known === null) return text;
  const [day, month] = known === "day" ? [first, second] : [second, first];
  return toIso(found, third, month, day) ?? text;
}

/** Null for an invalid day or time of day. */
function toIso({ groups = {} }: RegExpExecArray, year: string, month: string, day: string): string | null {
  const { hour, minute, second = "00", fraction = "", half } = groups;
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (/p/i.test(half) ? 12 : 0);
  const two = (value: unknown) => String(value).padStart(2, "0");
  const milliseconds = fraction.padEnd(3, "0").slice(0, 3);
  const time = `${year}-${two(month)}-${two(day)}T${two(hours)}:${minute}:${second}.${milliseconds}Z`;
  return Number.isNaN(Date.parse(time)) ? null : time;
}

/** Reads seconds or milliseconds since 1970, distinguished by their size; other numbers become text. */
export function isoTime(value: number): string {
  const milliseconds = value < 100_000_000_000 ? value * 1_000 : value;
  return Math.abs(milliseconds) < 8.64e15 ? new Date(milliseconds).toISOString() : String(value);
}

/** Fields with the time where `published` is missing: the admin console's CSV has `timestamp`. */
const standIns = ["published", "insertionTimestamp", "timestamp", "@timestamp", "_time"] as const;

/** The first time in a record; undefined for none. */
export function timeOf(record: Json): unknown {
  for (const name of standIns) {
    const value = valueAtPath(record, name);
    if (value !== undefined && value !== null && value !== "") return value;
  }
  return undefined;
}

/**
 * Gives an event its time in ISO 8601; `unknown` without one, as rules seldom read it.
 *
 * @throws InputError naming the file, when the time may be of either of two days
 */
export function withTime(event: Json, order: DateOrder, name: string): Json {
  const found = timeOf(event) ?? "unknown";
  const published =
    typeof found === "number" ? isoTime(found) : typeof found === "string" ? readTime(found, order) : found;
  const [, , separator, , year] = typeof published === "string" ? (yearLast.exec(published) ?? []) : [];
  if (separator !== undefined && separator !== "." && order === null && year !== undefined) {
    // A console that writes AM and PM has American dates.
    const american = /[AP]M/i.test(published as string) ? readTime(published as string, "month") : published;
    if (american !== published) return { ...event, published: american };
    throw new InputError(`${name}: no date shows whether the day or the month comes first; ${instead}`);
  }
  return published === event.published ? event : { ...event, published };
}
