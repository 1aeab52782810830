import { InvalidArgumentError } from "commander";

/** A time as the command line has it. */
export type WrittenTime =
  /** `30d`, `12h`: so many milliseconds from now, back or ahead. */
  | { readonly kind: "span"; readonly milliseconds: number }
  /** `2026-12-31`: its first millisecond, in UTC, and the first of the next day. */
  | { readonly kind: "day"; readonly start: number; readonly end: number }
  /** `2026-12-31T10:00Z`: milliseconds since 1970. */
  | { readonly kind: "time"; readonly at: number };

const units = { d: 86_400_000, h: 3_600_000 } as const;
const pattern = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/i;

/** What a text of a time may be, for help and errors. */
export const timeForms = "30d or 12h, a day (2026-12-31), or a time (2026-12-31T10:00Z)";

/**
 * Reads a time. Every option that takes one goes by this: `--since`, `--until`. A day is one of UTC, and so is a time without a zone.
 *
 * @throws InvalidArgumentError that names the forms
 */
export function readTime(text: string): WrittenTime {
  const [, amount, unit] = /^([1-9]\d{0,3})([dh])$/.exec(text) ?? [];
  if (amount !== undefined) {
    return { kind: "span", milliseconds: Number(amount) * units[unit as keyof typeof units] };
  }
  const [, day, time, zone = "Z"] = pattern.exec(text) ?? [];
  const start = Date.parse(`${day}T00:00:00Z`);
  // JavaScript reads February 30 as March 2.
  if (day !== undefined && !Number.isNaN(start) && new Date(start).toISOString().startsWith(day)) {
    if (time === undefined) return { kind: "day", start, end: start + units.d };
    const at = Date.parse(`${day}T${time}${zone.toUpperCase()}`);
    if (!Number.isNaN(at)) return { kind: "time", at };
  }
  const meant = /^\d{1,4}$/.test(text) ? `: for ${text} days write ${text}d` : "";
  throw new InvalidArgumentError(`${timeForms} is expected${meant}`);
}

/** When a past begins: a span before now, the first millisecond of a day. Milliseconds since 1970. */
export function parseSince(text: string): number {
  return startOf(readTime(text));
}

/** When a past that is written so begins, in milliseconds since 1970. */
export function startOf(time: WrittenTime, now = Date.now()): number {
  if (time.kind === "span") return now - time.milliseconds;
  return time.kind === "day" ? time.start : time.at;
}

/** When a past ends: a span before now, or with the whole of a day. Milliseconds since 1970, the first that is outside. */
export function parseUntil(text: string): number {
  const time = readTime(text);
  return time.kind === "day" ? time.end : startOf(time);
}

/** When what begins now ends: a span ahead, or with the whole of a day. */
export function parseEnd(text: string): Date {
  const time = readTime(text);
  if (time.kind === "span") return new Date(Date.now() + time.milliseconds);
  return new Date(time.kind === "day" ? time.end : time.at);
}
