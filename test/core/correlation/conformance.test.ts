import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  type CorrelatedEvent,
  correlate,
  type Firing,
  planCorrelations,
} from "../../../lambda/core/correlation/correlate.ts";
import type { GroupState } from "../../../lambda/core/correlation/group-state.ts";
import type { Correlation } from "../../../lambda/core/sigma/correlation.ts";
import { parseCorrelation } from "../../../lambda/core/sigma/parse/parse-correlation.ts";
import { resolveCorrelations } from "../../../lambda/core/sigma/parse/resolve-correlations.ts";
import type { Json } from "../../fixtures/events.ts";
import { parseTestRule } from "../../fixtures/rules.ts";

/*
 * Cases to the Sigma correlation rules specification, by its sections:
 * https://github.com/SigmaHQ/sigma-specification/blob/main/specification/sigma-correlation-rules-specification.md
 */

const ids: Readonly<Record<string, string>> = {
  a: "00000000-0000-4000-8000-00000000000a",
  b: "00000000-0000-4000-8000-00000000000b",
  c: "00000000-0000-4000-8000-00000000000c",
};
const rules = Object.entries(ids).map(([name, id]) =>
  parseTestRule({ selection: { eventType: name }, condition: "selection" }, { name, id, title: name }),
);

/** Correlations as YAML would be read, the section alone or with a title. */
function read(...documents: readonly string[]): readonly Correlation[] {
  const written = documents.map((text, index) => {
    const document = parse(text) as Json;
    const whole = "correlation" in document ? document : { correlation: document };
    return parseCorrelation({ title: `Correlation ${index}`, ...whole }).correlation;
  });
  return resolveCorrelations(written, rules).map((each) => {
    if ("fault" in each) throw each.fault;
    return each.correlation;
  });
}

interface Fields {
  readonly [field: string]: string;
}

/** An event: rules that it matches, seconds, and fields. */
const event = (names: string, seconds: number, fields: Fields = { user: "ann" }): CorrelatedEvent => ({
  uuid: `${names}@${seconds}${JSON.stringify(fields)}`,
  at: seconds * 1_000,
  rules: [...names].map((name) => ids[name] ?? ""),
  valuesOf: (field) => (fields[field] === undefined ? [] : [fields[field]]),
});

function firingsOf(correlations: readonly Correlation[], events: readonly CorrelatedEvent[]): readonly Firing[] {
  const states = new Map<string, GroupState>();
  return events.flatMap((each) => correlate(planCorrelations(correlations), each, states).firings);
}

/** The seconds at which correlations fire. */
const secondsOf = (correlations: readonly Correlation[], ...events: readonly CorrelatedEvent[]) =>
  firingsOf(correlations, events).map(({ at }) => at / 1_000);
const seconds = (names: string, times: readonly number[]) => times.map((time) => event(names, time));

const count = (condition: string, rest = "") =>
  read(`{type: event_count, rules: [a], group-by: [user], timespan: 60s, condition: ${condition}${rest}}`);

describe("Components: Related rules", () => {
  const by = (rulesOf: string) =>
    read(`{type: event_count, rules: ${rulesOf}, group-by: [user], timespan: 60s, condition: {gte: 2}}`);

  test("are named by id, by name, or one of each, alone or as a list", () => {
    for (const rulesOf of [`[${ids.a}]`, "[a]", "a", `[${ids.a}, b]`]) {
      expect(secondsOf(by(rulesOf), ...seconds("a", [1, 2]))).toEqual([2]);
    }
  });

  test("may take part in several correlations, each with its own groups and time", () => {
    const short = "{type: event_count, rules: [a], group-by: [host], timespan: 10s, condition: {gte: 2}}";
    const long = "{type: temporal, rules: [a, b], group-by: [user], timespan: 1h}";
    const at = (names: string, time: number, host: string) => event(names, time, { user: "ann", host });
    expect(
      firingsOf(read(short, long), [at("a", 1, "x"), at("a", 9, "x"), at("b", 900, "y")]).map(
        ({ correlation, group, at: time }) => [correlation.type, group, time],
      ),
    ).toEqual([
      ["event_count", ["x"], 9_000],
      ["temporal", ["ann"], 900_000],
    ]);
  });
});

