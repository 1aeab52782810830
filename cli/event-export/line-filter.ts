import { createPartIndex, type PartIndex } from "../../lambda/core/sigma/part-index.ts";
import { fold } from "../../lambda/core/sigma/pattern.ts";
import { type Requirement, textRequirementsOf } from "../../lambda/core/sigma/requirements.ts";
import type { Rule } from "../../lambda/core/sigma/rule.ts";

/** The values that an event's text holds in the fields that a filter names. */
export interface FoundValues {
  readonly count: number;
  /** The index of the field's name in {@link LineFilter.names}. */
  readonly nameAt: (index: number) => number;
  /** The most characters of the value's text. */
  readonly lengthAt: (index: number) => number;
  /** The value as rules compare it, folded; null for a list, which may hold any value. */
  readonly textAt: (index: number) => string | null;
}

/** Decides by a few values of an event whether any rule can match it. */
export interface LineFilter {
  /**
   * The names of the fields that rules ask for beside the event type, folded, with an index for each: the last key of a
   * field's path has the index of the whole path.
   */
  readonly names: ReadonlyMap<string, number>;
  /** The checks for events of a type. */
  readonly checksOf: (eventType: string) => Checks;
}

/** The checks of the rules that can match events of one type. */
export interface Checks {
  /** Whether any rule can match an event that holds these values. */
  readonly mayMatch: (found: FoundValues) => boolean;
}

/** A requirement of a field, by the index of its name. */
interface NamedRequirement extends Requirement {
  readonly name: number;
}

/** The requirements of a rule: one that is looked up, and those that have to hold as well. */
interface Alternative {
  readonly first: NamedRequirement;
  readonly others: readonly NamedRequirement[];
}

/** Fields that the pipeline adds to an event: its text does not hold them. */
const addedFields = /^enrichment(?:\.|$)/;

/**
 * Creates a filter out of what rules require of their fields. An event in Okta's own form that it refuses is one that no
 * rule matches, nor may match.
 *
 * @param indexField the field with the type of an event, for example `eventType`
 */
export function createLineFilter(rules: readonly Rule[], indexField: string): LineFilter {
  const names = new Map<string, number>();
  /** All fields of one last key share an index: a text has keys, not paths. */
  const indexOf = (field: string): number => {
    const last = field.slice(field.lastIndexOf(".") + 1);
    const index = names.get(last) ?? names.size;
    for (const name of [last, field]) names.set(name, names.get(name) ?? index);
    return index;
  };
  const ofType = new Map<string, Alternative[]>();
  const ofAnyType: Alternative[] = [];
  const always: Alternative = { first: { name: -1, values: new Map(), parts: new Set() }, others: [] };
  for (const rule of rules) {
    const required = textRequirementsOf(rule);
    const types = required.get(fold(indexField));
    const [first, ...others] = [...required]
      .filter(([field]) => field !== fold(indexField) && !addedFields.test(field) && isPlain(field))
      .map(([field, requirement]): NamedRequirement => ({ ...requirement, name: indexOf(field) }))
      // The one with the fewest alternatives is looked up.
      .sort((a, b) => a.parts.size - b.parts.size || a.values.size - b.values.size);
    const alternative = first === undefined ? always : { first, others };
    if (types === undefined || types.parts.size > 0) ofAnyType.push(alternative);
    else for (const type of types.values.keys()) append(ofType, type, alternative);
  }
  const checksOfOthers = createChecks(ofAnyType);
  const checks = new Map(
    [...ofType].map(([type, alternatives]) => [type, createChecks([...alternatives, ...ofAnyType])]),
  );
  return { names, checksOf: (eventType) => checks.get(fold(eventType)) ?? checksOfOthers };
}

/** Names in ASCII, whose case folds byte by byte. */
function isPlain(name: string): boolean {
  return /^[!-~]+$/.test(name);
}

/** The alternatives that are looked up by the values of one name. */
interface Bucket {
  readonly values: Map<string, Alternative[]>;
  readonly parts: Map<string, Alternative[]>;
}

function createChecks(alternatives: readonly Alternative[]): Checks {
  if (alternatives.length === 0) return { mayMatch: () => false };
  if (alternatives.some(({ first }) => first.name < 0)) return { mayMatch: () => true };
  const buckets = new Map<number, Bucket>();
  for (const alternative of alternatives) {
    const { name, values, parts } = alternative.first;
    const bucket = buckets.get(name) ?? { values: new Map(), parts: new Map() };
    buckets.set(name, bucket);
    for (const value of values.keys()) append(bucket.values, value, alternative);
    for (const part of parts) append(bucket.parts, part, alternative);
  }
  const indexed = new Map(
    [...buckets].map(([name, { values, parts }]) => {
      const shortest = Math.min(...[...values.keys(), ...parts.keys()].map(({ length }) => length));
      return [name, { shortest, values, parts: createPartIndex(parts) }];
    }),
  );
  return { mayMatch: (found) => mayMatch(indexed, found) };
}

function append(lists: Map<string, Alternative[]>, key: string, value: Alternative): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

interface IndexedBucket {
  /** The characters of the shortest value or part: a text of fewer holds none of them. */
  readonly shortest: number;
  readonly values: ReadonlyMap<string, readonly Alternative[]>;
  readonly parts: PartIndex<Alternative>;
}

function mayMatch(buckets: ReadonlyMap<number, IndexedBucket>, found: FoundValues): boolean {
  for (let index = 0; index < found.count; index += 1) {
    const bucket = buckets.get(found.nameAt(index));
    if (bucket === undefined || found.lengthAt(index) < bucket.shortest) continue;
    const text = found.textAt(index);
    if (text === null) return true;
    const holds = ({ others }: Alternative) => others.every((requirement) => isMet(requirement, found));
    if (bucket.values.get(text)?.some(holds) || bucket.parts.find(text).some(holds)) return true;
  }
  return false;
}

function isMet({ name, values, parts }: NamedRequirement, found: FoundValues): boolean {
  for (let index = 0; index < found.count; index += 1) {
    if (found.nameAt(index) !== name) continue;
    const text = found.textAt(index);
    if (text === null || values.has(text)) return true;
    for (const part of parts) if (text.includes(part)) return true;
  }
  return false;
}
