import { describe, expect, test } from "vitest";
import { alertOf } from "../../fixtures/cases.ts";
import { renderEmail, renderSubject } from "../../fixtures/rendered.ts";

const bea = { id: "00u2bea", type: "User", displayName: "Bea Victim", alternateId: "bea@example.com" };
const thing = (type: string, displayName: string) => ({ id: "1", type, displayName, alternateId: null });

const acts: readonly (readonly [eventType: string, target: readonly object[], debugData: object, headline: string])[] =
  [
    [
      "system.idp.lifecycle.create",
      [thing("IdentityProvider", "Contoso SSO")],
      {},
      "created identity provider Contoso SSO",
    ],
    ["system.api_token.create", [thing("Token", "backup")], {}, "created token backup"],
    ["zone.update", [thing("NetworkZone", "Office")], {}, "changed network zone Office"],
    ["event_hook.deleted", [thing("EventHook", "Alerts")], {}, "deleted event hook Alerts"],
    ["iam.role.permissions.add", [thing("ROLE", "Support")], {}, "added role Support"],
    ["user.mfa.factor.reset_all", [bea], {}, "reset all MFA factors of Bea Victim (bea@example.com)"],
    ["user.mfa.factor.deactivate", [bea], {}, "deactivated an MFA factor of Bea Victim (bea@example.com)"],
    [
      "user.mfa.factor.deactivate",
      [bea],
      { factor: "OKTA_VERIFY" },
      "deactivated factor OKTA_VERIFY of Bea Victim (bea@example.com)",
    ],
    ["user.account.reset_password", [bea], {}, "reset the password of Bea Victim (bea@example.com)"],
    [
      "group.user_membership.add",
      [bea, thing("UserGroup", "Okta Administrators")],
      {},
      "added Bea Victim (bea@example.com) to group Okta Administrators",
    ],
    [
      "user.account.privilege.grant",
      [bea],
      { privilegeGranted: "Super administrator" },
      "granted Super administrator to Bea Victim (bea@example.com)",
    ],
    [
      "user.account.privilege.revoke",
      [bea],
      { privilegeRevoked: "Super administrator" },
      "revoked Super administrator from Bea Victim (bea@example.com)",
    ],
  ];

const alertOn = (eventType: string, target: readonly object[], debugData: object, result = "SUCCESS") =>
  alertOf({ event: { eventType, target, debugContext: { debugData }, outcome: { result } } });

describe("the headline of an act", () => {
  test.each(acts)("says what was done, and to whom: %s", (eventType, target, debugData, headline) => {
    expect(renderEmail(alertOn(eventType, target, debugData)).split("\n")[0]).toBe(`HIGH: ${headline}`);
  });

  test("says where the act gave something to the account that did it", () => {
    const self = { id: "00u1lisbon", type: "User", displayName: "Ada Marques", alternateId: "Ada@Example.com" };
    const headline = (...given: Parameters<typeof alertOn>) => renderEmail(alertOn(...given)).split("\n")[0];
    expect(headline("user.account.privilege.grant", [self], { privilegeGranted: "Super administrator" })).toBe(
      "HIGH: granted Super administrator to their own account",
    );
    expect(headline("group.user_membership.add", [self, thing("UserGroup", "Okta Administrators")], {})).toBe(
      "HIGH: added their own account to group Okta Administrators",
    );
    expect(headline("user.mfa.factor.reset_all", [self], {})).toBe("HIGH: reset all MFA factors");
  });

  test("says that it did not succeed", () => {
    const alert = alertOn("system.api_token.create", [thing("Token", "backup")], {}, "FAILURE");
    expect(renderEmail(alert)).toMatch(/^HIGH: created token backup, without success \(FAILURE\)\n/);
  });

  test("keeps the title of the detection for an act without a known verb", () => {
    const alert = alertOn("user.session.context.change", [thing("Session", "one")], {});
    expect(renderEmail(alert)).toMatch(/^HIGH: Rule of level high: Session one\n/);
  });
});

test("the subject of an act names what was done, and logins alone", () => {
  const alert = alertOn("user.mfa.factor.reset_all", [bea], {});
  expect(renderSubject(alert)).toBe("[high] reset all MFA factors of bea@example.com: Ada@Example.com, Canada");
});

test("the subject of an act of Okta itself names its person once", () => {
  const actor = { id: "okta.0", type: "SystemPrincipal", displayName: "Okta System", alternateId: "system@okta.com" };
  const alert = alertOf({ event: { eventType: "user.mfa.factor.reset_all", actor, target: [bea] } });
  expect(renderSubject(alert)).toBe("[high] reset all MFA factors: bea@example.com, Canada");
});

test("steps about an act on another name the actor whose sessions are to be cleared", () => {
  const alert = alertOf({
    event: {
      eventType: "user.mfa.factor.reset_all",
      target: [bea],
      securityContext: {
        isProxy: true,
        ipDetails: { ipServiceCategories: [{ type: "Tor", operator: null, isAnonymous: true }] },
      },
    },
  });
  expect(alert.triage[0]).toMatch(/^Clear the sessions of Ada Marques now, and undo what was done/);
  expect(renderEmail(alert)).toMatch(/- The page of whom it was done to: https:\S+\/00u2bea$/m);
  expect(alert.triage[1]).toContain(": reset the password and the MFA factors of Ada Marques, and revoke");
  expect(alert.triage.join(" ")).not.toContain("the user's sessions");
});
