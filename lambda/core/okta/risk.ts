import { decode, mayHold, wordsInText } from "./encoded-value.ts";
import { record, text, valueAt } from "./lenient.ts";
import type { LogEvent } from "./log-event.ts";
import { loggedSecurity } from "./logged-security.ts";

/** Okta's risk level of a sign-in or a user. A field that the event lacks is null. */
export interface Risk {
  /** `LOW`, `MEDIUM` or `HIGH`. */
  readonly level: string | null;
  /** The level before, where this is a change of it. */
  readonly previousLevel: string | null;
  readonly reasons: readonly string[];
  /** The detection of Okta's that changed it: `Session Influenced User Risk`. */
  readonly detectionName: string | null;
}

/**
 * The risk in an event, from every field and encoding that holds it. The structured field wins; for an event that
 * changes a user's risk, a field that holds the previous level wins. Other fields with the same level complete it.
 */
export function risk(event: LogEvent): Risk {
  return event.once("risk", readAll);
}

function readAll(event: LogEvent): Risk {
  const { eventType, fields } = event;
  const { securityContext, debugData } = fields;
  const isChange = isRiskChange(eventType);
  const own = read(securityContext?.risk, valueAt(debugData, "risk"));
  // Nearly always the log of the security checks repeats the level, and no more.
  const isRepeated =
    !isChange &&
    typeof own[0]?.level === "string" &&
    !mayHold(valueAt(debugData, "logOnlySecurityData"), partsBesideLevel);
  const logged = isRepeated ? null : loggedSecurity(event);
  const all = logged === null ? own : [...own, ...read(valueAt(logged, "risk"))];
  const chosen = (isChange ? all.find(({ previousLevel }) => previousLevel !== null) : undefined) ?? all[0];
  if (chosen === undefined) return unknownRisk;
  const others = all.filter(({ level }) => level === null || chosen.level === null || level === chosen.level);
  const found = [chosen, ...others];
  const first = <Value>(of: (each: Risk) => Value | null) => found.map(of).find((each) => each !== null) ?? null;
  return {
    level: first(({ level }) => level),
    previousLevel: first(({ previousLevel }) => previousLevel),
    reasons: first(({ reasons }) => (reasons.length > 0 ? reasons : null)) ?? [],
    detectionName: first(({ detectionName }) => detectionName),
  };
}

const partsBesideLevel = wordsInText("previousLevel", "reasons", "detectionName");

/** The risks of some fields, without those that are empty. */
function read(...places: readonly unknown[]): readonly Risk[] {
  return places.flatMap((place) => readRisk(place) ?? []).filter((each) => !isEmpty(each));
}

/** Whether Okta suspects a threat in a sign-in (ThreatInsight). */
export function suspectsThreat({ fields: { debugData } }: Pick<LogEvent, "fields">): boolean {
  return String(valueAt(debugData, "threatSuspected")).toLowerCase() === "true";
}

/**
 * Whether an event reports a change of a user's risk (`user.risk.change`, `user.risk.detect`): its target is the user
 * at risk.
 */
export function isRiskChange(eventType: string): boolean {
  return /^user\.risk\./i.test(eventType);
}

const unknownRisk: Risk = { level: null, previousLevel: null, reasons: [], detectionName: null };

function isEmpty({ level, previousLevel, reasons, detectionName }: Risk): boolean {
  return level === null && previousLevel === null && detectionName === null && reasons.length === 0;
}

function readRisk(value: unknown): Risk | null {
  const decoded = decode(value);
  // A level alone: `risk: "HIGH"`.
  if (typeof decoded === "string") {
    const level = levelOf(decoded);
    return level === null ? null : { level, previousLevel: null, reasons: [], detectionName: null };
  }
  return record(decoded, (get) => ({
    level: levelOf(get("level")),
    previousLevel: levelOf(get("previousLevel")),
    reasons: reasonsOf(get("reasons")),
    detectionName: text(get("detectionName")),
  }));
}

/** A level as Okta writes it, in upper case. */
function levelOf(value: unknown): string | null {
  const level = text(value)?.trim().toUpperCase() ?? "";
  return /^[A-Z_]{1,30}$/.test(level) ? level : null;
}

function reasonsOf(value: unknown): readonly string[] {
  const decoded = decode(value);
  const all = typeof decoded === "string" ? decoded.split(",") : Array.isArray(decoded) ? decoded : [];
  return all
    .filter((reason): reason is string => typeof reason === "string")
    .map((reason) => reason.trim())
    .filter((reason) => reason !== "");
}
