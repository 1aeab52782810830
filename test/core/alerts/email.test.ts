import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAlert } from "../../../lambda/core/alerts/alert.ts";
import type { AlertSource } from "../../../lambda/core/alerts/alert-source.ts";
import { judgeLocation } from "../../../lambda/core/profiles/judge-location.ts";
import { alertOf } from "../../fixtures/cases.ts";
import { codePoint } from "../../fixtures/code-point.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { lisbon } from "../../fixtures/places.ts";
import { renderEmail, renderSubject } from "../../fixtures/rendered.ts";
import { rule } from "../../fixtures/rules.ts";

function alert(event: Json = {}, overrides: Partial<AlertSource> = {}) {
  const parsed = logEvent({ uuid: "event-1", ...event });
  return createAlert({
    event: parsed,
    delivery: { id: "delivery-1", org: "example.okta.com", eventHookId: "who1" },
    detections: [{ rule: rule("high", "00000000-0000-4000-8000-000000000001"), matched: [] }],
    judgement: judgeLocation(parsed.fields.client?.geographicalContext ?? null, [lisbon], 500),
    thresholdKm: 500,
    detectedAt: new Date("2026-11-24T09:30:03Z"),
    ...overrides,
  });
}

describe("the e-mail", () => {
  test("says who, from where, through what, how far from home, and what to do first", () => {
    const text = renderEmail(
      alert({
        securityContext: {
          isProxy: true,
          asNumber: 64500,
          asOrg: "Example Hosting",
          ipDetails: { ipServiceCategories: [{ type: "Tor", operator: "TOR_EXIT", isAnonymous: true }] },
          risk: { level: "HIGH", reasons: ["Anomalous Location"] },
          userBehaviors: [
            { name: "New Device", result: "POSITIVE" },
            { name: "New IP", result: "NEGATIVE" },
          ],
        },
      }),
    );
    const lines = text.split("\n");
    expect(lines.slice(0, 6)).toEqual([
      "HIGH: sign-in through Tor",
      "Who: Ada Marques (Ada@Example.com)",
      "Where: Toronto, Ontario, Canada, 5,723 km from Lisbon, PT (home)",
      "Network: 203.0.113.77, AS64500 Example Hosting",
      "New: risk HIGH; New Device",
      "Do first: Clear the user's sessions now: Tor hides who it is. Then call Ada Marques. Did they sign in from Toronto?",
    ]);
    for (const line of [
      "Who       Ada Marques (Ada@Example.com), id 00u1lisbon",
      "From      Toronto, Ontario, Canada",
      "Through   Tor (TOR_EXIT)",
      "Network   203.0.113.77, AS64500 Example Hosting",
      "Location  mismatch. The exit is 5,723 km from Lisbon, PT (home), over the threshold of 500 km.",
      "Okta risk HIGH: Anomalous Location",
      "Unusual   New Device",
    ]) {
      expect(lines).toContain(line);
    }
    expect(lines[lines.indexOf("Then") + 1]).toMatch(/^1\. If it was not them/);
    expect(text).toContain("- The event: https://example-admin.okta.com/report/system_log_2?");
  });

  test("of an attempt that failed does not say that it succeeded", () => {
    const failed = alert({ outcome: { result: "FAILURE", reason: "INVALID_CREDENTIALS" } });
    expect(failed.summary).toContain("tried to start an Okta session (FAILURE)");
    expect(renderEmail(failed)).toContain("Outcome   FAILURE: INVALID_CREDENTIALS");
    expect(renderEmail(failed)).toMatch(/^HIGH: failed sign-in through a proxy \(INVALID_CREDENTIALS\)\n/);
    expect(failed.triage[0]).toContain("See whether a sign-in of this user, or from 203.0.113.77, succeeded since");
    expect(renderSubject(failed)).toContain("failed sign-in through a proxy");
  });

  test("of what is no sign-in says what was done, to whom, and no proxy where there is none", () => {
    const granted = {
      eventType: "user.account.privilege.grant",
      displayMessage: "Grant user privilege",
      target: [{ type: "User", displayName: "Mallory" }, null, { type: "ROLE", alternateId: "Super admin" }],
    };
    const proxied = alert(granted);
    expect(proxied.summary).toBe(
      'Ada Marques (Ada@Example.com) did "Grant user privilege": ROLE Super admin, to Mallory through an anonymizing proxy in Toronto, Ontario, Canada, 5,723 km from Lisbon, PT (home), from 203.0.113.77.',
    );
    expect(renderSubject(proxied)).toBe("[high] granted role Super admin to Mallory: Ada@Example.com, Canada");
    const direct = alert({ ...granted, securityContext: { isProxy: false }, outcome: { result: "FAILURE" } });
    expect(direct.summary).toContain('did "Grant user privilege": ROLE Super admin, to Mallory (FAILURE) in Toronto');
    expect(renderEmail(direct)).not.toMatch(/prox(?!y-watch)|Through|The exit is far/);
  });

  test("names what was left out of the event", () => {
    expect(renderEmail({ ...alert(), eventCut: ["debugContext", "target"] })).toContain("debugContext, target");
  });

  test("gets no line, control or direction character from names", () => {
    const hostile = "Ada\n\nWhat to do\r\n1. Nothing\u202e\u2028\u0000\u001b[2J";
    const text = renderEmail(
      alert({
        actor: { id: hostile, alternateId: hostile, displayName: hostile },
        outcome: { result: hostile, reason: hostile },
      }),
    );
    expect(text).toMatch(/^Facts$/m);
    expect((text.match(/^What to do$/gm) ?? []).length).toBeLessThanOrEqual(1);
    expect(text).not.toMatch(/^1\. Nothing/m);
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });
});

describe("the subject", () => {
  test("names severity, user and country", () => {
    expect(renderSubject(alert())).toBe("[high] sign-in through a proxy: Ada@Example.com, Canada");
  });

  test("is ASCII: accents fall, the rest becomes a question mark, and an address that is another's by that is defanged", () => {
    const subject = renderSubject(alert({ actor: { id: "00u1", alternateId: "zoë.日本@example.com" } }));
    expect(subject).toBe("[high] sign-in through a proxy: zoe.?[@]example[.]com, Canada");
  });

  test("is taken by SNS whatever the names: printable ASCII, not starting with a space, under 100 characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: codePoint, maxLength: 200 }), fc.string({ unit: codePoint }), (login, country) => {
        const subject = renderSubject(
          alert({ actor: { id: "00u1", alternateId: login }, client: { geographicalContext: { country } } }),
        );
        expect(subject).toMatch(/^[\x21-\x7e][\x20-\x7e]{0,98}$/);
      }),
    );
  });
});

test.each([
  ["RESIDENTIAL_PROXY", "Residential Proxy (BRIGHTDATA)"],
  ["TOR", "Tor (BRIGHTDATA)"],
  ["Later Kind", "Later Kind (BRIGHTDATA)"],
])("a network whose type is written %s reads %s", (type, written) => {
  const services = [{ type, operator: "BRIGHTDATA", isAnonymous: true }];
  const alert = alertOf({
    event: { securityContext: { isProxy: true, ipDetails: { ipServiceCategories: services } } },
  });
  expect(renderEmail(alert)).toMatch(new RegExp(`^Through +${written.replace(/[()]/g, "\\$&")}$`, "m"));
  expect(alert.summary).toContain(` through ${written} `);
});
