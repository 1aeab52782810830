import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { stringify } from "yaml";
import { correlate, planCorrelations } from "../../lambda/core/correlation/correlate.ts";
import type { GroupState } from "../../lambda/core/correlation/group-state.ts";
import type { Correlation } from "../../lambda/core/sigma/correlation.ts";
import { parseCorrelation } from "../../lambda/core/sigma/parse/parse-correlation.ts";
import { resolveCorrelations } from "../../lambda/core/sigma/parse/resolve-correlations.ts";
import type { Json } from "../fixtures/events.ts";
import { parseTestRule, ruleDocument } from "../fixtures/rules.ts";
import { firingKey, firstOfSlots, readCorrelations, type StreamEvent } from "./correlation-reading.ts";
import { type CorrelationDifference, correlationDifferences } from "./known-differences.ts";
import { runRsigma } from "./run-rsigma.ts";

/*
 * Compares correlations of every type, alone and in chains, with rsigma's, over random streams in order of time. A firing
 * is the same where correlation, group, slot and event are: of several in one slot, rsigma's first counts.
 */

const names = ["a", "b", "c"] as const;
const ruleId = (name: string) => `00000000-0000-4000-8000-00000000000${name}`;
const detectionOf = (name: string): Json => ({ selection: { "names|contains": name }, condition: "selection" });
const headOf = (name: string) => ({ name: `rule_${name}`, id: ruleId(name), title: `Rule ${name}` });
const rules = names.map((name) => parseTestRule(detectionOf(name), headOf(name)));

const start = Date.parse("2026-11-24T00:00:00Z") / 1_000;

/** Seconds of which no multiple is a timespan. */
const plainPause = 13;

/**
 * A stream: times in seconds, one event each.
 *
 * @param isPlain whether each event matches one rule, has all fields, and is at no timespan's start
 */
const stream = (length: number, isPlain: boolean): fc.Arbitrary<readonly StreamEvent[]> => {
  const often = <Value>(of: fc.Arbitrary<Value>, freq: number) =>
    isPlain ? of : fc.option(of, { nil: undefined, freq });
  return fc
    .array(
      fc.record({
        pause: isPlain
          ? fc.integer({ min: 1, max: 2 }).map((each) => each * plainPause)
          : fc.integer({ min: 1, max: 8 }),
        matches: fc.oneof(
          { weight: 5, arbitrary: fc.constantFrom(...names).map((name) => [name]) },
          { weight: isPlain ? 0 : 1, arbitrary: fc.subarray([...names], { minLength: 1 }) },
        ),
        who: often(fc.constantFrom("ann", "bob"), 20),
        where: often(fc.constantFrom("here", "there"), 20),
        value: often(fc.integer({ min: 0, max: 5 }), 12),
      }),
      { minLength: length, maxLength: length, size: "max" },
    )
    .map((all) => {
      let at = start;
      return all.map(({ pause, matches, who, where, value }, index) => {
        at += pause;
        return { id: `event ${index}`, at, rules: matches.map(ruleId), fields: { who, where, value } };
      });
    });
};

const ruleNames = names.map((name) => `rule_${name}`);
const someRules = (least: number) => fc.shuffledSubarray(ruleNames, { minLength: least });
const groupBy = fc.constantFrom([], ["who"], ["who"], ["where"], ["who", "where"]);
const timespan = fc.constantFrom("7s", "11s", "20s", "1m", "2m");
const limit = (min: number, max: number) => fc.integer({ min, max });
const criteria = (min: number, max: number): fc.Arbitrary<Json> =>
  fc.oneof(
    limit(min, max).map((gte) => ({ gte })),
    limit(min, max).map((gt) => ({ gt })),
    limit(min, max).map((eq) => ({ eq })),
    limit(min, max).map((gte) => ({ gte, lte: gte + 2 })),
  );
const expression = (rulesOf: readonly string[]) => {
  const [one = "", two = "", three = ""] = rulesOf;
  return three === ""
    ? fc.constantFrom(`${one} and ${two}`, `${one} and not ${two}`)
    : fc.constantFrom(
        `${one} and ${two}`,
        `${one} and (${two} or ${three})`,
        `${one} and ${two} and not ${three}`,
        `(${one} and ${two}) or ${three}`,
      );
};

