import { expect, test } from "vitest";
import { findCandidate } from "../../../lambda/core/pipeline/match.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { rule, ruleSet } from "../../fixtures/rules.ts";

const services = [{ type: "Tor", operator: "TOR_EXIT", isAnonymous: true }];
const event: Json = {
  authenticationContext: { externalSessionId: "idx1", rootSessionId: "idxRoot" },
  target: [
    { type: "AppUser", id: "0uaAda" },
    { type: "AppInstance", id: "0oaPayroll" },
    { type: "AppInstance", id: null },
    null,
  ],
  securityContext: {
    asNumber: 64500,
    isProxy: true,
    risk: { level: "HIGH", reasons: [] },
    userBehaviors: [
      { name: "New Device", result: "POSITIVE" },
      { name: "New City", result: "NEGATIVE" },
    ],
    ipDetails: { ipServiceCategories: services },
  },
};

/** Whether a rule that asks for this matches the event. */
function isMatched(selection: Json, given: Json = event): boolean {
  return (
    findCandidate(logEvent(given), ruleSet([rule("low", "00000000-0000-4000-8000-000000000001", selection)])) !== null
  );
}

test.each<[string, string | boolean, string | boolean]>([
  ["behaviors.positive", "New Device", "New City"],
  ["network.anonymous", true, false],
  ["network.kinds", "tor", "vpn"],
  ["network.operators", "TOR_EXIT", "NORD_VPN"],
  ["network.key", "AS64500", "AS64501"],
  ["risk.level", "HIGH", "LOW"],
  ["person.id", "00u1lisbon", "00u2"],
  ["person.login", "ada@example.com", "bob@example.com"],
  ["session.id", "idxRoot", "idx1"],
  ["application.id", "0oaPayroll", "0uaAda"],
])("rules find enrichment.%s in what the event itself says", (field, value, other) => {
  expect(isMatched({ [`enrichment.${field}`]: value })).toBe(true);
  expect(isMatched({ [`enrichment.${field}`]: other })).toBe(false);
});

test("an event about no person has neither an id nor a login that rules find", () => {
  const nobody = { ...event, actor: null };
  expect(isMatched({ "enrichment.person.id": null, "enrichment.person.login": null }, nobody)).toBe(true);
});

test.each<[unknown, unknown, string | null]>([
  [null, "idx1", "idx1"],
  ["unknown", "idx1", "idx1"],
  [null, "unknown", null],
  [null, null, null],
])("the session with the root %j and the external id %j is %j", (rootSessionId, externalSessionId, id) => {
  const given = { ...event, authenticationContext: { rootSessionId, externalSessionId } };
  expect(isMatched({ "enrichment.session.id": id }, given)).toBe(true);
});
