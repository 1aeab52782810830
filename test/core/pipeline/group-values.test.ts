import { describe, expect, test } from "vitest";
import { correlate, planCorrelations } from "../../../lambda/core/correlation/correlate.ts";
import type { GroupState } from "../../../lambda/core/correlation/group-state.ts";
import { publishedTime } from "../../../lambda/core/okta/log-event.ts";
import { keepValues, valuesOf } from "../../../lambda/core/pipeline/group-values.ts";
import type { Correlation } from "../../../lambda/core/sigma/correlation.ts";
import { chainRules, correlationsOf } from "../../fixtures/chains.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";

/* What an attacker may do to the values that events are grouped by, and to their times: the table of semantics in detections.md. */

const [twice] = correlationsOf(`
title: Twice in a Group
id: 00000000-0000-4000-8000-000000000077
correlation:
  type: event_count
  rules: [proxied_start]
  group-by: [debugContext.debugData.value]
  timespan: 1h
  condition: { gte: 2 }
level: high
`) as [Correlation];
const plan = planCorrelations([twice]);
const rule = chainRules.find(({ name }) => name === "proxied_start")?.id ?? "";
const ofValue = (value: unknown, overrides: Json = {}) =>
  logEvent({ uuid: crypto.randomUUID(), debugContext: { debugData: { value } }, ...overrides });
type Event = ReturnType<typeof ofValue>;
const at = (published: string) => ofValue("x", { published });

/** Takes events into a group; the groups that fire, and how many events took no part. */
function take(...events: readonly Event[]) {
  const states = new Map<string, GroupState>();
  const results = events.map((event) =>
    correlate(
      plan,
      { uuid: event.uuid, at: publishedTime(event.published), rules: [rule], valuesOf: valuesOf(event) },
      states,
    ),
  );
  return {
    groups: results.flatMap(({ firings }) => firings.map(({ group }) => group[0])),
    without: results.filter(({ without }) => without.length > 0).length,
    tooLate: results.filter(({ tooLate }) => tooLate.length > 0).length,
  };
}

describe("values that events are grouped by", () => {
  test.each<[string, unknown, unknown, string | null]>([
    ["case", "Ann", "ann", null],
    ["white space", "ann", "ann ", null],
    ["white space alone is a value", " ", " ", " "],
    ["the form of Unicode", "\u00e9", "e\u0301", null],
    ["a lone surrogate", "a\ud800", "a\ufffd", "a\ufffd"],
    ["a number and its text", 64_500, "64500", "64500"],
    ["a truth value and its text", true, "true", "true"],
    ["an element of a list", ["ann", "bob"], "bob", "bob"],
    ["an element of a list of lists", [["ann"], ["bob"]], "bob", "bob"],
    ["what a list has beside null and objects", [null, {}, "bob", ""], "bob", "bob"],
  ])("%s: %j and %j", (_, one, other, group) => {
    expect(take(ofValue(one), ofValue(other)).groups).toEqual(group === null ? [] : [group]);
  });

  test.each([[null], [""], [[]], [[null]], [{}], [undefined]])("%j is none: the event takes no part", (value) => {
    expect(take(ofValue(value), ofValue(value))).toEqual({ groups: [], without: 2, tooLate: 0 });
  });

  test("are sixteen of an event at the most, the first ones", () => {
    const many = Array.from({ length: 40 }, (_, index) => `value ${index}`);
    expect(take(ofValue(many), ofValue("value 15"), ofValue("value 16")).groups).toEqual(["value 15"]);
  });

  test("that work keeps of a cut event come before what the event still says", () => {
    const work = { event: ofValue(["ann", "bob"]), rules: null, followUp: false, waiting: null };
    const delivery = { id: null, org: null, eventHookId: null };
    const { values } = keepValues({ ...work, delivery }, { correlations: { plan, silent: new Set() } });
    expect(values).toEqual({ "debugContext.debugData.value": ["ann", "bob"] });
    expect(valuesOf(ofValue("cut"), values)("debugContext.debugData.value")).toEqual(["ann", "bob"]);
  });
});

describe("times of events", () => {
  test.each([
    ["another zone", "2026-11-24T10:10:00+01:00"],
    ["a space for the T, and no zone", "2026-11-24 09:10:00"],
    ["nanoseconds", "2026-11-24T09:10:00.123456789Z"],
  ])("in %s are the same moment", (_, published) => {
    expect(take(at("2026-11-24T09:05:00Z"), at(published)).groups).toEqual(["x"]);
    expect(take(at("2026-11-24T08:05:00Z"), at(published)).groups).toEqual([]);
  });

  test("that are late by any delay complete a window, while the group keeps their span", () => {
    const hours = [9, 11, 13, 15].map((hour) => at(`2026-11-24T${String(hour).padStart(2, "0")}:05:00Z`));
    expect(take(...hours, at("2026-11-24T09:15:00Z")).groups).toEqual(["x"]);
    expect(take(...hours, at("2026-11-24T17:05:00Z"), at("2026-11-24T09:15:00Z"))).toMatchObject({
      groups: [],
      tooLate: 1,
    });
  });

  test("of the future take part at that time; those of four spans displace what is before", () => {
    const future = [1, 2, 3, 4].map((day) => at(`2027-11-0${day}T09:05:00Z`));
    const [first] = future;
    expect(take(...(first ? [first] : []), at("2026-11-24T09:05:00Z"), at("2026-11-24T09:15:00Z")).groups).toEqual([
      "x",
    ]);
    expect(take(...future, at("2026-11-24T09:05:00Z"), at("2026-11-24T09:15:00Z"))).toMatchObject({ tooLate: 2 });
  });

  test("are of an event once: the same under another uuid counts as another", () => {
    const event = at("2026-11-24T09:05:00Z");
    expect(take(event, event).groups).toEqual([]);
    expect(take(event, logEvent({ ...event.received, uuid: "another" })).groups).toEqual(["x"]);
  });
});
