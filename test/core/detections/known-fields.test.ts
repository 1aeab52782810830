import { describe, expect, test } from "vitest";
import { checkField, checkGiven, checkValues } from "../../../lambda/core/detections/known-fields.ts";
import { readLogEvent } from "../../../lambda/core/okta/log-event.ts";
import { decide } from "../../../lambda/core/pipeline/judge.ts";
import { settled } from "../../../lambda/core/sigma/field.ts";
import { parseDetection } from "../../../lambda/core/sigma/parse/parse-detection.ts";
import { SigmaRuleError } from "../../../lambda/core/sigma/rule.ts";
import { type Json, sessionStart } from "../../fixtures/events.ts";

/** Every path of an event's objects and values; those of lists' elements as if there were one. */
function pathsOf(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => pathsOf(each, path));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => {
    const below = path === "" ? name : `${path}.${name}`;
    return [below, ...pathsOf(each, below)];
  });
}

test.each(pathsOf(sessionStart()))("the field %s of an event is known, in any case", (path) => {
  expect(checkField(path)).toBeNull();
  expect(checkField(path.toLowerCase())).toBeNull();
});

test.each([
  "debugContext.debugData.tunnels",
  "debugcontext.debugdata.somethingNew.below",
  "target.detailEntry.methodTypeUsed",
  "target.changeDetails.to.status",
  "actor.detailEntry.osVersion",
  "transaction.detail.requestApiTokenId",
  "device.device_integrator.vendor.score",
  "securityContext.tunnels.operator",
  "request.ipChain.ipDetails.ipServiceCategories.type",
  "client.ipChain.ip",
  "legacyEventType",
  "authenticationContext.rootSessionId",
  "authenticationContext.authenticatorContext.bindingMethod",
  "securityContext.risk.previousLevel",
  "enrichment.geo.mismatch",
  "Enrichment.Behaviors.Positive",
  "enrichment.network.kinds",
])("the field %s is known", (name) => {
  expect(checkField(name)).toBeNull();
});

test("what the pipeline adds to an event is known, and so is nothing else under enrichment", () => {
  const event = readLogEvent(sessionStart());
  if (event === null) throw new Error("the fixture is no event");
  const { enrichment } = decide({ event, rules: [], certain: [] }, new Map(), 500, [], { travel: null, changed: null });
  const parts = Object.entries(enrichment.enrichment as object).map(([name, part]) => [name, settled(part)]);
  const added = pathsOf({ enrichment: Object.fromEntries(parts) }).filter((path) => path.split(".").length === 3);
  for (const path of added) expect(checkField(path)).toBeNull();
  const [, known = ""] = /known: (.*)/.exec(messageOf(() => checkField("enrichment.nothing"))) ?? [];
  expect(known.split(", ").toSorted()).toEqual(added.toSorted());
});

test.each([
  ["enrichment.travel.impossible", true],
  ["enrichment.geo.verdict", "mismatch"],
  ["enrichment.geo.verdict", null],
  ["enrichment.network.kinds", []],
  ["enrichment.network.kinds", ["relay", "tor"]],
])("a case may give %s as %j", (name, value) => {
  expect(() => checkGiven(name, value)).not.toThrow();
});

test.each([
  ["enrichment.travel.imposible", true, 'did you mean "enrichment.travel.impossible"?'],
  ["enrichment.travel.Impossible", true, 'did you mean "enrichment.travel.impossible"?'],
  ["enrichment.nonsense.foo", 3, 'no event has the field "enrichment.nonsense.foo"'],
  ["enrichment.geo", null, 'no event has the field "enrichment.geo"'],
  ["enrichment.storm.active", true, 'no event has the field "enrichment.storm.active"'],
  [
    "enrichment.geo.verdict",
    "mismtach",
    '"enrichment.geo.verdict" is never "mismtach": it can be mismatch, match, unknown',
  ],
  ["enrichment.network.kinds", ["relay", "Tor"], '"enrichment.network.kinds" is never "Tor"'],
  ["enrichment.risk.level", "high", "it can be LOW, MEDIUM, HIGH"],
])("a case cannot give %s as %j", (name, value, message) => {
  expect(() => checkGiven(name, value)).toThrow(message);
});

const messageOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return String(error);
  }
  return "";
};

describe("a field that is not known", () => {
  test.each([
    ["eventTyp", "eventType"],
    ["EVENTTYPES", "eventType"],
    ["event_type", "eventType"],
    ["isProxy", "securityContext.isProxy"],
    ["securityContext.is_proxy", "securityContext.isProxy"],
    ["securityContext.isProxxy", "securityContext.isProxy"],
    ["client.ip", "client.id"],
    ["ipAddress", "client.ipAddress"],
    ["client.geographicalContext.contry", "client.geographicalContext.country"],
    ["debugData.risk", "debugContext.debugData.risk"],
    ["debugContext.debugDat", "debugContext.debugData"],
    ["ipServiceCategories.operator", "securityContext.ipDetails.ipServiceCategories.operator"],
  ])("is reported, with the nearest one: %s, %s", (name, meant) => {
    expect(checkField(name)).toBe(`Okta's documents have no field "${name}"; did you mean "${meant}"?`);
  });

  test.each(["processName", "src.user.name"])("is reported without a guess where none is near: %s", (name) => {
    expect(checkField(name)).toBe(`Okta's documents have no field "${name}"`);
  });

  test.each([
    ["enrichment.geo.mismach", 'did you mean "enrichment.geo.mismatch"?'],
    ["enrichment.riskLevel", 'did you mean "enrichment.risk.level"?'],
    ["enrichment.weather", "known: enrichment.geo.verdict, "],
    ["enrichment.geo", "known: enrichment.geo.verdict, "],
    ["enrichment", "known: enrichment.geo.verdict, "],
  ])("under enrichment is refused: %s", (name, message) => {
    expect(() => checkField(name)).toThrow(SigmaRuleError);
    expect(() => checkField(name)).toThrow(message);
  });
});

describe("a value that its field never has", () => {
  const kinds = "it can be relay, vpn, proxy, blockchain_vpn, residential_proxy, tor";
  const warningsOf = (selection: Json) => {
    const detection = { selection, condition: "selection" };
    return parseDetection(detection, ["detection"], { checkField, checkValues }).warnings.map(({ message }) => message);
  };

  test.each<[string, Json, string]>([
    ["a kind in Okta's words", { "enrichment.network.kinds": "Tor Browser" }, `"Tor Browser": ${kinds}`],
    ["one of several", { "Enrichment.Network.Kinds": ["tor", "residential proxy"] }, `"residential proxy": ${kinds}`],
    ["a part of none", { "enrichment.network.kinds|contains": "onion" }, `"*onion*": ${kinds}`],
    ["an expression", { "enrichment.network.kinds|re": "^Tor" }, `what matches "^Tor": ${kinds}`],
    ["another case, where it counts", { "enrichment.risk.level|cased": "High" }, '"High": it can be LOW, MEDIUM, HIGH'],
    ["a level", { "enrichment.risk.previousLevel": "CRITICAL" }, '"CRITICAL": it can be LOW, MEDIUM, HIGH'],
    ["a number", { "enrichment.risk.level|gte": 2 }, "a number: it can be LOW, MEDIUM, HIGH"],
    ["a verdict", { "enrichment.geo.verdict|neq": "far" }, '"far": it can be mismatch, match, unknown'],
  ])("is reported, with those that it can have: %s", (_, selection, message) => {
    const [field = ""] = Object.keys(selection)[0]?.split("|") ?? [];
    expect(warningsOf(selection)).toEqual([`"${field}" is never ${message}`]);
  });

  test.each<[string, Json]>([
    ["any case", { "enrichment.network.kinds": ["TOR", "Residential_Proxy"] }],
    ["a part", { "enrichment.network.kinds|endswith": "vpn" }],
    ["an expression", { "enrichment.network.kinds|re": "proxy$" }],
    ["null", { "enrichment.risk.level": null }],
    ["whether it is there", { "enrichment.risk.level|exists": true }],
    ["a field with any value", { "enrichment.network.operators": "Tor Browser" }],
  ])("is not %s", (_, selection) => {
    expect(warningsOf(selection)).toEqual([]);
  });
});
