import { at, type Condition, type DetectionItem, type RuleWarning, type Selection, SigmaRuleError } from "../rule.ts";
import { applyModifiers, type Placeholders, type SigmaValue } from "./modifiers.ts";
import { parseCondition, selectionsOf, wordsOf } from "./parse-condition.ts";

/** The detection of a rule or filter: search identifiers, and the condition over them. */
export interface Detection {
  /** The selections that the condition uses. */
  readonly selections: Readonly<Record<string, Selection>>;
  readonly condition: Condition;
}

/** Options of parsing a detection. */
export interface DetectionOptions {
  /** The values that the modifier `expand` inserts for `%name%`. @default none */
  readonly placeholders?: Placeholders;
  /**
   * Returns a warning about a field's name, or null. Throws a {@link SigmaRuleError} for a field that no event has.
   * @default every name is accepted
   */
  readonly checkField?: (name: string) => string | null;
  /** Returns a warning about the values of a field, or null. @default every value is accepted */
  readonly checkValues?: (item: DetectionItem) => string | null;
}

type Path = readonly (string | number)[];

/** The state that the parts of a detection share while it is parsed. */
interface Context {
  readonly placeholders: Placeholders;
  readonly checkField: (name: string) => string | null;
  readonly checkValues: (item: DetectionItem) => string | null;
  readonly warnings: RuleWarning[];
}

/**
 * Parses search identifiers and condition, as they stand below `detection:` of a rule or `filter:` of a filter.
 *
 * The specification leaves the names of search identifiers open. This parser accepts every name that a condition can
 * use; SigmaHQ's rules have names with a dot or a modifier, which a pattern matches.
 *
 * @param body a map of selections by name, and `condition`: an expression, or a list of which any has to hold
 * @param path where the body stands in its document
 * @throws SigmaRuleError with the path of the first fault
 */
export function parseDetection(
  body: Readonly<Record<string, unknown>>,
  path: Path,
  { placeholders = {}, checkField = () => null, checkValues = () => null }: DetectionOptions,
): { readonly detection: Detection; readonly warnings: readonly RuleWarning[] } {
  const context: Context = { placeholders, checkField, checkValues, warnings: [] };
  const { condition: written, ...identifiers } = body;
  if (Object.hasOwn(identifiers, "timeframe")) {
    throw new SigmaRuleError("timeframe went with aggregations, which Sigma 2 no longer has; it cannot be run", [
      ...path,
      "timeframe",
    ]);
  }
  const names = Object.keys(identifiers);
  for (const name of names) {
    if (!/^[^\s()*]+$/.test(name)) {
      throw new SigmaRuleError("a selection's name has no spaces, parentheses and *: no condition could name it", [
        ...path,
        name,
      ]);
    }
  }
  const selections = Object.entries(identifiers).map(
    ([name, each]) => [name, parseSelection(each, [...path, name], context)] as const,
  );
  const conditionPath = [...path, "condition"];
  const alternatives = at(conditionPath, () =>
    (Array.isArray(written) ? written : [written]).map((text: unknown) => {
      if (typeof text !== "string" || text.trim() === "") {
        throw new SigmaRuleError("expected a condition over the selections, for example: selection");
      }
      return parseCondition(text, names);
    }),
  );
  const [only, ...others] = alternatives;
  if (only === undefined) throw new SigmaRuleError("expected at least one condition", conditionPath);
  const condition: Condition = others.length === 0 ? only : { kind: "or", operands: alternatives };
  const used = selectionsOf(condition);
  const isWritten = (name: string) => [written].flat().some((text) => wordsOf(String(text)).includes(name));
  for (const name of names) {
    const warning = used.has(name)
      ? warningOfName(name, isWritten)
      : `the selection "${name}" is never used by the condition, and has no effect`;
    if (warning !== null) context.warnings.push({ message: warning, path: [...path, name] });
  }
  return {
    detection: { selections: Object.fromEntries(selections.filter(([name]) => used.has(name))), condition },
    warnings: context.warnings,
  };
}

function warningOfName(name: string, isWritten: (name: string) => boolean): string | null {
  if (/^[\w-]+$/.test(name)) return null;
  if (name.includes("|")) {
    return `"${name}": a modifier belongs to a field; in the name of a selection it has no effect`;
  }
  // https://github.com/SigmaHQ/pySigma/blob/main/sigma/conditions.py
  return isWritten(name)
    ? `pySigma reads no name such as "${name}" in a condition: use letters, digits, _ and -, or name it by a pattern`
    : null;
}

/** A map of fields, a list of such maps, or keywords; maps and keywords may be mixed in a list. */
function parseSelection(body: unknown, path: Path, context: Context): Selection {
  if (!Array.isArray(body)) return [parseAlternative(body, path, context)];
  if (body.length === 0) throw new SigmaRuleError("a selection needs at least one map of fields or one keyword", path);
  return body.map((each: unknown, index) => parseAlternative(each, [...path, index], context));
}

function parseAlternative(body: unknown, path: Path, context: Context): readonly DetectionItem[] {
  if (isScalarValue(body)) return [at(path, () => applyModifiers(null, [], [body], context.placeholders))];
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new SigmaRuleError("expected a map of fields to values, or a keyword", path);
  }
  const items = Object.entries(body).map(([key, value]) => parseItem(key, value, [...path, key], context));
  if (items.length === 0) throw new SigmaRuleError("a selection without a field would match every event", path);
  return items;
}

function parseItem(key: string, value: unknown, path: Path, context: Context): DetectionItem {
  const [name = "", ...modifiers] = key.split("|");
  if (name === "" && modifiers.length === 0) throw new SigmaRuleError("a field needs a name", path);
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.length === 0) throw new SigmaRuleError("an empty list of values matches nothing", path);
  if (values.length > 1 && values.includes(null)) {
    throw new SigmaRuleError("null cannot stand in a list of values; give it a selection of its own", path);
  }
  const checked = values.map((each, index) => {
    const valuePath = Array.isArray(value) ? [...path, index] : path;
    if (typeof each === "number" && !Number.isSafeInteger(each) && Number.isInteger(each)) {
      throw new SigmaRuleError("a number this large is not exact; put it in quotes", valuePath);
    }
    if (!isScalarValue(each)) throw new SigmaRuleError("expected text, a number, true, false or null", valuePath);
    return each;
  });
  const item = at(path, () => applyModifiers(name === "" ? null : name, modifiers, checked, context.placeholders));
  for (const field of fieldsOf(item)) {
    const warning = at(path, () => context.checkField(field));
    if (warning !== null) context.warnings.push({ message: warning, path });
  }
  const odd = at(path, () => context.checkValues(item));
  if (odd !== null) context.warnings.push({ message: odd, path });
  return item;
}

/** The fields of an event that an item reads: its own, and those that `fieldref` compares it with. */
function fieldsOf({ field, values }: DetectionItem): readonly string[] {
  const others = values.flat().flatMap((operand) => (operand.kind === "field" ? [operand.field] : []));
  return field === null ? others : [field, ...others];
}

function isScalarValue(value: unknown): value is SigmaValue {
  return value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
