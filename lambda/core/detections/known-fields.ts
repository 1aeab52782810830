import { distance } from "fastest-levenshtein";
import { catalogRelease, findEventType } from "../okta/event-types.ts";
import { logEvent, type OktaField } from "../okta/log-event-fields.ts";
import { networkKinds } from "../okta/network-service.ts";
import type { GeoJudgement } from "../profiles/judge-location.ts";
import { sessionParts } from "../session-start/session-change.ts";
import { compilePattern, literalOf } from "../sigma/pattern.ts";
import { compileRegex } from "../sigma/regex.ts";
import { type DetectionItem, type Operand, SigmaRuleError } from "../sigma/rule.ts";
import { isObject } from "../values/object.ts";
import { indexField } from "./log-source.ts";
import { checkKind, checkText } from "./value-kinds.ts";

/*
 * The fields that a rule may use, and the values of fields that have few. The build checks rules by them: a rule with a
 * field that no event has never matches, and no other check would find it.
 */

/** The fields that the pipeline adds to an event, under `enrichment.` */
const enrichmentFields: Readonly<Record<string, string>> = {
  "enrichment.geo": "verdict mismatch distanceKm",
  "enrichment.behaviors": "positive",
  "enrichment.network": "anonymous kinds operators key",
  "enrichment.risk": "level previousLevel reasons detectionName",
  "enrichment.person": "id login",
  "enrichment.session": "id changed",
  "enrichment.travel":
    "impossible firstToday speedKmh distanceKm minutes sameNetwork fromCity fromCountry toCity toCountry",
  "enrichment.application": "id",
};

/** The kinds of their values, where they are no text. */
const enrichmentKinds: readonly (readonly [OktaField["kind"], string])[] = [
  ["boolean", "enrichment.geo.mismatch enrichment.network.anonymous"],
  ["boolean", "enrichment.travel.impossible enrichment.travel.firstToday enrichment.travel.sameNetwork"],
  ["boolean", "enrichment.storm.active enrichment.correlation.fired"],
  [
    "number",
    "enrichment.geo.distanceKm enrichment.travel.speedKmh enrichment.travel.distanceKm enrichment.travel.minutes",
  ],
];

const verdicts: readonly GeoJudgement["verdict"][] = ["mismatch", "match", "unknown"];
/** The values of `RiskEventSubjectRiskLevel` in the schema of Okta's Management API. */
const riskLevels = ["LOW", "MEDIUM", "HIGH"] as const;

/** Every value that a field can have, by the field's folded name. */
const closedValues: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ["enrichment.geo.verdict", verdicts],
  ["enrichment.network.kinds", networkKinds],
  ["enrichment.risk.level", riskLevels],
  ["enrichment.risk.previouslevel", riskLevels],
  ["enrichment.session.changed", sessionParts],
]);

/** Names are compared without regard to case, as in the rule engine. */
const fold = (name: string) => name.toLowerCase();

/** The dotted paths of a LogEvent's fields, and whether they are open; without those below an open object. */
function eventPaths(
  field: OktaField,
  parent = "",
): { readonly path: string; readonly isOpen: boolean; readonly kind: OktaField["kind"] }[] {
  return [...field.children.values()].flatMap(({ name, field: child }) => {
    const path = parent === "" ? name : `${parent}.${name}`;
    const isOpen = child.isOpen === true;
    return [{ path, isOpen, kind: child.kind }, ...(isOpen ? [] : eventPaths(child, path))];
  });
}

/** Dotted paths by their folded form. */
const byFolded = (paths: readonly string[]): ReadonlyMap<string, string> =>
  new Map(paths.map((path) => [fold(path), path]));

