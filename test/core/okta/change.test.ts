import { describe, expect, test } from "vitest";
import { changeOf } from "../../../lambda/core/okta/change.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";

describe("what an act changed", () => {
  test.each<[string, Json, string | null]>([
    [
      "is the privilege",
      {
        eventType: "user.account.privilege.grant",
        debugContext: { debugData: { privilegeGranted: "Super administrator" } },
      },
      "granted Super administrator",
    ],
    [
      "is the factor",
      { eventType: "user.mfa.factor.deactivate", debugContext: { debugData: { factor: "SMS_FACTOR" } } },
      "factor SMS_FACTOR",
    ],
    [
      "is what it was done to, but for persons",
      {
        eventType: "system.api_token.create",
        target: [{ type: "Token", displayName: "ci" }, { type: "User", displayName: "Ada" }, null],
      },
      "Token ci",
    ],
    [
      "is the levels of a risk",
      { eventType: "user.risk.change", debugContext: { debugData: { risk: "{previousLevel=LOW, level=HIGH}" } } },
      "risk LOW to HIGH",
    ],
    ["is none of a session start", { target: [{ type: "AppInstance", displayName: "Salesforce" }] }, null],
    ["is none where the event names none", { eventType: "user.mfa.factor.reset_all" }, null],
    [
      "is the first five of many",
      {
        eventType: "policy.rule.update",
        target: Array.from({ length: 7 }, (_, index) => ({ type: "PolicyRule", displayName: `r${index}` })),
      },
      "PolicyRule r0; PolicyRule r1; PolicyRule r2; PolicyRule r3; PolicyRule r4; 2 more",
    ],
  ])("%s", (_, event, expected) => {
    expect(changeOf(logEvent(event))).toBe(expected);
  });
});