describe("Components: Time Selection", () => {
  test.each([
    ["90s", 90],
    ["90m", 5_400],
    ["3h", 10_800],
    ["2d", 172_800],
  ])("%s reaches to just under so long before", (timespan, length) => {
    const two = read(`{type: event_count, rules: [a], group-by: [user], timespan: ${timespan}, condition: {gte: 2}}`);
    expect(secondsOf(two, ...seconds("a", [1_000_000, 1_000_000 + length - 1]))).toEqual([1_000_000 + length - 1]);
    expect(secondsOf(two, ...seconds("a", [1_000_000, 1_000_000 + length]))).toEqual([]);
  });
});

describe("Components: Generate", () => {
  test.each([
    [
      "at the top, as the schema has it",
      "{generate: true, correlation: {type: temporal, rules: [a, b], timespan: 1m}}",
      true,
    ],
    ["in the section, as pySigma has it", "{type: temporal, rules: [a, b], timespan: 1m, generate: true}", true],
    ["nowhere, the default", "{type: temporal, rules: [a, b], timespan: 1m}", false],
  ])("stands %s", (_, document, generate) => {
    expect(read(document)[0]?.generate).toBe(generate);
  });
});

describe("Event Count", () => {
  test("of a hundred in an hour, as in the specification's example, fires at the hundredth", () => {
    const many = read("{type: event_count, rules: [a], group-by: [user], timespan: 1h, condition: {gte: 100}}");
    const times = Array.from({ length: 100 }, (_, index) => 7_200 + index * 36);
    expect(secondsOf(many, ...seconds("a", times))).toEqual([7_200 + 99 * 36]);
    expect(secondsOf(many, ...seconds("a", times.slice(1)))).toEqual([]);
  });

  test("counts the events of a rule within the timespan", () => {
    expect(secondsOf(count("{gte: 3}"), ...seconds("a", [1, 20, 40]))).toEqual([40]);
    expect(secondsOf(count("{gte: 3}"), ...seconds("a", [1, 20, 62]))).toEqual([]);
    expect(secondsOf(count("{gte: 3}"), ...seconds("b", [1, 2, 3]))).toEqual([]);
  });

  test("counts each group for itself, by all fields of group-by", () => {
    const correlation = read(
      "{type: event_count, rules: [a], group-by: [user, host], timespan: 60s, condition: {gte: 2}}",
    );
    const at = (time: number, user: string, host: string) => event("a", time, { user, host });
    expect(secondsOf(correlation, at(1, "ann", "x"), at(2, "bob", "x"), at(3, "ann", "y"))).toEqual([]);
    expect(firingsOf(correlation, [at(1, "ann", "x"), at(2, "bob", "y"), at(3, "bob", "y")])).toMatchObject([
      { group: ["bob", "y"], at: 3_000 },
    ]);
  });

  test("counts the events of all its rules together", () => {
    const correlation = read(
      "{type: event_count, rules: [a, b], group-by: [user], timespan: 60s, condition: {gte: 3}}",
    );
    expect(secondsOf(correlation, event("a", 1), event("b", 2), event("ab", 3))).toEqual([3]);
    expect(secondsOf(correlation, event("a", 1), event("ab", 3))).toEqual([]);
  });
});

describe("Value Count", () => {
  const correlation = read(
    "{type: value_count, rules: [a], group-by: [host], timespan: 60s, condition: {field: user, gte: 3}}",
  );
  const of = (time: number, user: string) => event("a", time, { host: "x", user });

  test("counts different values of the field", () => {
    expect(secondsOf(correlation, of(1, "ann"), of(2, "bob"), of(3, "bob"), of(4, "cem"))).toEqual([4]);
    expect(secondsOf(correlation, of(1, "ann"), of(2, "bob"), of(62, "cem"))).toEqual([]);
  });

  test("counts values, not events, in each group of several fields", () => {
    const two = read(
      "{type: value_count, rules: [a], group-by: [host, place], timespan: 1d, condition: {field: user, gte: 2}}",
    );
    const at = (time: number, user: string, place: string) => event("a", time, { host: "x", place, user });
    expect(secondsOf(two, at(1, "ann", "here"), at(2, "ann", "here"), at(3, "bob", "there"))).toEqual([]);
    expect(secondsOf(two, at(1, "ann", "here"), at(2, "bob", "there"), at(3, "bob", "here"))).toEqual([3]);
  });

  test("counts combinations of several fields", () => {
    const pairs = read(
      "{type: value_count, rules: [a], group-by: [host], timespan: 60s, condition: {field: [user, place], gte: 3}}",
    );
    const at = (time: number, user: string, place: string) => event("a", time, { host: "x", place, user });
    expect(secondsOf(pairs, at(1, "ann", "here"), at(2, "bob", "there"), at(3, "bob", "there"))).toEqual([]);
    expect(secondsOf(pairs, at(1, "ann", "here"), at(2, "bob", "there"), at(3, "ann", "there"))).toEqual([3]);
  });

  test("tells values by case, as Okta's ids differ by it", () => {
    expect(secondsOf(correlation, of(1, "ann"), of(2, "ANN"), of(3, "Ann"))).toEqual([3]);
  });

  test("takes no event without the field", () => {
    expect(secondsOf(correlation, of(1, "ann"), of(2, "bob"), event("a", 3, { host: "x" }))).toEqual([]);
  });
});

