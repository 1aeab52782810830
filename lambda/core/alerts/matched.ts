import type { MatchedSelection } from "../sigma/compile.ts";
import { shorten } from "../text/shorten.ts";

/** The most values of one field that an explanation lists: an event may have thousands of targets. */
const maximumValues = 10;
/** The longest text that an explanation copies from an event, in UTF-16 code units. */
const maximumText = 1_000;

/** A value in an explanation; null for an object, which may be of any size. */
export type BriefValue = string | number | boolean | null;

/** A selection that matched, with its values kept short. */
export interface BriefSelection {
  readonly selection: string;
  readonly fields: { readonly field: string; readonly values: BriefValue[] }[];
}

/** Shortens the matched values of a rule for an alert. */
export function briefMatches(matched: readonly MatchedSelection[]): BriefSelection[] {
  return matched.map(({ selection, fields }) => ({
    selection,
    fields: fields.map(({ field, values }) => ({ field, values: values.slice(0, maximumValues).map(briefValue) })),
  }));
}

function briefValue(value: unknown): BriefValue {
  if (typeof value === "string") return shorten(value, maximumText);
  return typeof value === "number" || typeof value === "boolean" ? value : null;
}
