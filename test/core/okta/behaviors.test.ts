import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { behaviors, positiveBehaviors } from "../../../lambda/core/okta/behaviors.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";

const of = (debugData: Json, securityContext: Json = {}) => logEvent({ debugContext: { debugData }, securityContext });

const list = [
  { id: "b1", name: "New Device", result: "POSITIVE" },
  { id: "b2", name: "New IP", result: "NEGATIVE" },
];
const map = { "New Device": "POSITIVE", "New IP": "NEGATIVE" };
const text = "{New Device=POSITIVE, New IP=NEGATIVE}";

/** Every place, each in every encoding in which events have been seen to have it. */
const encodings: readonly [string, Json, Json][] = [
  ["userBehaviors, a list", {}, { userBehaviors: list }],
  ["userBehaviors, JSON text", {}, { userBehaviors: JSON.stringify(list) }],
  ["userBehaviors, Okta's text", {}, { userBehaviors: text }],
  ["userBehaviors, an object", {}, { userBehaviors: map }],
  ["userBehaviors, a list of texts", {}, { userBehaviors: list.map((each) => JSON.stringify(each)) }],
  [
    "userBehaviors, keys in lower case",
    {},
    { userbehaviors: list.map(({ name, result }) => ({ NAME: name, Result: result })) },
  ],
  ["behaviors, Okta's text", { behaviors: text }, {}],
  ["behaviors, JSON text", { behaviors: JSON.stringify(map) }, {}],
  ["behaviors, an object", { behaviors: map }, {}],
  ["behaviors, a list", { behaviors: list }, {}],
  ["behaviors, key in capitals", { BEHAVIORS: text }, {}],
  ["logOnlySecurityData, JSON text", { logOnlySecurityData: JSON.stringify({ behaviors: map }) }, {}],
  ["logOnlySecurityData, an object", { logOnlySecurityData: { behaviors: map } }, {}],
  ["logOnlySecurityData, an object of text", { logOnlySecurityData: { behaviors: text } }, {}],
  ["logOnlySecurityData, keys in lower case", { logonlysecuritydata: JSON.stringify({ BEHAVIORS: map }) }, {}],
];

describe("behaviors", () => {
  test.each(encodings)("are read of %s", (_, debugData, securityContext) => {
    const event = of(debugData, securityContext);
    expect(behaviors(event)).toEqual([
      { name: "New Device", result: "POSITIVE" },
      { name: "New IP", result: "NEGATIVE" },
    ]);
    expect(positiveBehaviors(event)).toEqual(["New Device"]);
  });

  test("that several places name are those of the structured one, and those that it does not name", () => {
    const event = of(
      { behaviors: "{new ip=NEGATIVE, Velocity=POSITIVE}" },
      { userBehaviors: [{ name: "New IP", result: "POSITIVE" }, { name: null, result: "POSITIVE" }, null] },
    );
    expect(behaviors(event)).toEqual([
      { name: "New IP", result: "POSITIVE" },
      { name: "Velocity", result: "POSITIVE" },
    ]);
  });

  test.each([["gibberish"], [""], ["{}"], [5], [null], [[null, 5, "x"]]])("are none of %j", (value) => {
    expect(behaviors(of({ behaviors: value }, { userBehaviors: value }))).toEqual([]);
  });
});

test("the behaviors that occurred are those of all that are read, whatever the text", () => {
  const part = fc.constantFrom(
    ...[
      "POSITIVE",
      "positive",
      "PoSiTiVe",
      "po\u017fitive",
      "\\u0050OSITIVE",
      "\\",
      "NEGATIVE",
      "New IP",
      "name",
      "result",
    ],
    ...["behaviors", "{", "}", "[", "]", "=", ":", ",", '"', '\\"', " ", "null", "\u0130"],
  );
  const text = fc.array(part, { maxLength: 14 }).map((parts) => parts.join(""));
  const list = fc.array(fc.record({ name: text, result: text }), { maxLength: 3 });
  const map = fc.dictionary(text, text, { maxKeys: 3 });
  const written = fc.oneof(list, map).map((value) => JSON.stringify(value));
  const logged = fc.oneof(map, list, text).map((behaviors) => JSON.stringify({ behaviors }));
  const any = fc.oneof(text, list, map, written, fc.constant(null), fc.constant(undefined), fc.integer());
  const event = fc
    .record({ userBehaviors: any, behaviors: any, logOnlySecurityData: fc.oneof(any, logged) })
    .map(({ userBehaviors, ...debugData }) => of(debugData, { userBehaviors }));
  fc.assert(
    fc.property(event, (each) => {
      const occurred = behaviors(each).filter(({ result }) => result?.toUpperCase() === "POSITIVE");
      expect(positiveBehaviors(each)).toEqual(occurred.map(({ name }) => name));
    }),
    { numRuns: 2_000 },
  );
});
