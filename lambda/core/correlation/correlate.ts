import { createHash } from "node:crypto";
import { type Correlation, isTemporal } from "../sigma/correlation.ts";
import { onceEach } from "../values/once-each.ts";
import { advance, type Match, type SlotFired } from "./advance.ts";
import { byTime, type Entry, type EventNote, emptyGroup, type GroupState, slotNumber } from "./group-state.ts";

/** Correlations, arranged by what takes part in them. */
export interface CorrelationPlan {
  /** Each behind those that take part in it. */
  readonly correlations: readonly Correlation[];
  /**
   * The same by stages. What takes part in a stage's correlations are rules, correlations of the stages before, and those of the
   * same stage and the same group, which come before it: each stage takes one write of a group.
   */
  readonly stages: readonly (readonly Correlation[])[];
  /** The correlations that a rule or correlation takes part in, by its id, each with its index there. */
  readonly partsOf: ReadonlyMap<string, readonly Part[]>;
  /** The fields that matches of a rule or correlation carry for the correlations over the one that they take part in. */
  readonly carried: ReadonlyMap<Correlation, readonly string[]>;
}

/** A rule's place in a correlation. */
interface Part {
  readonly correlation: Correlation;
  readonly rule: number;
}

/** An event and the rules that it matches. */
export interface CorrelatedEvent {
  readonly uuid: string;
  /** When it was published, in milliseconds since 1970. */
  readonly at: number;
  /** The ids of the rules that match it. */
  readonly rules: Iterable<string>;
  /** The values of a field as text; none where it is missing, null, or not known yet. */
  readonly valuesOf: (field: string) => readonly string[];
  /** Writes what alerts of later events say of this one. @default none is kept */
  readonly note?: () => EventNote;
}

/** A match, and the group of a correlation that it takes part in. */
export interface GroupMatch {
  readonly correlation: Correlation;
  /** The values of the correlation's `group-by`, in its order. */
  readonly group: readonly string[];
  readonly match: Match;
}

/** Matches by group, and those that take no part. */
export interface GroupMatches {
  readonly matches: readonly GroupMatch[];
  /** Correlations in which the event takes no part, as it has no value in a field that they group by or read. */
  readonly without: readonly Correlation[];
}

/** An entry of a firing's window. */
export interface WindowEntry extends Entry {
  /** Whether it is of a correlation that takes part, in the place of that one's match ({@link withParts}). @default false */
  readonly isPart?: boolean;
}

/** A correlation that fires. Correlation, group and slot identify it. */
export interface Firing extends SlotFired {
  readonly window: readonly WindowEntry[];
  readonly correlation: Correlation;
  readonly group: readonly string[];
  /** What is kept of correlations that take part, and of theirs, where their groups have the same values. @default none */
  readonly inner?: ReadonlyMap<string, InnerGroup>;
}

/** A correlation that takes part in another one, by whose id it is found, and its group. */
export interface InnerGroup {
  readonly correlation: Correlation;
  readonly state: GroupState;
}

/** A store of groups' states, by {@link stateName}. */
export interface GroupStates {
  readonly get: (key: string) => GroupState | undefined;
  readonly set: (key: string, state: GroupState) => void;
}

/** The result of an event. */
export interface Correlated {
  readonly firings: readonly Firing[];
  readonly without: readonly Correlation[];
  /** Correlations whose group has dropped the event's time already. */
  readonly tooLate: readonly Correlation[];
}

/**
 * An event with several values in grouped fields belongs to several groups: to at most so many, in the order of its
 * values. The same limit holds for the values that `value_count` takes of one event.
 */
const maximumCombinations = 16;
/** The characters of a value that groups are distinguished by, and that correlations over this one read. */
const maximumGroupValue = 256;
/** A counted value over so many characters is replaced by its hash: only whether two are the same counts. */
const maximumCountedValue = 36;

/** Arranges correlations, whose references are resolved and without a circle. */
export function planCorrelations(correlations: readonly Correlation[]): CorrelationPlan {
  const partsOf = new Map<string, Part[]>();
  for (const correlation of correlations) {
    for (const [rule, { id }] of correlation.rules.entries()) {
      partsOf.set(id, [...(partsOf.get(id) ?? []), { correlation, rule }]);
    }
  }
  const carried = new Map<Correlation, readonly string[]>();
  const carriedOf = (correlation: Correlation): readonly string[] => {
    const known = carried.get(correlation);
    if (known !== undefined) return known;
    const found = (partsOf.get(correlation.id) ?? []).flatMap((part) => [
      ...fieldsAt(part),
      ...carriedOf(part.correlation),
    ]);
    const own = new Set(correlation.groupBy.map(({ name }) => name));
    const fields = [...new Set(found)].filter((field) => !own.has(field));
    carried.set(correlation, fields);
    return fields;
  };
  for (const correlation of correlations) carriedOf(correlation);
  const ordered = innerFirst(correlations);
  return { correlations: ordered, stages: stagesOf(ordered), partsOf, carried };
}

