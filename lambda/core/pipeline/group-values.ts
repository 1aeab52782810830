import { isScalar, parsePath, readField, UNKNOWN } from "../sigma/field.ts";
import { onceEach } from "../values/once-each.ts";
import type { RunningCorrelations, WithCorrelations } from "./correlations.ts";
import { type Candidate, enrich } from "./match.ts";
import type { Work } from "./work.ts";

/** The values of a field, and the characters of each, that work keeps of an event that is cut: a group takes no more. */
const most = { values: 16, characters: 256 } as const;

/**
 * The values of an event's fields, as correlations group and count by them.
 *
 * @param kept those that work kept when the event was cut. @default none
 */
export function valuesOf(event: Candidate["event"], kept: Work["values"] = {}): (field: string) => readonly string[] {
  const enrichment = enrich(event, UNKNOWN);
  return (field) =>
    kept[field] ?? readField(event.received, parsePath(field), enrichment).values.filter(isScalar).map(String);
}

/** Work with the values that the correlations that run group and count by: a message keeps them where the event has to be cut. */
export function keepValues(work: Work, { correlations }: WithCorrelations): Work {
  if (correlations === null) return work;
  const read = valuesOf(work.event, work.values);
  const cut = (field: string) =>
    read(field)
      .slice(0, most.values)
      .map((value) => value.slice(0, most.characters));
  const values = fieldsOf(correlations.plan)
    .map((field) => [field, cut(field)] as const)
    .filter(([, found]) => found.length > 0);
  return { ...work, values: Object.fromEntries(values) };
}

/** The fields that correlations group and count by, each once. */
const fieldsOf = onceEach(({ correlations }: RunningCorrelations["plan"]): readonly string[] => [
  ...new Set(
    correlations.flatMap(({ groupBy, valueFields }) => [...groupBy.map(({ fields }) => fields), ...valueFields].flat()),
  ),
]);
