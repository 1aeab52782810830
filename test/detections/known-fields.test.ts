import { describe, expect, test } from "vitest";
import { checkField } from "../../lambda/detections/known-fields.ts";
import { SigmaRuleError } from "../../lambda/sigma/rule.ts";
import { sessionStart } from "../fixtures/events.ts";

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
  ])("is told of, with the nearest one: %s, %s", (name, meant) => {
    expect(checkField(name)).toBe(`Okta's documents have no field "${name}"; did you mean "${meant}"?`);
  });

  test.each(["processName", "src.user.name"])("is told of without a guess where none is near: %s", (name) => {
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
