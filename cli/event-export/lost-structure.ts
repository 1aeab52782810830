import { decode } from "../../lambda/core/okta/encoded-value.ts";
import { logEvent, type OktaField } from "../../lambda/core/okta/log-event-fields.ts";
import { isObject, type Json } from "../../lambda/core/values/object.ts";

/** A field that is an object, a list, or of any kind, or holds one. */
interface Structure {
  readonly name: string;
  readonly field: OktaField;
  readonly within: readonly Structure[];
}

/** Rules and alerts read no field of free-form objects. */
const structuresOf = ({ children }: OktaField): readonly Structure[] =>
  [...children.values()].flatMap(({ name, field }) => {
    const within = structuresOf(field);
    return field.children.size > 0 || field.kind === "any" ? [{ name, field, within }] : [];
  });
const structures = structuresOf(logEvent);

/** Fields that Okta itself writes as text in some events, and whose readers accept text. */
const readAsText: ReadonlySet<string> = new Set([
  "target",
  "request.ipChain",
  "client.ipChain",
  "ipDetails",
  "ipServiceCategories",
  "risk",
  "userBehaviors",
  "debugData",
]);
/** Okta leaves open what lies below, and writes some of it as text. */
const openPath = "debugContext.debugData.";

const powerShell = /^\s*@\{|^System\.(?:Object|Collections)\b|\bSystem\.Object\[\]/;
const python = /^\s*[[{(]+\s*'/;

/**
 * Finds text in the place of an object or a list: an exporter left its content out, so that no rule can match it.
 *
 * @returns the field, with the remedy; null for none
 */
export function describeLostStructure(event: Json): string | null {
  return findIn(event, structures, "", describeText);
}

/**
 * Whether text stands where Okta has an object or a list, whatever the text: a reader may take it, or it is a fault. What
 * Okta leaves open does not count.
 */
export function holdsTextForStructure(event: Json): boolean {
  const isOfStructure: DescribeText = (_, { kind }, path) =>
    kind === "any" || path.startsWith(openPath) ? null : path;
  return findIn(event, structures, "", isOfStructure) !== null;
}

/** Whether text is what PowerShell or Python write for an object: a fault in every field that may hold one. */
export function isSpoiled(text: string): boolean {
  return powerShell.test(text) || python.test(text);
}

/** What PowerShell writes for the elements of a list, anywhere in a text. */
export const spoiledList = "System.Object[]";

type DescribeText = (text: string, field: OktaField, path: string, name: string) => string | null;

function findIn(record: Json, known: readonly Structure[], path: string, describe: DescribeText): string | null {
  for (const { name, field, within } of known) {
    const value = record[name];
    if (value === undefined || value === null || typeof value === "boolean" || typeof value === "number") continue;
    const at = path === "" ? name : `${path}.${name}`;
    for (const each of Array.isArray(value) ? value : [value]) {
      const found = typeof each === "string" ? describe(each, field, at, name) : null;
      const further = found ?? (isObject(each) && within.length > 0 ? findIn(each, within, at, describe) : null);
      if (further !== null) return further;
    }
  }
  return null;
}

function describeText(text: string, { kind }: OktaField, path: string, name: string): string | null {
  const stands = `${path}: text stands where Okta has ${kind === "object" ? "an object" : "a list"}`;
  if (powerShell.test(text)) {
    return `${stands}, as PowerShell writes what lies too deep: export again with ConvertTo-Json -Depth 20`;
  }
  if (python.test(text)) return `${stands}, as Python writes it: export it as JSON (pandas: to_json, json.dumps)`;
  if (kind === "any" || /^\s*(?:null|none)?\s*$/i.test(text)) return null;
  if (path.startsWith(openPath)) return null;
  const isRead = readAsText.has(name) || readAsText.has(path);
  return isRead && typeof decode(text) === "object" ? null : `${stands}: export the event as JSON`;
}
