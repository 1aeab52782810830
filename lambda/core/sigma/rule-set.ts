import type { CompiledRule } from "./compile.ts";
import { type Enrichment, isScalar, parsePath } from "./field.ts";
import type { LastEvent, ReadField } from "./last-event.ts";
import { createPartIndex, type PartIndex } from "./part-index.ts";
import { fold } from "./pattern.ts";
import { alternativesOf, type RequiredField, type Requirement, textRequirementsOf } from "./requirements.ts";

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
  /** Whether a field (folded) is read of other fields of the event, at a cost: no rule is looked up by such fields alone. */
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
  const byKind = new Map<string, Required[]>();
  const anyKind: Required[] = [];
  for (const compiled of rules) {
    const required = { compiled, fields: textRequirementsOf(compiled.rule) };
    const kinds = required.fields.get(fold(indexField));
    if (kinds === undefined || kinds.parts.size > 0) anyKind.push(required);
    else for (const kind of kinds.values.keys()) append(byKind, kind, required);
  }
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
    kinds: new Set(byKind.keys()),
    match(event, enrichment) {
      lastEvent.turnTo(event, enrichment);
      const found = readKind(event, enrichment);
      let candidates: CompiledRule[] | null = null;
      const add = (group: Group | null) => {
        if (group) candidates = collect(group, event, enrichment, candidates);
      };
      if (found.unknown) for (const kind of byKind.keys()) add(groupOf(kind));
      else for (const value of found.values) if (isScalar(value)) add(groupOf(fold(String(value))));
      add(always);
      return candidates === null ? none : evaluateAll(candidates, event, enrichment);
    },
  };
}

function evaluateAll(candidates: readonly CompiledRule[], event: unknown, enrichment?: Enrichment): RuleMatch[] {
  const matches: RuleMatch[] = [];
  for (const compiled of candidates.length > 1 ? new Set(candidates) : candidates) {
    const truth = compiled.evaluate(event, enrichment);
    if (truth !== false) matches.push({ compiled, truth });
  }
  return matches;
}

/** Rules that are indexed by one further field each, and rules without such a field. */
interface Group {
  readonly fields: readonly {
    readonly read: ReadField;
    readonly rules: readonly CompiledRule[];
    readonly byValue: ReadonlyMap<string, readonly CompiledRule[]>;
  }[];
  /** Fields of which rules require parts of the text alone, and those of several of which one has to hold, with their whole values. */
  readonly texts: readonly {
    readonly read: ReadField;
    readonly rules: readonly CompiledRule[];
    readonly byValue: ReadonlyMap<string, readonly CompiledRule[]>;
    readonly byPart: PartIndex<CompiledRule>;
  }[];
  readonly rest: readonly CompiledRule[];
  /** The places of the rules in `texts` and `rest`, which are evaluated in their order. */
  readonly places: ReadonlyMap<CompiledRule, number>;
}

/** A rule, and what it requires of an event. */
interface Required {
  readonly compiled: CompiledRule;
  readonly fields: ReadonlyMap<string, Requirement>;
}

/** The rules that are looked up by one field. */
interface Chosen {
  readonly rules: CompiledRule[];
  readonly byValue: Map<string, CompiledRule[]>;
  readonly byPart: Map<string, CompiledRule[]>;
}

function createGroup(required: readonly Required[], { indexField, isDerived, lastEvent }: RuleSetOptions): Group {
  const kind = fold(indexField);
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
  const places = new Map<CompiledRule, number>();
  const byValue = new Map<string, Chosen>();
  const byText = new Map<string, Chosen>();
  for (const { compiled, fields } of required) {
    const [best] = [...fields]
      .filter(([name]) => valuesOf.has(name))
      .sort(
        ([a, first], [b, second]) =>
          Number(first.parts.size > 0) - Number(second.parts.size > 0) ||
          (valuesOf.get(b)?.size ?? 0) - (valuesOf.get(a)?.size ?? 0),
      );
    if (best !== undefined && best[1].parts.size === 0) {
      choose(byValue, compiled, best);
      continue;
    }
    places.set(compiled, places.size);
    const lookUps = best === undefined ? alternativesOf(compiled.rule, { kind, isDerived }) : [best];
    if (lookUps === null) rest.push(compiled);
    else for (const lookUp of lookUps) choose(byText, compiled, lookUp);
  }
  return {
    fields: [...byValue].map(([field, { rules, byValue: values }]) => ({
      read: lastEvent.readerOf(parsePath(field)),
      rules,
      byValue: values,
    })),
    texts: [...byText].map(([field, entry]) => ({
      ...entry,
      read: lastEvent.readerOf(parsePath(field)),
      byPart: createPartIndex(entry.byPart),
    })),
    rest,
    places,
  };
}

/** Has a rule looked up by a field. */
function choose(into: Map<string, Chosen>, compiled: CompiledRule, [field, { values, parts }]: RequiredField): void {
  const entry: Chosen = into.get(field) ?? { rules: [], byValue: new Map(), byPart: new Map() };
  into.set(field, entry);
  entry.rules.push(compiled);
  for (const value of values.keys()) append(entry.byValue, value, compiled);
  for (const part of parts) append(entry.byPart, part, compiled);
}

function append<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function collect(
  group: Group,
  event: unknown,
  enrichment: Enrichment | undefined,
  into: CompiledRule[] | null,
): CompiledRule[] | null {
  let candidates = into;
  const add = (rules: readonly CompiledRule[] | undefined) => {
    if (rules === undefined || rules.length === 0) return;
    candidates ??= [];
    candidates.push(...rules);
  };
  add(group.texts.length === 0 ? group.rest : withTexts(group, event, enrichment));
  for (const { read, rules, byValue } of group.fields) {
    const found = read(event, enrichment);
    if (found.unknown) add(rules);
    else for (const value of found.values) if (isScalar(value)) add(byValue.get(fold(String(value))));
  }
  return candidates;
}

/** The rules without a field to look up, and those whose text the event holds, in order. */
function withTexts(group: Group, event: unknown, enrichment: Enrichment | undefined): readonly CompiledRule[] {
  const { texts, rest, places } = group;
  const found: CompiledRule[] = [];
  for (const { read, rules, byValue, byPart } of texts) {
    const { unknown, values } = read(event, enrichment);
    if (unknown) {
      for (const rule of rules) found.push(rule);
      continue;
    }
    for (const value of values) {
      if (!isScalar(value)) continue;
      const text = fold(String(value));
      found.push(...(byValue.get(text) ?? []), ...byPart.find(text));
    }
  }
  if (found.length === 0) return rest;
  return [...rest, ...found].sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
}
