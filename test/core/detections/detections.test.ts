import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { loadDetections } from "../../../lambda/adapters/rule-files/load-detections.ts";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import { compileRules, isEnabled } from "../../../lambda/core/detections/compile-rules.ts";
import { findEventType } from "../../../lambda/core/okta/event-types.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import type { Rule } from "../../../lambda/core/sigma/rule.ts";
import { type RuleSet, requirementsOf } from "../../../lambda/core/sigma/rule-set.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { findings, memoryPorts } from "../../fixtures/memory.ts";
import { lisbon } from "../../fixtures/places.ts";
import { unhurried } from "../../fixtures/timing.ts";

const folder = fileURLToPath(new URL("../../../detections", import.meta.url));

let rules: readonly Rule[];
let all: RuleSet;
let byDefault: RuleSet;

beforeAll(async () => {
  rules = (await loadDetections(folder)).rules.map(({ content }) => content);
  all = await compileRules(rules.filter((rule) => isEnabled(rule, { experimental: true })));
  byDefault = await compileRules(rules.filter((rule) => isEnabled(rule, { experimental: false })));
});

/** The titles of the detections that an event raises, through the whole pipeline. */
async function detectionsOf(event: Json, set: RuleSet): Promise<string[]> {
  const alerts: Alert[] = [];
  await processDelivery(
    { id: null, org: null, eventHookId: null, events: [logEvent(event)], malformed: [] },
    memoryPorts({
      rules: set,
      lookUp: async () => findings(new Map([["00u1lisbon", [lisbon]]])),
      publish: async (alert) => void alerts.push(alert),
    }),
    unhurried(),
  );
  return alerts.flatMap(({ detections }) => detections.map(({ title }) => title));
}

const proxied = { isProxy: true };
const direct = { isProxy: false };
const service = (type: string) => ({
  ipDetails: { ipServiceCategories: [{ type, operator: null, isAnonymous: true }] },
});
const inLisbon = {
  client: { geographicalContext: { country: "Portugal", geolocation: { lat: 38.71, lon: -9.14 } } },
};

const startProxied = "Okta User Session Start Via Anonymizing Proxy";
const startFar = "Okta User Session Start - Anonymizing Proxy with Geolocation Mismatch";
const startTor = "Okta User Session Start Via Tor or Residential Proxy";
const startNew = "Okta User Session Start Via Anonymizing Proxy With New Device or Location";

describe("session starts", () => {
  test.each<[string, Json, string[]]>([
    ["through no proxy", { securityContext: direct }, []],
    ["through a proxy, far from home", { securityContext: proxied }, [startProxied, startFar]],
    ["through a proxy, at home", { securityContext: proxied, ...inLisbon }, [startProxied]],
    [
      "failed, through a proxy",
      { securityContext: proxied, ...inLisbon, outcome: { result: "FAILURE" } },
      [startProxied],
    ],
    ["of another type", { securityContext: proxied, eventType: "user.session.end" }, []],
    ["through Tor", { securityContext: { ...proxied, ...service("Tor") }, ...inLisbon }, [startProxied, startTor]],
    ["through Tor, not marked as a proxy", { securityContext: service("TOR"), ...inLisbon }, [startProxied, startTor]],
    [
      "through a residential proxy",
      { securityContext: service("Residential Proxy"), ...inLisbon },
      [startProxied, startTor],
    ],
    [
      "through Tor, by the kind of proxy alone",
      { debugContext: { debugData: { proxyType: "tor" } }, securityContext: direct, ...inLisbon },
      [startProxied, startTor],
    ],
    [
      "through a VPN, not marked as a proxy",
      { securityContext: { ...direct, ...service("VPN") } },
      [startProxied, startFar],
    ],
    [
      "through a VPN that is not anonymous",
      {
        securityContext: {
          ...direct,
          ipDetails: { ipServiceCategories: [{ type: "VPN", operator: "GLOBALPROTECT_VPN", isAnonymous: false }] },
        },
      },
      [],
    ],
    [
      "with a new device",
      {
        securityContext: { ...proxied, userBehaviors: [{ name: "New Device", result: "POSITIVE" }] },
        ...inLisbon,
      },
      [startProxied, startNew],
    ],
    [
      "with a known device and a new address",
      {
        securityContext: {
          ...proxied,
          userBehaviors: [
            { name: "New Device", result: "NEGATIVE" },
            { name: "New IP", result: "POSITIVE" },
          ],
        },
        ...inLisbon,
      },
      [startProxied],
    ],
    [
      "with a new country, in text",
      {
        securityContext: proxied,
        debugContext: { debugData: { behaviors: "{New Device=NEGATIVE, New Country=POSITIVE}" } },
        ...inLisbon,
      },
      [startProxied, startNew],
    ],
    [
      "with a new city, in JSON in text",
      {
        securityContext: proxied,
        debugContext: { debugData: { logOnlySecurityData: '{"behaviors":{"New City":"POSITIVE"}}' } },
        ...inLisbon,
      },
      [startProxied, startNew],
    ],
    [
      "with a new device, through no proxy",
      { securityContext: { ...direct, userBehaviors: [{ name: "New Device", result: "POSITIVE" }] } },
      [],
    ],
  ])("%s", async (_, event, titles) => {
    expect((await detectionsOf(event, byDefault)).sort()).toEqual([...titles].sort());
  });
});

