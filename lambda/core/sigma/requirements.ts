import { onceEach } from "../values/once-each.ts";
import { fold, literalOf, type Pattern } from "./pattern.ts";
import type { Condition, DetectionItem, Operand, Rule } from "./rule.ts";

/** What a rule requires of a field: that the event holds one of these values, or text that contains one of these parts. */
export interface Requirement {
  /** Whole values by their folded form, each as the rule writes it. */
  readonly values: Values;
  /** Parts of a value, folded and not empty: what stands between wildcards. */
  readonly parts: ReadonlySet<string>;
}

/** Values by their folded form, each as the rule writes it. */
type Values = ReadonlyMap<string, string>;

/** Requirements by field. */
type Requirements = ReadonlyMap<string, Requirement>;

/**
 * The requirements of a rule: for each field (folded), plain values of which the event must hold one. Other fields may
 * hold any value.
 */
export function requirementsOf(rule: Rule): ReadonlyMap<string, Values> {
  const plain = [...textRequirementsOf(rule)].filter(([, { parts }]) => parts.size === 0);
  return new Map(plain.map(([field, { values }]) => [field, values]));
}

/**
 * The requirements of a rule, those of patterns among them: for each field (folded), values and parts of which the event
 * must hold one. A rule without an entry for a field may match whatever the field holds.
 */
export const textRequirementsOf = onceEach((rule: Rule) => requirementsBy(rule, fold));

/**
 * As {@link textRequirementsOf}, by each field as the rule writes it: of keys that differ in case alone an event is asked for the one as
 * written.
 */
export const writtenRequirementsOf = onceEach((rule: Rule) => requirementsBy(rule, (field) => field));

function requirementsBy(rule: Rule, nameOf: (field: string) => string): Requirements {
  return readCondition<Requirements>(rule, {
    ofItem: (item) => ofItem(item, nameOf),
    every: allOf,
    some: anyOf,
    unclear: new Map(),
  });
}

/** What is read of a rule's items, and how it is put together. */
interface Reading<Value> {
  readonly ofItem: (item: DetectionItem) => Value;
  /** Of what all has to hold. */
  readonly every: (values: readonly Value[]) => Value;
  /** Of what one has to hold. */
  readonly some: (values: readonly Value[]) => Value;
  /** Of what must not hold. */
  readonly unclear: Value;
}

/** Reads a rule's condition, down to the items of its selections. */
function readCondition<Value>(
  { condition, selections }: Rule,
  { ofItem, every, some, unclear }: Reading<Value>,
): Value {
  const read = (each: Condition): Value => {
    switch (each.kind) {
      case "selection":
        return some((selections[each.name] ?? []).map((items) => every(items.map(ofItem))));
      case "and":
        return every(each.operands.map(read));
      case "or":
        return some(each.operands.map(read));
      case "not":
        return unclear;
    }
  };
  return read(condition);
}

/** A field, as the rule writes it, and what the rule requires of it. */
export type RequiredField = readonly [field: string, requirement: Requirement];

/**
 * Requirements of which an event that the rule matches meets one, each of another field: `1 of selection_*` is as many. Null where there
 * are none, or where a selection that suffices requires nothing that is clear.
 *
 * @param kind the field of an event's kind, which is no alternative
 * @param isDerived whether a field is one that only stands beside alternatives of other fields
 */
export function alternativesOf(
  rule: Rule,
  { kind, isDerived }: { readonly kind: string; readonly isDerived: (field: string) => boolean },
): readonly RequiredField[] | null {
  const areDerived = (all: readonly RequiredField[]) => all.every(([field]) => isDerived(field));
  const isBetter = (first: readonly RequiredField[], second: readonly RequiredField[]) =>
    areDerived(first) === areDerived(second) ? first.length < second.length : areDerived(second);
  const found = readCondition<readonly RequiredField[] | null>(rule, {
    ofItem: (item) => {
      const required = [...ofItem(item, (field) => field)].filter(([field]) => field !== kind);
      return required.length === 0 ? null : required;
    },
    // One of them is enough.
    every: (all) =>
      all.reduce((best, each) => (each !== null && (best === null || isBetter(each, best)) ? each : best), null),
    some: (all) => (all.includes(null) ? null : all.flatMap((each) => each ?? [])),
    unclear: null,
  });
  return found === null || areDerived(found) ? null : found;
}