/** @param ordered each behind those that take part in it */
function stagesOf(ordered: readonly Correlation[]): readonly (readonly Correlation[])[] {
  const known = new Map<string, { readonly inner: Correlation; readonly stage: number }>();
  const stages: Correlation[][] = [];
  for (const correlation of ordered) {
    const stageAfter = (id: string, rule: number) => {
      const { inner, stage } = known.get(id) ?? {};
      if (inner === undefined || stage === undefined) return 0;
      return isOfOneGroup({ correlation, rule }, inner) ? stage : stage + 1;
    };
    const stage = Math.max(0, ...correlation.rules.map(({ id }, rule) => stageAfter(id, rule)));
    known.set(correlation.id, { inner: correlation, stage });
    stages[stage] = [...(stages[stage] ?? []), correlation];
  }
  return stages;
}

/** Whether every match of a correlation takes part in the outer one's group of the same values. */
function isOfOneGroup({ correlation, rule }: Part, inner: Correlation): boolean {
  const fields = orderOf(correlation).map((index) => correlation.groupBy[index]?.fields[rule]);
  const names = orderOf(inner).map((index) => inner.groupBy[index]?.name);
  return fields.length > 0 && fields.length === names.length && fields.every((field, index) => field === names[index]);
}

function innerFirst(correlations: readonly Correlation[]): readonly Correlation[] {
  const byId = new Map(correlations.map((correlation) => [correlation.id, correlation]));
  const ordered = new Set<Correlation>();
  const visit = (correlation: Correlation): void => {
    for (const { id } of correlation.rules) {
      const inner = byId.get(id);
      if (inner !== undefined && !ordered.has(inner)) visit(inner);
    }
    ordered.add(correlation);
  };
  for (const correlation of correlations) visit(correlation);
  return [...ordered];
}

/** The fields that a correlation reads off the matches of one of its rules. */
function fieldsAt({ correlation, rule }: Part): readonly string[] {
  const all = [...correlation.groupBy.map(({ fields }) => fields), ...correlation.valueFields];
  return all.map((fields) => fields[rule] ?? "");
}

/** Names the state of one correlation's group. */
export function stateName({ correlation, group }: Pick<GroupMatch, "correlation" | "group">): string {
  return JSON.stringify([correlation.id, partKey(correlation), ...group]);
}

/**
 * Names what all correlations keep of the same values, whatever their fields are called: the values in the order of the fields'
 * names. A correlation that groups all events together is changed by many functions at once: it shares with no other.
 */
export function groupKey({ correlation, group }: Pick<GroupMatch, "correlation" | "group">): string {
  return group.length === 0 ? correlation.id : JSON.stringify(orderOf(correlation).map((index) => group[index] ?? ""));
}

/** The order of a correlation's `group-by` by name, as indexes. */
const orderOf = onceEach(({ groupBy }: Correlation): readonly number[] =>
  [...groupBy.keys()].sort((one, other) => compareText(groupBy[one]?.name ?? "", groupBy[other]?.name ?? "")),
);

const compareText = (one: string, other: string) => (one === other ? 0 : one < other ? -1 : 1);

/**
 * Names the part of a correlation in what is kept of its group: a hash of its id and of what it evaluates. A correlation that changes
 * starts anew, as a state says nothing without the spans, the list of rules and the limits that it was made with. Its texts and its
 * level are left out: they change no state. Of 72 bits, as a group has parts of some correlations.
 */
export const partKey = onceEach(
  ({ id, type, rules, groupBy, milliseconds, valueFields, percentile, condition }: Correlation): string => {
    const related = rules.map((each) => each.id);
    const evaluated = [id, type, related, groupBy, milliseconds, valueFields, percentile, condition];
    return createHash("sha256").update(JSON.stringify(evaluated)).digest("base64url").slice(0, 12);
  },
);