const all = eventPaths(logEvent);
const ofEvents = byFolded(all.map(({ path }) => path));
const ofEnrichment = byFolded(
  Object.entries(enrichmentFields).flatMap(([parent, names]) => names.split(" ").map((name) => `${parent}.${name}`)),
);
/** The kind of each field's values, by its folded name. */
const kinds: ReadonlyMap<string, OktaField["kind"]> = new Map([
  ...all.map(({ path, kind }) => [fold(path), kind] as const),
  ...enrichmentKinds.flatMap(([kind, names]) => names.split(" ").map((name) => [fold(name), kind] as const)),
]);
const openFields = all.flatMap(({ path, isOpen }) => (isOpen ? [path] : []));
const open = openFields.map(fold);

/**
 * Checks the name of a field that a rule uses.
 *
 * @returns a warning for a field that Okta's documents do not have (Okta may add some); else null
 * @throws SigmaRuleError for a field under `enrichment.` that the pipeline does not add
 */
export function checkField(name: string): string | null {
  const folded = fold(name);
  if (folded === "enrichment" || folded.startsWith("enrichment.")) {
    if (ofEnrichment.has(folded)) return null;
    const known = [...ofEnrichment.values()].join(", ");
    throw new SigmaRuleError(`no event has the field "${name}"${suggest(folded, ofEnrichment)}; known: ${known}`);
  }
  if (ofEvents.has(folded) || open.some((path) => folded.startsWith(`${path}.`))) return null;
  return `Okta's documents have no field "${name}"${suggest(folded, ofEvents)}`;
}

/**
 * Checks a field under `enrichment.` that a case gives, and its value: both have to be as the pipeline writes them, in
 * upper and lower case as well.
 *
 * @param name the whole name, with `enrichment.` before it
 * @throws SigmaRuleError for a field that the pipeline does not add, or a value that the field never has
 */
export function checkGiven(name: string, value: unknown): void {
  const known = ofEnrichment.get(fold(name));
  if (known === undefined) checkField(name);
  else if (known !== name) throw new SigmaRuleError(`no event has the field "${name}"; did you mean "${known}"?`);
  checkKind(name, kinds.get(fold(name)) ?? "text", value);
  const possible = closedValues.get(fold(name));
  if (possible === undefined) return;
  const never = [value].flat().filter((each) => each !== null && !possible.some((one) => one === each));
  if (never.length === 0) return;
  const written = never.map((each) => JSON.stringify(each)).join(", ");
  throw new SigmaRuleError(`"${name}" is never ${written}: it can be ${possible.join(", ")}`);
}

/**
 * Checks the values of an event that a case gives: where Okta has true, false or a number, so has the case.
 *
 * @param name a dotted path of the event
 * @param value the value, or an object or list of values
 * @throws SigmaRuleError for a value of another kind
 */
export function checkEventValue(name: string, value: unknown): void {
  if (Array.isArray(value)) {
    for (const each of value) checkEventValue(name, each);
    return;
  }
  if (isObject(value)) {
    for (const [key, each] of Object.entries(value)) checkEventValue(name === "" ? key : `${name}.${key}`, each);
    return;
  }
  const folded = fold(name.replace(/\.\d+(?=\.|$)/g, ""));
  checkKind(name, kinds.get(folded) ?? "text", value);
}

/** Fields that adjustments of severity may use beside those of rules: they are known once the rules are judged. */
const severityFields: ReadonlySet<string> = new Set(["enrichment.storm.active", "enrichment.correlation.fired"]);

/** Checks the name of a field that an adjustment of severity uses, as {@link checkField} does. */
export function checkSeverityField(name: string): string | null {
  return severityFields.has(fold(name)) ? null : checkField(name);
}

/**
 * Checks the values that a rule compares with `eventType`, or with a field under `enrichment.` that has few values.
 *
 * @returns a warning that names a misspelt event type and the nearest, or the values that the field never has and those
 * that it can have; else null
 * @throws SigmaRuleError for what is nearly true, false or a number where the field has one
 */
export function checkValues(item: DetectionItem): string | null {
  return checkEventTypes(item) ?? checkClosedValues(item) ?? checkKinds(item);
}