describe("Temporal Proximity", () => {
  const correlation = read("{type: temporal, rules: [a, b, c], group-by: [user], timespan: 5m}");

  test("asks for all rules within the timespan, in any order, of one group", () => {
    expect(secondsOf(correlation, event("c", 1), event("a", 2), event("b", 300))).toEqual([300]);
    expect(secondsOf(correlation, event("c", 1), event("a", 2), event("b", 301))).toEqual([]);
    expect(secondsOf(correlation, event("c", 1), event("a", 2), event("b", 3, { user: "bob" }))).toEqual([]);
  });

  test("is not bound to full timespans of the clock", () => {
    expect(secondsOf(correlation, event("a", 290), event("b", 299), event("c", 310))).toEqual([310]);
  });

  test("compares a condition with the number of rules that match, not of events", () => {
    const two = read("{type: temporal, rules: [a, b, c], group-by: [user], timespan: 5m, condition: {gte: 2}}");
    expect(secondsOf(two, event("a", 1), event("a", 2), event("c", 3))).toEqual([3]);
  });

  test("takes an expression over rules", () => {
    const and = read(
      "{type: temporal, rules: [a, b, c], group-by: [user], timespan: 5m, condition: a and b and not c}",
    );
    expect(secondsOf(and, event("a", 1), event("b", 2))).toEqual([2]);
    expect(secondsOf(and, event("a", 1), event("c", 2), event("b", 3))).toEqual([]);
    expect(secondsOf(and, event("c", 1), event("a", 302), event("b", 303))).toEqual([303]);
  });
});

describe("Ordered Temporal Proximity", () => {
  const correlation = read("{type: temporal_ordered, rules: [a, b, c], group-by: [user], timespan: 5m}");

  test("asks for the order of the list as well", () => {
    expect(secondsOf(correlation, event("a", 1), event("b", 2), event("c", 3))).toEqual([3]);
    expect(secondsOf(correlation, event("b", 1), event("a", 2), event("c", 3))).toEqual([]);
    expect(secondsOf(correlation, event("b", 1), event("a", 2), event("c", 3), event("b", 4), event("c", 5))).toEqual([
      5,
    ]);
  });

  test("takes the same rule as often as it matches, and the last match of the last rule", () => {
    const times = [event("a", 1), event("a", 2), event("b", 3), event("b", 4), event("c", 5)];
    expect(secondsOf(correlation, ...times)).toEqual([5]);
  });

  test("fires at its last rule alone: an earlier rule that matches again completes nothing", () => {
    const again = [event("a", 290), event("b", 291), event("c", 292), event("a", 301), event("c", 302)];
    expect(secondsOf(correlation, ...again)).toEqual([292, 302]);
  });

  test("takes an event that several of the rules match as any of them", () => {
    expect(secondsOf(correlation, event("ab", 1), event("c", 2))).toEqual([2]);
    expect(secondsOf(correlation, event("abc", 1))).toEqual([1]);
  });

  test("compares a number with the rules that match in that order", () => {
    const two = read("{type: temporal_ordered, rules: [a, b, c], group-by: [user], timespan: 5m, condition: {gte: 2}}");
    expect(secondsOf(two, event("a", 1), event("c", 2))).toEqual([2]);
    expect(secondsOf(two, event("c", 1), event("a", 2))).toEqual([]);
  });

  test("takes an expression over rules in that order", () => {
    const either = read(
      "{type: temporal_ordered, rules: [a, b, c], group-by: [user], timespan: 5m, condition: a and (b or c)}",
    );
    expect(secondsOf(either, event("a", 1), event("c", 2))).toEqual([2]);
    expect(secondsOf(either, event("c", 1), event("a", 2))).toEqual([]);
  });
});

