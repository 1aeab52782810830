import { text, valueAt } from "./lenient.ts";
import { type LogEvent, sessionStart } from "./log-event.ts";
import { isUnknown } from "./person.ts";
import { isRiskChange, risk } from "./risk.ts";

/** Fields of `debugData` that name what an act changed, each with the word for it. */
const details = [
  ["privilegeGranted", "granted"],
  ["privilegeRevoked", "revoked"],
  ["role", "role"],
  ["factor", "factor"],
  ["factorType", "factor"],
  ["authenticatorKey", "authenticator"],
  ["grantedScopes", "scopes"],
  ["scopes", "scopes"],
] as const;

/** The most things that a change names. */
const maximumThings = 5;

/**
 * What an act granted, reset or altered: the privilege, role, factor, app, token or policy, as Okta names it; for a
 * change of risk, the old and the new level. Null for a session start, and where the event names no change.
 */
export function changeOf(event: LogEvent): string | null {
  const all = changedThings(event);
  const more = all.length > maximumThings ? [`${all.length - maximumThings} more`] : [];
  return [...all.slice(0, maximumThings), ...more].join("; ") || null;
}

/** Everything that {@link changeOf} names, and what it counts alone, each once. Empty for a session start. */
export function changedThings(event: LogEvent): readonly string[] {
  if (event.eventType === sessionStart) return [];
  const { level, previousLevel } = risk(event);
  const { debugData, target } = event.fields;
  const isRisk = isRiskChange(event.eventType);
  const levels =
    isRisk && level !== null ? [previousLevel === null ? `risk ${level}` : `risk ${previousLevel} to ${level}`] : [];
  const named = details.flatMap(([field, word]) => {
    const value = valueAt(debugData, field);
    const texts = (Array.isArray(value) ? value : [value]).flatMap((each) => text(each) ?? []);
    return texts.length === 0 ? [] : [`${word} ${texts.join(", ")}`];
  });
  const things = target.flatMap((each) => {
    if (each === null || each.type === null || each.type.toLowerCase() === "user") return [];
    const name = [each.displayName, each.alternateId, each.id].find((text) => !isUnknown(text)) ?? null;
    return name === null ? [] : [`${each.type} ${name}`];
  });
  return [...new Set([...levels, ...named, ...things])];
}