const single: fc.Arbitrary<Json> = fc
  .oneof(
    fc.record({ type: fc.constant("event_count"), rules: someRules(1), condition: criteria(2, 6) }),
    fc.record({
      type: fc.constant("value_count"),
      rules: someRules(1),
      condition: criteria(2, 4).map((each) => ({ field: "value", ...each })),
    }),
    fc.record({
      type: fc.constantFrom("value_sum", "value_avg"),
      rules: someRules(1),
      condition: criteria(1, 5).map((each) => ({ field: "value", ...each })),
    }),
    fc.record({
      type: fc.constant("value_percentile"),
      rules: someRules(1),
      condition: fc
        .tuple(criteria(1, 4), fc.integer({ min: 1, max: 100 }))
        .map(([each, percentile]) => ({ field: "value", percentile, ...each })),
    }),
    someRules(2).chain((of) =>
      fc.record({
        type: fc.constantFrom("temporal", "temporal_ordered"),
        rules: fc.constant(of),
        // That all rules match is said by no condition alone: rsigma reads that otherwise.
        condition: fc.oneof(
          fc.constant(undefined),
          criteria(1, of.length).filter((each) => "lte" in each || each.gte !== of.length),
          expression(of),
        ),
      }),
    ),
  )
  .chain((core) => fc.record({ by: groupBy, span: timespan }).map(({ by, span }) => documentOf(core, by, span)));

/** A correlation over a count, and a rule or none. */
const outer = (inner: string): fc.Arbitrary<Json> =>
  fc
    .oneof(
      fc.record({
        type: fc.constantFrom("temporal", "temporal_ordered"),
        rules: fc.constantFrom(...ruleNames).map((rule) => [inner, rule]),
      }),
      fc.record({ type: fc.constant("event_count"), rules: fc.constant([inner]), condition: criteria(2, 3) }),
    )
    .chain((core) => fc.record({ by: groupBy, span: timespan }).map(({ by, span }) => documentOf(core, by, span)));

function documentOf(core: Json, by: readonly string[], span: string): Json {
  const written = Object.fromEntries(Object.entries(core).filter(([, value]) => value !== undefined));
  return { ...written, timespan: span, ...(by.length > 0 && { "group-by": by }) };
}

/** One correlation, or a chain of two. */
const randomDocuments = (index: number): fc.Arbitrary<readonly Json[]> => {
  const whole = (correlation: Json, part: number, name?: string): Json => ({
    title: `Correlation ${index} ${part}`,
    id: `00000000-0000-4000-${8000 + part}-${String(index).padStart(12, "0")}`,
    ...(name !== undefined && { name }),
    correlation,
    level: "high",
  });
  const inner = `inner_${index}`;
  return fc.oneof(
    { weight: 4, arbitrary: single.map((each) => [whole(each, 0)]) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc
            .record({ rules: someRules(1), condition: criteria(2, 3), by: groupBy, span: timespan })
            .map(({ by, span, ...core }) => documentOf({ type: "event_count", ...core }, by, span)),
          outer(inner),
        )
        .map(([first, second]) => [whole(first, 0, inner), whole(second, 1)]),
    },
  );
};

/** Figures of a comparison. */
export interface Compared {
  readonly correlations: number;
  /** Documents that one of both refuses. */
  readonly refused: number;
  readonly firings: number;
  /** Correlations, by type, whose firings are the very same. */
  readonly same: ReadonlyMap<string, number>;
  /** Correlations whose firings differ as known differences say, by difference. */
  readonly explained: ReadonlyMap<string, number>;
  readonly disagreements: readonly string[];
}

/**
 * Compares correlations.
 *
 * @param command the command of rsigma
 * @param count how many documents, alone or in chains
 * @param isPlain whether the stream is one over which few of the known differences show
 */
export async function compareCorrelations(
  command: string,
  {
    count,
    length,
    seed,
    isPlain,
  }: { readonly count: number; readonly length: number; readonly seed: number; readonly isPlain: boolean },
): Promise<Compared> {
  const [events = []] = fc.sample(stream(length, isPlain), { numRuns: 1, seed });
  const documents = Array.from({ length: count }, (_, index) =>
    fc.sample(randomDocuments(index), { numRuns: 1, seed: seed + index }),
  ).flat();
  const chains = documents.flatMap((chain) => {
    const resolved = resolveCorrelations(
      chain.map((each) => parseOrNull(each)).filter((each) => each !== null),
      rules,
    );
    const correlations = resolved.flatMap((each) => ("fault" in each ? [] : [each.correlation]));
    return correlations.length === chain.length ? [{ documents: chain, correlations }] : [];
  });
  const theirs = await theirFirings(
    command,
    chains.flatMap((chain) => chain.documents),
    chains.flatMap((chain) => chain.correlations),
    events,
  );
  const same = new Map<string, number>();
  const explained = new Map<string, number>();
  const disagreements: string[] = [];
  let firings = 0;
  for (const { documents: chain, correlations } of chains) {
    const ours = ourFirings(correlations, events);
    firings += ours.size;
    const ids = new Set(correlations.map(({ id }) => id));
    const their = new Set([...theirs].filter((key) => ids.has((JSON.parse(key) as [string])[0])));
    const type = correlations.length > 1 ? "chain" : (correlations[0]?.type ?? "");
    const plain = readCorrelations(correlations, events, new Set());
    if (isSame(ours, their)) {
      same.set(type, (same.get(type) ?? 0) + 1);
    } else if (isSame(ours, plain) && isSame(their, readCorrelations(correlations, events, all))) {
      for (const reason of reasonsOf(correlations, events, plain)) {
        explained.set(reason, (explained.get(reason) ?? 0) + 1);
      }
    } else {
      const read = readCorrelations(correlations, events, all);
      const side = isSame(ours, plain) ? "theirs, read otherwise" : "ours, read otherwise";
      const [left, right] = isSame(ours, plain) ? [their, read] : [ours, plain];
      const differing = [...left, ...right].filter((key) => !(left.has(key) && right.has(key))).slice(0, 5);
      disagreements.push(`${side}: ${JSON.stringify({ chain, differing })}`);
    }
  }
  const correlations = chains.reduce((sum, chain) => sum + chain.correlations.length, 0);
  return { correlations, refused: documents.length - chains.length, firings, same, explained, disagreements };
}