/** The groups that an event takes part in by the rules that it matches. It reads no state. */
export function matchesOf(plan: CorrelationPlan, event: CorrelatedEvent): GroupMatches {
  const { uuid, at, valuesOf, note } = event;
  let written: EventNote | undefined;
  const once = note && (() => (written ??= note()));
  const found = [...event.rules].flatMap((id) =>
    (plan.partsOf.get(id) ?? []).map((part) =>
      matchesAt(plan, part, { at, event: uuid, unit: uuid, valuesOf, note: once }),
    ),
  );
  return merge(found);
}

/**
 * The groups of further correlations that matches of a correlation take part in.
 *
 * @param holding the entries of the group of which the condition holds now
 */
export function matchesOfCorrelation(
  plan: CorrelationPlan,
  { correlation, group }: Pick<GroupMatch, "correlation" | "group">,
  holding: readonly Entry[],
): GroupMatches {
  const own = new Map(correlation.groupBy.map(({ name }, index) => [name, group[index] ?? ""]));
  const parts = plan.partsOf.get(correlation.id) ?? [];
  const found = holding.flatMap(({ at, event, carried, note }) => {
    // A count counts a correlation once for each of its firings.
    const unit = `${stateName({ correlation, group })} ${slotNumber(at, correlation)}`;
    const valuesOf = (field: string): readonly string[] => {
      const value = own.get(field);
      return value === undefined ? (carried?.[field] ?? []) : [value];
    };
    const kept = note && (() => note);
    return parts.map((part) => matchesAt(plan, part, { at, event, unit, valuesOf, note: kept }));
  });
  return merge(found);
}

function merge(found: readonly GroupMatches[]): GroupMatches {
  return {
    matches: found.flatMap(({ matches }) => matches),
    without: [...new Set(found.flatMap(({ without }) => without))],
  };
}

interface MatchedOnce extends Pick<Match, "at" | "event"> {
  /** What `event_count` counts. */
  readonly unit: string;
  readonly valuesOf: (field: string) => readonly string[];
  readonly note: (() => EventNote) | undefined;
}

function matchesAt(plan: CorrelationPlan, { correlation, rule }: Part, match: MatchedOnce): GroupMatches {
  const { at, event, valuesOf, note } = match;
  const cut = (field: string) => valuesOf(field).map((value) => value.slice(0, maximumGroupValue).toWellFormed());
  const groups = combine(correlation.groupBy.map(({ fields }) => cut(fields[rule] ?? "")));
  const values = valuesAt({ correlation, rule }, match);
  if (groups.length === 0 || values === null) return { matches: [], without: [correlation] };
  const names = plan.carried.get(correlation) ?? [];
  const carried =
    names.length === 0
      ? {}
      : { carried: Object.fromEntries(names.map((name) => [name, cut(name).slice(0, maximumCombinations)])) };
  const noted = note === undefined ? {} : { note: note() };
  const found = { at, event, rule, values, ...carried, ...noted };
  return { matches: groups.map((group) => ({ correlation, group, match: found })), without: [] };
}

/** The values that a correlation counts or calculates with; null where the match has none. */
function valuesAt({ correlation, rule }: Part, { unit, valuesOf }: MatchedOnce): readonly string[] | null {
  if (isTemporal(correlation)) return [];
  if (correlation.type === "event_count") return [countedValue(unit)];
  const ofFields = correlation.valueFields.map((fields) => valuesOf(fields[rule] ?? ""));
  const values =
    correlation.type === "value_count"
      ? combine(ofFields).map((each) => countedValue(each.length === 1 ? (each[0] ?? "") : JSON.stringify(each)))
      : (ofFields[0] ?? [])
          .filter((value) => value.trim() !== "" && Number.isFinite(Number(value)))
          .map((value) => String(Number(value)));
  return values.length === 0 ? null : values;
}

/** A value as a count keeps it: a group's state has room for many short ones. */
function countedValue(value: string): string {
  if (value.length <= maximumCountedValue) return value.toWellFormed();
  return createHash("sha256").update(value.toWellFormed()).digest("base64url").slice(0, 22);
}

/** Every choice of one value from each list; none where a list has none. */
function combine(lists: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return lists.reduce<readonly (readonly string[])[]>(
    (chosen, values) =>
      chosen
        .flatMap((each) => [...new Set(values)].filter((value) => value !== "").map((value) => [...each, value]))
        .slice(0, maximumCombinations),
    [[]],
  );
}