/** Detections of what follows a sign-in: the title without a proxy, whether it is on by default, and event types. */
const followUps: readonly [title: string, onByDefault: boolean, eventTypes: string[], overrides?: Json][] = [
  [
    "Okta Admin Privilege Granted",
    false,
    [
      "user.account.privilege.grant",
      "group.privilege.grant",
      "iam.resourceset.bindings.add",
      "app.oauth2.client.privilege.grant",
      "iam.role.permissions.add",
      "iam.role.permission.conditions.delete",
      "iam.resourceset.resources.add",
    ],
  ],
  ["Okta All MFA Factors Reset", false, ["user.mfa.factor.reset_all"]],
  ["Okta MFA Factor Deactivated", false, ["user.mfa.factor.deactivate"]],
  [
    "Okta Identity Provider Created, Activated or Changed",
    true,
    [
      "system.idp.lifecycle.create",
      "system.idp.lifecycle.activate",
      "system.idp.lifecycle.update",
      "system.idp.key.create",
      "system.idp.key.update",
    ],
  ],
  ["Okta API Token Created", false, ["system.api_token.create"]],
  [
    "Okta Policy or Network Zone Changed, Deactivated or Deleted",
    false,
    [
      "policy.rule.deactivate",
      "policy.rule.update",
      "policy.lifecycle.deactivate",
      "policy.lifecycle.overwrite",
      "policy.branch.lifecycle.promote",
      "policy.branch.lifecycle.rollback",
      "app.policy.sign_on.update",
      "zone.delete",
      "zone.remove_blacklist",
    ],
  ],
  ["Okta Suspicious Activity Reported by End User", true, ["user.account.report_suspicious_activity_by_enduser"]],
  [
    "Okta User Risk Raised to High",
    true,
    ["user.risk.change", "user.risk.detect"],
    { debugContext: { debugData: { risk: "{reasons=Session hijacking, level=HIGH}" } } },
  ],
];

describe.each(followUps)("%s", (title, onByDefault, eventTypes, overrides = {}) => {
  const viaProxy = `${title} Via Anonymizing Proxy`;

  test.each(eventTypes)("%s through a proxy raises the rule of its own, severer, always", async (eventType) => {
    const event = { ...overrides, eventType, securityContext: proxied };
    expect(await detectionsOf(event, all)).toEqual([viaProxy, title]);
    expect(await detectionsOf(event, byDefault)).toEqual(onByDefault ? [viaProxy, title] : [viaProxy]);
  });

  test.each(eventTypes)("%s through none raises the other alone", async (eventType) => {
    const event = { ...overrides, eventType, securityContext: direct };
    expect(await detectionsOf(event, all)).toEqual([title]);
    expect(await detectionsOf(event, byDefault)).toEqual(onByDefault ? [title] : []);
  });
});

describe("are not raised by what is alike", () => {
  test.each<[string, Json]>([
    ["a privilege revoked", { eventType: "user.account.privilege.revoke" }],
    ["a factor activated", { eventType: "user.mfa.factor.activate" }],
    ["an identity provider deactivated", { eventType: "system.idp.lifecycle.deactivate" }],
    ["an API token revoked", { eventType: "system.api_token.revoke" }],
    ["a policy rule added", { eventType: "policy.rule.add" }],
    ["a rule of a policy's draft changed", { eventType: "policy.branch.rule.update" }],
    ["a permission taken from a role", { eventType: "iam.role.permissions.delete" }],
    ["a condition that limits a permission", { eventType: "iam.role.permission.conditions.add" }],
    ["a key of an identity provider deleted", { eventType: "system.idp.key.delete" }],
    ["a network zone blocked", { eventType: "zone.make_blacklist" }],
    [
      "a risk that falls from high to low",
      {
        eventType: "user.risk.change",
        debugContext: { debugData: { risk: "{level=LOW, previousLevel=HIGH, reasons=Lowered by an administrator}" } },
      },
    ],
    [
      "a risk that falls from high to medium",
      { eventType: "user.risk.change", debugContext: { debugData: { risk: "{previousLevel=HIGH, level=MEDIUM}" } } },
    ],
    [
      "a risk that falls, by the security context",
      { eventType: "user.risk.change", securityContext: { risk: { level: "LOW", previousLevel: "HIGH" } } },
    ],
    [
      "a risk that stays high",
      { eventType: "user.risk.detect", debugContext: { debugData: { risk: "{previousLevel=HIGH, level=HIGH}" } } },
    ],
    [
      "a risk raised to medium",
      { eventType: "user.risk.change", debugContext: { debugData: { risk: "{level=MEDIUM}" } } },
    ],
  ])("%s", async (_, event) => {
    expect(await detectionsOf({ ...event, securityContext: proxied }, all)).toEqual([]);
  });
});

test("a high risk is seen where the security context has it, too", async () => {
  const event = { eventType: "user.risk.change", securityContext: { isProxy: false, risk: { level: "HIGH" } } };
  expect(await detectionsOf(event, byDefault)).toEqual(["Okta User Risk Raised to High"]);
});

test("Okta's catalog has every event type that a detection names", () => {
  const named = new Set(rules.flatMap((rule) => [...(requirementsOf(rule).get("eventtype")?.values() ?? [])]));
  expect(named.size).toBeGreaterThan(30);
  expect([...named].filter((eventType) => findEventType(eventType).hookEligible === null)).toEqual([]);
});

test("every detection is complete, and has a case above", async () => {
  const cases = new Set([
    ...[startProxied, startFar, startTor, startNew],
    ...followUps.flatMap(([title]) => [title, `${title} Via Anonymizing Proxy`]),
  ]);
  expect(new Set(rules.map(({ title }) => title))).toEqual(cases);
  for (const rule of rules) {
    expect(rule.falsePositives.length).toBeGreaterThan(0);
    expect(rule.references.length).toBeGreaterThan(0);
    expect(rule.description).not.toBe("");
    expect(rule.author).toBe("okta-proxy-watch");
    expect(rule.tags.some((tag) => /^attack\.t\d{4}/.test(tag))).toBe(true);
    expect(rule.date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(["stable", "experimental"]).toContain(rule.status);
  }
});
