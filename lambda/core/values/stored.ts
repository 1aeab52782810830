import * as v from "valibot";
import { isObject, type Json } from "./object.ts";

/*
 * Values that this project has stored or queued itself are read by Valibot: every first alert of a cold start builds and runs their
 * schemas, and Valibot brings the parts alone that they use, 9 kB where zod/mini brings 37. What comes from people or from others is
 * read by zod.
 */

/** Finite numbers: JSON's `1e400` is none. */
export const finiteNumber = () => v.pipe(v.number(), v.finite());

/** RFC 3339 in UTC: date and time of day with seconds, and `Z`. */
const utcForm = /^(\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z$/;

/** Times in ISO 8601, UTC: `2026-03-01T12:00:00Z`. */
export const utcTime = () =>
  v.pipe(
    v.string(),
    v.check((text) => {
      const [, year, month, day] = utcForm.exec(text) ?? [];
      // The first moment after the last day of a month is of another month.
      const date = new Date(0);
      date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
      return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
    }, "expected a time such as 2027-01-15T00:00:00.000Z"),
  );

/** Objects by whose names people or events are found, as maps: Valibot's records leave out the names `constructor` and `prototype`. */
export const mapOf = <Value>(schema: v.GenericSchema<unknown, Value>) =>
  v.pipe(
    v.custom<Json>(isObject, "expected an object"),
    v.transform((value: Json) => Object.entries(value)),
    v.array(v.tuple([v.string(), schema])),
    v.transform((entries) => new Map(entries)),
  );

/** Messages without the value that was found, which Valibot quotes: logs have them, and it may be personal data. */
export const withoutValues: v.Config<v.BaseIssue<unknown>> = { message: ({ expected }) => `expected ${expected}` };

/**
 * Reads a value.
 *
 * @throws TypeError that says what is wrong and where, without the value: Valibot's own error holds all of it, and loggers write what an
 * error holds
 */
export function readStored<Value>(schema: v.GenericSchema<unknown, Value>, value: unknown): Value {
  const parsed = v.safeParse(schema, value, withoutValues);
  if (parsed.success) return parsed.output;
  const [issue] = issuesOf(parsed.issues);
  throw new TypeError(`what is stored cannot be read: ${issue?.path.map(String).join(".")}: ${issue?.message}`);
}

/** What is wrong with a value, each with the place of it. */
export function issuesOf(issues: readonly v.BaseIssue<unknown>[]) {
  return issues.map(({ path = [], message }) => ({ path: path.map(({ key }) => key as PropertyKey), message }));
}