/** Takes an event into the states of its groups, and on into correlations over correlations. */
export function correlate(plan: CorrelationPlan, event: CorrelatedEvent, states: GroupStates): Correlated {
  const first = matchesOf(plan, event);
  const without = new Set(first.without);
  const tooLate = new Set<Correlation>();
  const firings: Firing[] = [];
  const pending = [...first.matches];
  for (const correlation of plan.correlations) {
    if (pending.length === 0) break;
    // What is expected to be absent is known only once all rules of the event are.
    const ofCorrelation = pending.filter((each) => each.correlation === correlation);
    for (const [key, matches] of byGroup(ofCorrelation)) {
      const [{ group }] = matches;
      const before = states.get(key) ?? emptyGroup;
      const arriving = matches.map(({ match }) => match);
      const { state, fired, holding, isTooLate } = advance(correlation, before, arriving, event.uuid);
      if (state !== before) states.set(key, state);
      if (isTooLate) tooLate.add(correlation);
      const inner = innerGroups(plan, { correlation, group }, (each) => states.get(stateName(each)));
      firings.push(...fired.map((each) => ({ ...each, correlation, group, inner })));
      const further = matchesOfCorrelation(plan, { correlation, group }, holding);
      for (const each of further.without) without.add(each);
      pending.push(...further.matches);
    }
  }
  return { firings, without: [...without], tooLate: [...tooLate] };
}

type Several = [GroupMatch, ...GroupMatch[]];

function byGroup(matches: readonly GroupMatch[]): ReadonlyMap<string, Several> {
  const groups = new Map<string, Several>();
  for (const match of matches) {
    const key = stateName(match);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [match]);
    else group.push(match);
  }
  return groups;
}

/**
 * The groups of correlations that take part in one, at any depth, as long as they have the same values.
 *
 * @param stateOf what is kept of a correlation's group
 */
export function innerGroups(
  plan: CorrelationPlan,
  { correlation, group }: Pick<GroupMatch, "correlation" | "group">,
  stateOf: (inner: Pick<GroupMatch, "correlation" | "group">) => GroupState | undefined,
): ReadonlyMap<string, InnerGroup> {
  const found = new Map<string, InnerGroup>();
  for (const [rule, { id, isCorrelation }] of correlation.rules.entries()) {
    const inner = isCorrelation ? plan.correlations.find((each) => each.id === id) : undefined;
    if (inner === undefined || !isOfOneGroup({ correlation, rule }, inner)) continue;
    const valueNamed = (name: string) =>
      group[correlation.groupBy.findIndex(({ fields }) => fields[rule] === name)] ?? "";
    const ofInner = { correlation: inner, group: inner.groupBy.map(({ name }) => valueNamed(name)) };
    const state = stateOf(ofInner);
    if (state !== undefined) found.set(id, { correlation: inner, state });
    for (const [further, each] of innerGroups(plan, ofInner, stateOf)) found.set(further, each);
  }
  return found;
}

/**
 * Names the events of correlations that take part in others. The entries of their windows stand in the place of their matches: where
 * the group of the same values keeps them, or where such a correlation fires at the event at which the outer one has its match.
 *
 * @param firings all that one event causes, those that yield no results of their own among them
 */
export function withParts(firings: readonly Firing[]): readonly Firing[] {
  const expand = (firing: Pick<Firing, "correlation" | "window" | "event" | "inner">): readonly WindowEntry[] =>
    firing.correlation.rules.flatMap(({ id, isCorrelation }, rule) => {
      const matches = firing.window.filter((entry) => entry.rule === rule);
      if (!isCorrelation || matches.length === 0) return matches;
      const asPart = (entry: WindowEntry) => ({ ...entry, rule, isPart: true });
      const group = firing.inner?.get(id);
      const kept = group === undefined ? [] : entriesBehind(matches, group);
      if (group !== undefined && kept.length > 0) {
        const parts = expand({ ...firing, correlation: group.correlation, window: kept }).map(asPart);
        // What a flood has dropped, and completes the outer correlation.
        const own = matches.filter(
          ({ event }) => event === firing.event && !parts.some((part) => part.event === event),
        );
        return [...parts, ...own];
      }
      return matches.flatMap((entry) => {
        const part = firings.find((each) => each.correlation.id === id && each.event === entry.event);
        return part === undefined ? [entry] : expand(part).map(asPart);
      });
    });
  return firings.map((firing) => ({ ...firing, window: [...expand(firing)].sort(byTime) }));
}

/** The entries of the windows of an inner correlation that end with its matches in the outer one. */
function entriesBehind(matches: readonly WindowEntry[], { correlation, state }: InnerGroup): readonly Entry[] {
  const start = (at: number) => at - correlation.milliseconds;
  return state.slots
    .flatMap(({ entries }) => entries)
    .filter((entry) => matches.some(({ at }) => entry.at <= at && entry.at > start(at)));
}
