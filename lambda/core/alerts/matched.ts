import type { MatchedSelection } from "../sigma/compile.ts";
import { shorten } from "../text/shorten.ts";

/** Values that an explanation lists of one field at most: a target may be one of thousands. */
const maximumValues = 10;
/** The longest text that an explanation takes over from an event, in UTF-16 code units. */
const maximumText = 1_000;

/** A value as an explanation tells it: of an object, which may be of any size, that there is one. */
export type BriefValue = string | number | boolean | null;

/** A selection that matched, with its values kept short. */
export interface BriefSelection {
  readonly selection: string;
  readonly fields: { readonly field: string; readonly values: BriefValue[] }[];
}

/** Keeps what made a rule match short enough for an alert. */
export function briefMatches(matched: readonly MatchedSelection[]): BriefSelection[] {
  return matched.map(({ selection, fields }) => ({
    selection,
    fields: fields.map(({ field, values }) => ({ field, values: values.slice(0, maximumValues).map(briefValue) })),
  }));
}

/** An object stands in the event. */
function briefValue(value: unknown): BriefValue {
  if (typeof value === "string") return shorten(value, maximumText);
  return typeof value === "number" || typeof value === "boolean" ? value : null;
}