describe("Metrics", () => {
  const numbers = (type: string, condition: string) =>
    read(`{type: ${type}, rules: [a], group-by: [user], timespan: 60s, condition: ${condition}}`);
  const of = (time: number, bytes: string) => event("a", time, { user: "ann", bytes });

  test("value_sum adds the numbers of a field", () => {
    expect(secondsOf(numbers("value_sum", "{field: bytes, gt: 10}"), of(1, "4"), of(2, "6"), of(3, "0.5"))).toEqual([
      3,
    ]);
  });

  test("value_avg is their mean", () => {
    expect(secondsOf(numbers("value_avg", "{field: bytes, lt: 2.5}"), of(1, "4"), of(2, "1"), of(3, "2"))).toEqual([3]);
  });

  test("value_percentile is the least value that so many percent do not exceed", () => {
    const median = numbers("value_percentile", "{field: bytes, percentile: 50, gte: 3}");
    expect(secondsOf(median, of(1, "1"), of(2, "9"), of(3, "3"))).toEqual([3]);
  });

  test("read fractions, signs and exponents", () => {
    const sum = numbers("value_sum", "{field: bytes, gte: 1.5}");
    expect(secondsOf(sum, of(1, "-1"), of(2, "2.5e0"))).toEqual([2]);
    expect(secondsOf(sum, of(1, "-1"), of(2, "2.25"))).toEqual([]);
  });

  test("leave out what is older than the timespan", () => {
    expect(secondsOf(numbers("value_sum", "{field: bytes, gt: 10}"), of(1, "8"), of(61, "4"))).toEqual([]);
    expect(secondsOf(numbers("value_avg", "{field: bytes, lt: 5}"), of(1, "8"), of(61, "4"))).toEqual([61]);
  });

  test("take no event whose field is no number", () => {
    expect(secondsOf(numbers("value_avg", "{field: bytes, lt: 2}"), of(1, "none"), of(2, ""), of(3, "5"))).toEqual([]);
  });
});

describe("Condition", () => {
  test.each([
    ["{gt: 2}", [3]],
    ["{gte: 2}", [2]],
    ["{eq: 2}", [2]],
    ["{neq: 0}", [1]],
    ["{gt: 1, lte: 3}", [2]],
  ])("%s", (condition, fired) => {
    expect(secondsOf(count(condition), ...seconds("a", [1, 2, 3, 4]))).toEqual(fired);
  });

  test("a group fires once in each span of the timespan's length", () => {
    expect(secondsOf(count("{gte: 2}"), ...seconds("a", [1, 2, 3, 59, 61, 62, 125]))).toEqual([2, 61]);
  });
});

describe("Grouping", () => {
  test("an event without a value takes no part", () => {
    expect(secondsOf(count("{gte: 2}"), event("a", 1, {}), event("a", 2, {}), event("a", 3, { user: "" }))).toEqual([]);
  });

  test("an empty value is none, and a long one is told by its beginning", () => {
    const blank = event("a", 1, { user: "" });
    expect(correlate(planCorrelations(count("{gte: 1}")), blank, new Map()).without).toHaveLength(1);
    const states = new Map<string, GroupState>();
    const long = (end: string) => event("a", 1, { user: `${"x".repeat(10_000)}${end}` });
    for (const end of ["1", "2"]) correlate(planCorrelations(count("{gte: 2}")), long(end), states);
    expect([...states.keys()].map((key) => key.length < 1_000)).toEqual([true]);
  });

  test("an event of several values belongs to the group of each", () => {
    const both = { ...event("a", 1), valuesOf: () => ["ann", "bob"] };
    expect(firingsOf(count("{gte: 2}"), [both, event("a", 2, { user: "bob" })])).toMatchObject([{ group: ["bob"] }]);
  });

  test("without group-by, all events are one group", () => {
    const all = read("{type: event_count, rules: [a], timespan: 60s, condition: {gte: 2}}");
    expect(secondsOf(all, event("a", 1, { user: "ann" }), event("a", 2, {}))).toEqual([2]);
  });
});

