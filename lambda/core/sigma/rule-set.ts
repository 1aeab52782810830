import { onceEach } from "../values/once-each.ts";
import type { CompiledRule } from "./compile.ts";
import { type Enrichment, isScalar, parsePath } from "./field.ts";
import type { LastEvent, ReadField } from "./last-event.ts";
import { createPartIndex, type PartIndex } from "./part-index.ts";
import { fold } from "./pattern.ts";
import { alternativesOf, type Requirement, writtenRequirementsOf } from "./requirements.ts";

/** A rule that an event matches, or may match once all of its fields are known. */
export interface RuleMatch {
  readonly compiled: CompiledRule;
  readonly truth: true | "unknown";
}

/** An index of rules: the cost of an event hardly grows with their number. */
export interface RuleSet {
  readonly rules: readonly CompiledRule[];
  /** The kinds of event that some rule names, in lower case. */
  readonly kinds: ReadonlySet<string>;
  /** The rules that an event matches, or may match. */
  readonly match: (event: unknown, enrichment?: Enrichment) => readonly RuleMatch[];
}

const none: readonly RuleMatch[] = [];

/** How a set is arranged. */
export interface RuleSetOptions {
  /** The field that holds the kind of an event, for example `eventType`. */
  readonly indexField: string;
  /** Whether a field is read of other fields of the event, at a cost: no rule is looked up by such fields alone. */
  readonly isDerived: (field: string) => boolean;
  /** The event that the rules were asked for last. */
  readonly lastEvent: LastEvent;
}

/**
 * Arranges rules by the values that they require of an event.
 *
 * Nearly every rule of a log names the kind of its event by a plain value, and one more field beside it. An event is
 * looked up by its value of `indexField`, then, among the rules that name that value, by one more field of each, or by those of which one has
 * to hold: by its value, or by the parts of its text that patterns require. Only rules that are left are evaluated. The requirements come
 * from the rule's condition; where they are unclear, or about derived fields alone, the rule is evaluated.
 */
export function createRuleSet(rules: readonly CompiledRule[], options: RuleSetOptions): RuleSet {
  const { indexField, lastEvent } = options;
  const readKind = lastEvent.readerOf(parsePath(indexField));
  const kinds = new Set<string>();
  const byKind = new Map<string, Required[]>();
  const anyKind: Required[] = [];
  for (const compiled of rules) {
    const required = { compiled, fields: writtenRequirementsOf(compiled.rule) };
    for (const [field, { values, parts }] of required.fields) {
      if (parts.size === 0 && fold(field) === fold(indexField)) for (const kind of values.keys()) kinds.add(kind);
    }
    const named = required.fields.get(indexField);
    if (named === undefined || named.parts.size > 0) anyKind.push(required);
    else for (const kind of named.values.keys()) append(byKind, kind, required);
  }
  const places = new Map(rules.map((rule, index) => [rule, index]));
  const placeOf = (rule: CompiledRule) => places.get(rule) ?? 0;
  const always = anyKind.length === 0 ? null : createGroup(anyKind, options);
  // Built at the first event of the kind: a cold start handles one delivery, mostly of one kind.
  const groups = new Map<string, Group>();
  const groupOf = (kind: string): Group | null => {
    const known = groups.get(kind);
    if (known !== undefined) return known;
    const members = byKind.get(kind);
    if (members === undefined) return null;
    const group = createGroup(members, options);
    groups.set(kind, group);
    return group;
  };

  return {
    rules,
    kinds,
    match(event, enrichment) {
      lastEvent.turnTo(event, enrichment);
      const found = readKind(event, enrichment);
      const candidates: CompiledRule[] = [];
      const add = (group: Group | null) => {
        if (group) collect(group, event, enrichment, candidates);
      };
      if (found.unknown) for (const kind of byKind.keys()) add(groupOf(kind));
      else for (const value of found.values) if (isScalar(value)) add(groupOf(fold(String(value))));
      add(always);
      if (candidates.length === 0) return none;
      const matches: RuleMatch[] = [];
      for (const compiled of inOrder(candidates, placeOf)) {
        const truth = compiled.evaluate(event, enrichment);
        if (truth !== false) matches.push({ compiled, truth });
      }
      return matches;
    },
  };
}