function ofItem(item: DetectionItem, nameOf: (field: string) => string): Requirements {
  if (item.field === null || item.negated || item.part !== null) return new Map();
  const ofValues = item.values.map((operands) => union(operands.map((operand) => ofOperand(operand, item.cased))));
  const required = item.linking === "all" ? narrowest(ofValues) : union(ofValues);
  return required === null ? new Map() : new Map([[nameOf(item.field), required]]);
}

const noValues: Values = new Map();
const noParts: ReadonlySet<string> = new Set();

/** Null where an operand takes values that share no text. */
function ofOperand(operand: Operand, cased: boolean): Requirement | null {
  if (operand.kind !== "pattern") return null;
  const literal = literalOf(operand.pattern);
  if (literal !== null) return { values: new Map([[fold(literal), literal]]), parts: noParts };
  const part = longestPart(operand.pattern);
  // Case folds outside of ASCII by what stands beside a letter: a part of a text may fold in another way than the whole.
  if (part === null || (cased && !/^[ -~]*$/.test(part))) return null;
  return { values: noValues, parts: new Set([fold(part)]) };
}

function longestPart(pattern: Pattern): string | null {
  const literals = pattern.filter((part) => typeof part === "string");
  return literals.reduce<string | null>((best, part) => (part.length > (best?.length ?? 0) ? part : best), null);
}

/** One of some requirements of one field has to hold; null where one of them is unclear. */
function union(requirements: readonly (Requirement | null)[]): Requirement | null {
  const [only = null] = requirements;
  if (requirements.length === 1) return only;
  const known = requirements.filter((each) => each !== null);
  if (known.length === 0 || known.length < requirements.length) return null;
  return {
    values: new Map(known.flatMap(({ values }) => [...values])),
    parts: new Set(known.flatMap(({ parts }) => [...parts])),
  };
}

/** The narrowest of requirements of one field that all have to hold; null where none is clear. */
function narrowest(requirements: readonly (Requirement | null)[]): Requirement | null {
  return requirements.reduce(
    (best, each) => (each !== null && (best === null || isNarrower(each, best)) ? each : best),
    null,
  );
}

/** Whole values are narrower than parts of them; beyond that, fewer alternatives are, then longer parts. */
function isNarrower(first: Requirement, second: Requirement): boolean {
  if (first.parts.size === 0 || second.parts.size === 0) {
    if (first.parts.size !== second.parts.size) return first.parts.size === 0;
    return first.values.size < second.values.size;
  }
  const [ofFirst, ofSecond] = [first.parts.size + first.values.size, second.parts.size + second.values.size];
  return ofFirst < ofSecond || (ofFirst === ofSecond && shortest(first.parts) > shortest(second.parts));
}

const shortest = (parts: ReadonlySet<string>) => Math.min(...[...parts].map(({ length }) => length));

/** Combines demands that all have to hold: of two demands on one field, the narrower one counts. */
function allOf(demands: readonly Requirements[]): Requirements {
  const [only] = demands;
  if (only !== undefined && demands.length === 1) return only;
  const all = new Map<string, Requirement>();
  for (const [field, required] of demands.flatMap((demand) => [...demand])) {
    const known = all.get(field);
    if (known === undefined || isNarrower(required, known)) all.set(field, required);
  }
  return all;
}

/** Combines demands of which one has to hold: only fields that all of them require remain required. */
function anyOf(demands: readonly Requirements[]): Requirements {
  const [first, ...others] = demands;
  if (first === undefined) return new Map();
  if (others.length === 0) return first;
  const shared = [...first.keys()].filter((field) => others.every((other) => other.has(field)));
  return new Map(
    shared.flatMap((field) => {
      const required = union(demands.map((demand) => demand.get(field) ?? null));
      return required === null ? [] : [[field, required] as const];
    }),
  );
}
