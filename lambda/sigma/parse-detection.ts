import { applyModifiers, type Placeholders, type SigmaValue } from "./modifiers.ts";
import { parseCondition, selectionsOf } from "./parse-condition.ts";
import { at, type Condition, type DetectionItem, type Selection, SigmaRuleError } from "./rule.ts";

/** The part of a rule or filter that decides: search identifiers, and the condition over them. */
export interface Detection {
  readonly selections: Readonly<Record<string, Selection>>;
  readonly condition: Condition;
}

type Path = readonly (string | number)[];

/**
 * Parses search identifiers and condition, as they stand below `detection:` of a rule or `filter:` of a filter.
 *
 * @param body a map of selections by name, and `condition`: an expression, or a list of which any has to hold
 * @param path where the body stands in its document
 * @throws SigmaRuleError with the path of the first fault
 */
export function parseDetection(
  body: Readonly<Record<string, unknown>>,
  path: Path,
  placeholders: Placeholders,
): Detection {
  const { condition: written, ...identifiers } = body;
  if (Object.hasOwn(identifiers, "timeframe")) {
    throw new SigmaRuleError("timeframe went with aggregations, which Sigma 2 no longer has; it cannot be run", [
      ...path,
      "timeframe",
    ]);
  }
  const names = Object.keys(identifiers);
  for (const name of names) {
    if (!/^[\w-]+$/.test(name)) {
      throw new SigmaRuleError("a selection's name has letters, digits, _ and - only", [...path, name]);
    }
  }
  const selections = Object.fromEntries(
    Object.entries(identifiers).map(([name, each]) => [name, parseSelection(each, [...path, name], placeholders)]),
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
  const unused = names.find((name) => !used.has(name));
  if (unused !== undefined) {
    throw new SigmaRuleError(`the selection "${unused}" is never used by the condition`, [...path, unused]);
  }
  return { selections, condition };
}

/** A map of fields, a list of such maps, or keywords; maps and keywords may be mixed in a list. */
function parseSelection(body: unknown, path: Path, placeholders: Placeholders): Selection {
  if (!Array.isArray(body)) return [parseAlternative(body, path, placeholders)];
  if (body.length === 0) throw new SigmaRuleError("a selection needs at least one map of fields or one keyword", path);
  return body.map((each: unknown, index) => parseAlternative(each, [...path, index], placeholders));
}

function parseAlternative(body: unknown, path: Path, placeholders: Placeholders): readonly DetectionItem[] {
  if (isScalarValue(body)) return [at(path, () => applyModifiers(null, [], [body], placeholders))];
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new SigmaRuleError("expected a map of fields to values, or a keyword", path);
  }
  const items = Object.entries(body).map(([key, value]) => parseItem(key, value, [...path, key], placeholders));
  if (items.length === 0) throw new SigmaRuleError("a selection without a field would match every event", path);
  return items;
}

function parseItem(key: string, value: unknown, path: Path, placeholders: Placeholders): DetectionItem {
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
  return at(path, () => applyModifiers(name === "" ? null : name, modifiers, checked, placeholders));
}

function isScalarValue(value: unknown): value is SigmaValue {
  return value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
