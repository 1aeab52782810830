import { decode, mayHold, wordsInText } from "./encoded-value.ts";
import { object, record, text, valueAt } from "./lenient.ts";
import type { LogEvent } from "./log-event.ts";
import { loggedSecurity } from "./logged-security.ts";

/** The result of one of the org's behavior detections. */
export interface Behavior {
  readonly name: string;
  /** `POSITIVE` when the behavior occurred; `NEGATIVE`, `UNKNOWN` or `BAD_REQUEST`. */
  readonly result: string | null;
}

/**
 * The results of the org's behavior detections, from every field and encoding of the event. The structured field wins
 * where several name the same behavior.
 */
export function behaviors(event: LogEvent): readonly Behavior[] {
  return event.once("behaviors", readAll);
}

function readAll(event: LogEvent): readonly Behavior[] {
  const { securityContext, debugData } = event.fields;
  const logged = loggedSecurity(event);
  const found = [
    ...readBehaviors(securityContext?.userBehaviors),
    ...readBehaviors(valueAt(debugData, "behaviors")),
    ...readBehaviors(logged && valueAt(logged, "behaviors")),
  ];
  const byName = new Map<string, Behavior>();
  for (const behavior of found) {
    const key = behavior.name.toLowerCase();
    if (!byName.has(key)) byName.set(key, behavior);
  }
  return [...byName.values()];
}

/** Names of the behaviors that occurred. */
export function positiveBehaviors(event: LogEvent): readonly string[] {
  return event.once("positive behaviors", readPositive);
}

function readPositive(event: LogEvent): readonly string[] {
  const { securityContext, debugData } = event.fields;
  const mayOccur =
    mayHold(securityContext?.userBehaviors, positive) ||
    mayHold(valueAt(debugData, "behaviors"), positive) ||
    mayHold(valueAt(debugData, "logOnlySecurityData"), positive);
  if (!mayOccur) return none;
  return behaviors(event)
    .filter(({ result }) => result?.toUpperCase() === "POSITIVE")
    .map(({ name }) => name);
}

const none: readonly string[] = [];
const positive = wordsInText("positive");

/** A list of `{name, result}`, one of them, or an object of names and results; each as it is or as text. */
function readBehaviors(value: unknown): Behavior[] {
  const decoded = decode(value);
  if (Array.isArray(decoded)) return decoded.flatMap(readBehaviors);
  const one = record(decoded, (get) => ({ name: text(get("name")), result: text(get("result")) }));
  if (one?.name) return [{ name: one.name, result: one.result }];
  // An entry without a name is skipped.
  if (one === null || one.result !== null) return [];
  return Object.entries(object(decoded) ?? {}).map(([name, result]) => ({ name: name.trim(), result: text(result) }));
}