/** The rules, each once, in the order of the set. */
function inOrder(
  candidates: readonly CompiledRule[],
  placeOf: (rule: CompiledRule) => number,
): readonly CompiledRule[] {
  if (candidates.length === 1) return candidates;
  return [...new Set(candidates)].sort((first, second) => placeOf(first) - placeOf(second));
}

/** Rules that are looked up by further fields, and rules without such a field. */
interface Group {
  readonly lookUps: readonly LookUp[];
  readonly rest: readonly CompiledRule[];
}

/** A field, and the rules that are looked up by it: by a whole value, or by parts that a text holds. */
interface LookUp {
  readonly read: ReadField;
  readonly rules: CompiledRule[];
  readonly byValue: Map<string, CompiledRule[]>;
  readonly byPart: Map<string, CompiledRule[]>;
}

/** Made at the first text that is looked into: most events have none. */
const partIndexOf = onceEach((byPart: LookUp["byPart"]): PartIndex<CompiledRule> => createPartIndex(byPart));

/** A rule, and what it requires of an event. */
interface Required {
  readonly compiled: CompiledRule;
  readonly fields: ReadonlyMap<string, Requirement>;
}

function createGroup(required: readonly Required[], { indexField: kind, isDerived, lastEvent }: RuleSetOptions): Group {
  // The field with the most values divides the rules best; a field that rules share is read once.
  const valuesOf = new Map<string, Set<string>>();
  for (const { fields } of required) {
    for (const [field, { values, parts }] of fields) {
      if (field === kind || isDerived(field)) continue;
      const all = valuesOf.get(field) ?? new Set();
      for (const value of [...values.keys(), ...parts]) all.add(value);
      valuesOf.set(field, all);
    }
  }
  const rest: CompiledRule[] = [];
  const lookUps = new Map<string, LookUp>();
  const lookUpBy = (field: string): LookUp => {
    const known = lookUps.get(field);
    if (known !== undefined) return known;
    const read = lastEvent.readerOf(parsePath(field));
    const made: LookUp = { read, rules: [], byValue: new Map(), byPart: new Map() };
    lookUps.set(field, made);
    return made;
  };
  for (const { compiled, fields } of required) {
    const [best] = [...fields]
      .filter(([name]) => valuesOf.has(name))
      .sort(
        ([a, first], [b, second]) =>
          Number(first.parts.size > 0) - Number(second.parts.size > 0) ||
          (valuesOf.get(b)?.size ?? 0) - (valuesOf.get(a)?.size ?? 0),
      );
    const fieldsOf = best === undefined ? alternativesOf(compiled.rule, { kind, isDerived }) : [best];
    if (fieldsOf === null) rest.push(compiled);
    else for (const [field, required] of fieldsOf) choose(lookUpBy(field), compiled, required);
  }
  return { lookUps: [...lookUps.values()], rest };
}

/** Has a rule looked up. */
function choose({ rules, byValue, byPart }: LookUp, compiled: CompiledRule, { values, parts }: Requirement): void {
  rules.push(compiled);
  for (const value of values.keys()) append(byValue, value, compiled);
  for (const part of parts) append(byPart, part, compiled);
}

function append<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** Adds the rules that an event may match: one several times where several of its values say so. */
function collect(
  { lookUps, rest }: Group,
  event: unknown,
  enrichment: Enrichment | undefined,
  into: CompiledRule[],
): void {
  // Not as arguments of one call: a list of an event may have a hundred thousand values.
  const add = (rules: readonly CompiledRule[]) => {
    for (const rule of rules) into.push(rule);
  };
  add(rest);
  for (const { read, rules, byValue, byPart } of lookUps) {
    const { unknown, values } = read(event, enrichment);
    if (unknown) {
      add(rules);
      continue;
    }
    for (const value of values) {
      if (!isScalar(value)) continue;
      const text = fold(String(value));
      add(byValue.get(text) ?? []);
      if (byPart.size > 0) add(partIndexOf(byPart).find(text));
    }
  }
}
