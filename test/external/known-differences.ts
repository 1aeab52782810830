import { isScalar } from "../../lambda/core/sigma/field.ts";
import { allScalars, valuesAt } from "../core/sigma/reference.ts";
import type { Json } from "../fixtures/events.ts";

/**
 * Where correlations differ. `correlation-reading.ts` reads a stream with any of them, so that what rsigma yields has to be
 * exactly what is read with all of them: a difference that this list does not explain is a disagreement.
 */
export const correlationDifferences = {
  "the window's start": "rsigma: an event exactly a timespan before is within the window; ours: it is not",
  "a missing group value": "rsigma: events without the value are a group of their own; ours: they take no part",
  "a missing value": "rsigma: an event without the field still asks for the condition; ours: it takes no part",
  "an event of several rules": "rsigma: counts and adds an event once for each rule; ours: once",
  "one rule after the other":
    "rsigma: asks after each rule of an event, so that `not c` is true before c; ours: after all",
  "temporal without a condition": "rsigma: holds as soon as one of the rules matches; ours: when all of them do",
  "the end of an order": "rsigma: an order that stands in the window fires at every event; ours: at its last rule",
  "a number in an order": "rsigma: all rules or none; ours: as many as match in the order",
  "an expression in an order":
    "rsigma: the expression, and all rules in order; ours: the rules that the expression holds of",
  percentiles: "rsigma: compares the percentile with nothing; ours: with the condition",
  "counts of a chain": "rsigma: counts a correlation at each event at which it holds; ours: once for each firing",
  "groups of a chain": "rsigma: has the inner group's values alone; ours: any field of the event that completed it",
} as const;
export type CorrelationDifference = keyof typeof correlationDifferences;

/*
 * Where rsigma (0.23) and our engine read the specification differently, and which sentence decides for us. Each is
 * recognized by the rule and the event that it can show on; docs/detections.md lists them for users.
 */

/** Why both may differ on this rule and event, where that is known; else null. */
export function knownDifference(detection: Json, event: Json): string | null {
  const { condition: _, ...selections } = detection;
  for (const body of Object.values(selections).flat()) {
    const reasons = isScalar(body)
      ? [ofKeyword(String(body), event)]
      : Object.entries(body as Json).map(([key, value]) => ofItem(key, value, event));
    const reason = reasons.find((each) => each !== null);
    if (reason !== undefined) return reason;
  }
  return null;
}

const written =
  'numbers and booleans: "all values are treated as case-insensitive strings", patterns and keywords included';
const anyElement =
  "arrays, on which the specification is silent: any element matches, and an empty one is as good as null";

function ofKeyword(keyword: string, event: Json): string | null {
  const text = keyword.replaceAll("*", "").toLowerCase();
  const isIn = (value: unknown) => typeof value !== "string" && String(value).toLowerCase().includes(text);
  return allScalars(event).some(isIn) ? written : null;
}

function ofItem(key: string, value: unknown, event: Json): string | null {
  const [field = "", ...modifiers] = key.split("|");
  const has = (...names: string[]) => names.some((name) => modifiers.includes(name));
  const wanted = Array.isArray(value) ? value : [value];
  const found = valuesAt(event, field.split("."));
  const texts = found.filter((each) => typeof each === "string");
  const wildcards = wanted.some((each) => typeof each === "string" && /[*?\\]/.test(each)) && !has("re");
  const exact = field.split(".")[0] ?? "";
  if (!Object.hasOwn(event, exact) && Object.keys(event).some((name) => name.toLowerCase() === exact.toLowerCase())) {
    return "field names: older rules write them in lower case, so that ours finds them in any case";
  }
  if (has("neq") && !found.some(isScalar)) {
    return "neq of a missing field: pySigma, the reference, negates the whole item, so that it matches";
  }
  if (has("exists") && found.includes(null)) {
    return 'exists of a null field: the specification tests "whether a field exists", not its value';
  }
  if (value === null && found.length !== 1) return anyElement;
  if (has("fieldref")) {
    const others = valuesAt(event, String(value).split("."));
    if (!found.some(isScalar) || !others.some(isScalar)) {
      return "fieldref of null or missing fields: there is no value that could be the same";
    }
    return anyElement;
  }
  if (has("windash")) {
    return "windash: that a dash inside a word stays, and a slash counts, is as in pySigma, the reference";
  }
  if (has("base64offset") && texts.some((text) => wanted.some((each) => holdsEncoded(text, String(each))))) {
    return "base64offset of texts of few bytes: cut as the specification says, they are found where they are";
  }
  if (wildcards && has("startswith", "endswith")) {
    return '"wildcards can be used anywhere": beside startswith and endswith too, and a backslash at the end escapes nothing';
  }
  if (wildcards && texts.some((text) => text.includes("\n")))
    return "a wildcard stands for any character, a line break too";
  if ((wildcards || has("neq") || has("re")) && found.some((each) => isScalar(each) && typeof each !== "string")) {
    return written;
  }
  // rsigma takes the text "1" for true, and "0" for false.
  if (wanted.some((each) => typeof each === "boolean") && texts.some((text) => /^[01]$/.test(text))) return written;
  if (has("neq") && found.length > 1) return anyElement;
  return null;
}

/** Whether what the text encodes holds the wanted text: decoded here, and not by any of both engines. */
function holdsEncoded(text: string, wanted: string): boolean {
  return Buffer.from(text, "base64").includes(Buffer.from(wanted));
}
