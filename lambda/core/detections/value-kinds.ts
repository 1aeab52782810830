import type { OktaField } from "../okta/log-event-fields.ts";
import { SigmaRuleError } from "../sigma/rule.ts";

/*
 * Values that are nearly what a field has: a text where an event has true, false or a number. A rule with one never matches, and a case with
 * one tests nothing.
 */

/** What is written for true and false in YAML 1.1, in spreadsheets and by hand. */
const nearly: ReadonlyMap<string, boolean> = new Map([
  ...["true", "yes", "y", "on", "t", "1"].map((word) => [word, true] as const),
  ...["false", "no", "n", "off", "f", "0"].map((word) => [word, false] as const),
]);

/**
 * Checks a value of a case: it has to be of the field's kind, as an event has it.
 *
 * @param name the whole name of the field
 * @throws SigmaRuleError that says what to write
 */
export function checkKind(name: string, kind: OktaField["kind"], value: unknown): void {
  if (value === null || value === undefined || typeof value === kind) return;
  const written = JSON.stringify(value);
  if (kind === "boolean") {
    throw new SigmaRuleError(`"${name}" is true or false, never ${written}: ${booleanFor(value)}`);
  }
  if (kind === "number") throw new SigmaRuleError(`"${name}" is a number, never ${written}: ${numberFor(value)}`);
}

/**
 * Checks a text that a rule compares with a field. Rules compare texts: `"true"` and `"600"` are as good as true and 600.
 *
 * @param name the name of the field, as the rule has it
 * @returns a warning for a value that the field never has, and that is near none that it can have; else null
 * @throws SigmaRuleError for a near miss, which says what to write
 */
export function checkText(name: string, kind: OktaField["kind"], text: string): string | null {
  const written = JSON.stringify(text);
  if (kind === "boolean") {
    if (/^(?:true|false)$/i.test(text)) return null;
    if (meantBoolean(text) !== null) {
      throw new SigmaRuleError(`"${name}" is true or false, never ${written}: ${booleanFor(text)}`);
    }
    return `"${name}" is never ${written}: it can be true, false`;
  }
  if (kind !== "number" || String(Number(text)) === text) return null;
  if (meantNumber(text) !== null) {
    throw new SigmaRuleError(`"${name}" is a number, never ${written}: ${numberFor(text)}`);
  }
  return `"${name}" is never ${written}: it is a number`;
}

function booleanFor(value: unknown): string {
  return `write ${meantBoolean(value) ?? "true or false"}, without quotes`;
}

function numberFor(value: unknown): string {
  return `write ${meantNumber(value) ?? "a number"}, without quotes`;
}

/** What a value nearly is, as `"yes"` and 1 nearly are true; null for none. */
export function meantBoolean(value: unknown): boolean | null {
  return nearly.get(String(value).toLowerCase()) ?? null;
}

/** The number that a text nearly is: `AS64500`, `600 km`, `1,000`, `600`; null for none. */
export function meantNumber(value: unknown): number | null {
  if (typeof value !== "string") return null;
  const [, digits] = /^\s*(?:AS|[><~=])*\s*(-?\d[\d,_]*(?:\.\d+)?)\s*[a-z/]*\s*$/i.exec(value) ?? [];
  return digits === undefined ? null : Number(digits.replace(/[,_]/g, ""));
}