const all = new Set(Object.keys(correlationDifferences) as CorrelationDifference[]);

/** The differences that change what is read, each alone; for what only several of them change, these words. */
function reasonsOf(
  correlations: readonly Correlation[],
  events: readonly StreamEvent[],
  plain: ReadonlySet<string>,
): readonly string[] {
  const alone = [...all].filter((each) => !isSame(plain, readCorrelations(correlations, events, new Set([each]))));
  return alone.length > 0 ? alone : ["several of them together"];
}

function isSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((key) => other.has(key));
}

function parseOrNull(document: Json) {
  try {
    return parseCorrelation(document).correlation;
  } catch {
    // Conditions that hold of nothing are refused.
    return null;
  }
}

function ourFirings(correlations: readonly Correlation[], events: readonly StreamEvent[]): ReadonlySet<string> {
  const plan = planCorrelations(correlations);
  const states = new Map<string, GroupState>();
  const found = events.flatMap((event) => {
    const valuesOf = (field: string): readonly string[] => {
      const value = event.fields[field];
      return value === undefined ? [] : [String(value)];
    };
    const { firings } = correlate(plan, { uuid: event.id, at: event.at * 1_000, rules: event.rules, valuesOf }, states);
    return firings.map(({ correlation, group }) => firingKey(correlation, group, event));
  });
  return new Set(found);
}

/** A line of rsigma: of a match, or of a firing, which comes behind the matches of its event. */
interface Line {
  readonly rule_id: string;
  readonly event?: { readonly id: string };
  readonly correlation_type?: string;
  readonly group_key?: readonly (readonly [string, string])[];
}

async function theirFirings(
  command: string,
  documents: readonly Json[],
  correlations: readonly Correlation[],
  events: readonly StreamEvent[],
): Promise<ReadonlySet<string>> {
  const folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-rsigma-"));
  try {
    await mkdir(join(folder, "rules"));
    const written = [...names.map((name) => ruleDocument(detectionOf(name), headOf(name))), ...documents];
    await writeFile(join(folder, "rules", "rules.yml"), written.map((each) => stringify(each)).join("---\n"));
    const lines = events.map(({ id, at, rules: matched, fields }) =>
      JSON.stringify({
        id,
        published: new Date(at * 1_000).toISOString(),
        names: names.filter((name) => matched.includes(ruleId(name))).join(" "),
        ...fields,
      }),
    );
    await writeFile(join(folder, "events.ndjson"), lines.join("\n"));
    const output = await runRsigma(command, folder, [
      "--timestamp-field",
      "published",
      "--max-state-entries",
      "10000000",
    ]);
    const byId = new Map(correlations.map((each) => [each.id, each]));
    const eventOf = new Map(events.map((event) => [event.id, event]));
    let event: StreamEvent | undefined;
    const found: string[] = [];
    for (const line of output) {
      const result = JSON.parse(line) as Line;
      if (result.correlation_type === undefined) {
        event = eventOf.get(result.event?.id ?? "");
        continue;
      }
      const correlation = byId.get(result.rule_id);
      if (correlation === undefined || event === undefined) throw new Error(`rsigma: a line of no event: ${line}`);
      const pairs = new Map(result.group_key ?? []);
      found.push(
        firingKey(
          correlation,
          correlation.groupBy.map(({ name }) => pairs.get(name) ?? null),
          event,
        ),
      );
    }
    return firstOfSlots(found);
  } finally {
    await rm(folder, { recursive: true });
  }
}
