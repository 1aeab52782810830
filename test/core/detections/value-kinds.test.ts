import { describe, expect, test } from "vitest";
import { checkEventValue, checkField, checkGiven, checkValues } from "../../../lambda/core/detections/known-fields.ts";
import { logSource } from "../../../lambda/core/detections/log-source.ts";
import { parseRule } from "../../../lambda/core/sigma/parse/parse-rule.ts";
import { SigmaRuleError } from "../../../lambda/core/sigma/rule.ts";

const parse = (field: string, value: unknown) =>
  parseRule(
    { title: "A rule", logsource: logSource, detection: { selection: { [field]: value }, condition: "selection" } },
    { logsource: logSource, checkField, checkValues },
  );
const warningsOf = (field: string, value: unknown) =>
  parse(field, value).warnings.flatMap(({ path, message }) => (path[0] === "detection" ? [message] : []));

describe("a rule", () => {
  test.each([
    ["enrichment.geo.mismatch", "yes", 'is true or false, never "yes": write true, without quotes'],
    ["enrichment.network.anonymous", 1, 'is true or false, never "1": write true, without quotes'],
    ["securityContext.isProxy", "no", 'is true or false, never "no": write false, without quotes'],
    ["securityContext.asNumber", "AS64500", 'is a number, never "AS64500": write 64500, without quotes'],
    ["enrichment.geo.distanceKm", "1,000 km", 'is a number, never "1,000 km": write 1000, without quotes'],
  ])("with a near miss of a boolean or number is refused, and says what to write: %s", (field, value, message) => {
    expect(() => parse(field, value)).toThrow(message);
    const path = ["detection", "selection", field];
    expect(() => parse(field, value)).toThrow(expect.objectContaining({ name: SigmaRuleError.name, path }));
  });

  test.each([
    ["securityContext.isProxy", true],
    ["securityContext.isProxy", "true"],
    ["securityContext.isProxy", ["TRUE", false]],
    ["securityContext.asNumber", [64_500, "64501"]],
    ["enrichment.geo.mismatch", null],
    ["debugContext.debugData.risk", "1"],
    ["enrichment.geo.distanceKm|gt", 600],
    ["securityContext.asOrg|contains", "1"],
  ])("may compare as texts what is the same text: %s %j", (field, value) => {
    expect(warningsOf(field, value)).toEqual([]);
  });

  test("with a value that is near nothing has a warning", () => {
    expect(warningsOf("securityContext.isProxy", "maybe")).toEqual([
      '"securityContext.isProxy" is never "maybe": it can be true, false',
    ]);
    expect(warningsOf("securityContext.asNumber", "Example")).toEqual([
      '"securityContext.asNumber" is never "Example": it is a number',
    ]);
  });

  test.each([
    ["tags", "attack.t1078", "expected a list of tags"],
    ["pack", true, "expected a name such as admin: a-z, 0-9 and -"],
    ["description", 5, "expected text"],
    ["date", 2026, "expected a date as YYYY-MM-DD"],
    ["triage", "Call", "expected a list of sentences"],
    ["level_reason", true, "expected text"],
  ])("says what is expected of its key %s", (key, value, message) => {
    const detection = { selection: { eventType: "user.session.start" }, condition: "selection" };
    const document = { title: "A rule", logsource: logSource, detection, [key]: value };
    expect(() => parseRule(document, { logsource: logSource })).toThrow(message);
  });
});

describe("a case", () => {
  test("gives what an event has: a text is no boolean and no number, whatever it says", () => {
    expect(() => checkGiven("enrichment.geo.mismatch", "true")).toThrow("write true, without quotes");
    expect(() => checkGiven("enrichment.geo.distanceKm", "600")).toThrow("write 600, without quotes");
    expect(() => checkGiven("enrichment.travel.impossible", 0)).toThrow("write false, without quotes");
    expect(() => checkEventValue("securityContext.asNumber", "64500")).toThrow("write 64500, without quotes");
    expect(() => checkEventValue("securityContext", { isProxy: "maybe" })).toThrow("write true or false");
    expect(() => checkEventValue("securityContext.ipDetails.ipServiceCategories.0", { isAnonymous: "yes" })).toThrow(
      "write true",
    );
    for (const value of [true, false, null]) {
      expect(() => checkGiven("enrichment.geo.mismatch", value)).not.toThrow();
      expect(() => checkEventValue("securityContext", { isProxy: value, asNumber: null })).not.toThrow();
    }
    expect(() => checkGiven("enrichment.geo.distanceKm", 600.5)).not.toThrow();
    expect(() => checkGiven("enrichment.behaviors.positive", ["New Device"])).not.toThrow();
  });
});