/** A warning for a value of another kind than the field's; null for none. */
function checkKinds({ field, values }: DetectionItem): string | null {
  const kind = field === null ? undefined : kinds.get(fold(field));
  if (field === null || kind === undefined) return null;
  const literals = values
    .flat()
    .flatMap((operand) => (operand.kind === "pattern" ? (literalOf(operand.pattern) ?? []) : []));
  return literals.map((text) => checkText(field, kind, text)).find((warning) => warning !== null) ?? null;
}

/** A warning for an event type that is near one of Okta's catalog, and not in it; null for any other item. */
function checkEventTypes({ field, values }: DetectionItem): string | null {
  if (field === null || fold(field) !== fold(indexField)) return null;
  const literals = values
    .flat()
    .flatMap((operand) => (operand.kind === "pattern" ? (literalOf(operand.pattern) ?? []) : []));
  const slips = literals.map(findEventType).filter(({ nearest }) => nearest !== null);
  if (slips.length === 0) return null;
  const meant = slips.map(({ name, nearest }) => `"${name}"; did you mean "${nearest}"?`).join(" ");
  return `Okta's catalog of ${catalogRelease} has no event type ${meant}`;
}

function checkClosedValues({ field, values, cased }: DetectionItem): string | null {
  const possible = field === null ? undefined : closedValues.get(fold(field));
  if (possible === undefined) return null;
  const never = values.filter((operands) => !operands.some((operand) => canMatch(operand, possible, cased)));
  if (never.length === 0) return null;
  const written = never.map((operands) => operands.map(writeOperand).join(" or ")).join(", ");
  return `"${field}" is never ${written}: it can be ${possible.join(", ")}`;
}

function canMatch(operand: Operand, possible: readonly string[], cased: boolean): boolean {
  switch (operand.kind) {
    case "pattern":
      return possible.some(compilePattern(operand.pattern, cased));
    case "regex":
      return possible.some(compileRegex(operand.source, operand.flags));
    case "compare":
    case "cidr":
      return false;
    default:
      return true;
  }
}

const wildcards = ["", "?", "*", "-"] as const;

/** An operand, as its author wrote it. */
export function writeOperand(operand: Operand): string {
  switch (operand.kind) {
    case "pattern":
      return JSON.stringify(
        operand.pattern.map((part) => (typeof part === "string" ? part : wildcards[part])).join(""),
      );
    case "regex":
      return `what matches ${JSON.stringify(operand.source)}`;
    case "compare":
      return "a number";
    default:
      return "an address";
  }
}

/**
 * One edit for so many letters of a name separates a misspelling from the name that is suggested for it; at least 2.
 */
const lettersForOneEdit = 5;

function suggest(name: string, known: ReadonlyMap<string, string>): string {
  const meant = findEnd(name, known) ?? findNear(name, known);
  return meant === null ? "" : `; did you mean "${meant}"?`;
}

/** The least deep of the known fields that end with this name (`isProxy`), or a field of an open object (`debugData.risk`). */
function findEnd(name: string, known: ReadonlyMap<string, string>): string | null {
  const ending = [...known.values()].filter((path) => fold(path).endsWith(`.${name}`));
  const depth = (path: string) => path.split(".").length;
  const [leastDeep] = ending.sort((a, b) => depth(a) - depth(b));
  if (leastDeep !== undefined) return leastDeep;
  const [parent = "", ...below] = name.split(".");
  const root = below.length === 0 ? -1 : open.findIndex((path) => path.endsWith(`.${parent}`));
  return root < 0 ? null : [openFields[root], ...below].join(".");
}

function findNear(name: string, known: ReadonlyMap<string, string>): string | null {
  const plain = (text: string) => text.replace(/[_-]/g, "");
  const ranked = [...known]
    .map(([folded, path]) => ({ path, edits: distance(plain(name), plain(folded)) }))
    .sort((a, b) => a.edits - b.edits);
  const [nearest] = ranked;
  const most = Math.max(2, Math.floor(name.length / lettersForOneEdit));
  return nearest !== undefined && nearest.edits <= most ? nearest.path : null;
}