describe("Field Name Aliases", () => {
  test("name the field of each rule", () => {
    const correlation = read(`
      type: temporal
      rules: [a, b]
      group-by: [internal_ip, remote_ip]
      timespan: 10s
      aliases:
        internal_ip: { a: destination.ip, b: source.ip }
        remote_ip: { a: source.ip, b: destination.ip }`);
    const between = (name: string, time: number, source: string, destination: string) =>
      event(name, time, { "source.ip": source, "destination.ip": destination });
    expect(secondsOf(correlation, between("a", 1, "x", "y"), between("b", 2, "y", "x"))).toEqual([2]);
    expect(secondsOf(correlation, between("a", 1, "x", "y"), between("b", 2, "x", "y"))).toEqual([]);
  });
});

describe("Chains: Failed Logins Followed by Successful Login", () => {
  const chain = read(
    `{name: many_failed, correlation: {type: event_count, rules: [a], group-by: [host, user], timespan: 5m, condition: {gte: 3}}}`,
    `{correlation: {type: temporal_ordered, rules: [many_failed, b], group-by: [user], timespan: 1h}}`,
  );
  const at = (name: string, time: number, host: string) => event(name, time, { user: "ann", host });

  test("fire when a correlation's firing is followed by a rule, by their own group-by alone", () => {
    const failed = [at("a", 1, "x"), at("a", 2, "x"), at("a", 3, "x")];
    expect(
      firingsOf(chain, [...failed, at("b", 9, "y")]).map(({ correlation, group, at: time }) => [
        correlation.title,
        group,
        time,
      ]),
    ).toEqual([
      ["Correlation 0", ["x", "ann"], 3_000],
      ["Correlation 1", ["ann"], 9_000],
    ]);
    expect(secondsOf(chain, at("b", 0, "y"), ...failed)).toEqual([3]);
  });

  test("are of several levels", () => {
    const levels = read(
      "{name: many, correlation: {type: event_count, rules: [a], group-by: [user], timespan: 1m, condition: {gte: 2}}}",
      "{name: then, correlation: {type: temporal_ordered, rules: [many, b], group-by: [user], timespan: 5m}}",
      "{correlation: {type: temporal, rules: [then, c], group-by: [user], timespan: 1h}}",
    );
    const events = [event("c", 1), event("a", 100), event("a", 101), event("b", 200)];
    expect(firingsOf(levels, events).map(({ correlation, at: time }) => [correlation.title, time])).toEqual([
      ["Correlation 0", 101_000],
      ["Correlation 1", 200_000],
      ["Correlation 2", 200_000],
    ]);
  });

  test("fire where the function was stopped between the inner correlation and the outer one", () => {
    const states = new Map<string, GroupState>();
    const plan = planCorrelations(chain);
    const [inner] = chain;
    const failed = [at("a", 1, "x"), at("a", 2, "x"), at("a", 3, "x")];
    const stopped = {
      get: (key: string) => states.get(key),
      set: (key: string, state: GroupState) => void (key.includes(inner?.id ?? "") && states.set(key, state)),
    };
    for (const each of failed) correlate(plan, each, stopped);
    expect(states.size).toBe(1);
    correlate(plan, failed[2] as CorrelatedEvent, states);
    expect(correlate(plan, at("b", 9, "y"), states).firings.map(({ at: time }) => time)).toEqual([9_000]);
  });

  test("do not fire before the correlation in them holds", () => {
    expect(secondsOf(chain, at("a", 1, "x"), at("a", 2, "y"), at("a", 3, "x"), at("b", 9, "x"))).toEqual([]);
  });
});

describe("late events", () => {
  test("complete the windows of later ones, at the event that these end with", () => {
    expect(secondsOf(count("{gte: 3}"), ...seconds("a", [40, 1, 20]))).toEqual([40]);
  });

  test("may complete a window in the next span, too", () => {
    expect(secondsOf(count("{gte: 2}"), ...seconds("a", [62, 59]))).toEqual([62]);
  });

  test("are too late once four later spans have events", () => {
    const states = new Map<string, GroupState>();
    const plan = planCorrelations(count("{gte: 2}"));
    for (const each of seconds("a", [1, 1_000, 2_000, 3_000, 4_000])) correlate(plan, each, states);
    const late = correlate(plan, event("a", 2), states);
    expect([late.firings, late.tooLate]).toEqual([[], plan.correlations]);
    expect(correlate(plan, event("a", 1_001), states).firings).toHaveLength(1);
    // An event in time changes nothing of that.
    expect(correlate(plan, event("a", 3), states).tooLate).toEqual(plan.correlations);
  });
});
