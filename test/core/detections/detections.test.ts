import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { loadDetections } from "../../../lambda/adapters/rule-files/load-detections.ts";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import { compileRules, faultOfPacks, isEnabled, packsOf } from "../../../lambda/core/detections/compile-rules.ts";
import { findEventType } from "../../../lambda/core/okta/event-types.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import type { Correlation } from "../../../lambda/core/sigma/correlation.ts";
import { withoutFilters } from "../../../lambda/core/sigma/parse/parse-filter.ts";
import { requirementsOf } from "../../../lambda/core/sigma/requirements.ts";
import { bySeverity, type Rule } from "../../../lambda/core/sigma/rule.ts";
import type { RuleSet } from "../../../lambda/core/sigma/rule-set.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { findings, memoryPorts } from "../../fixtures/memory.ts";
import { lisbon } from "../../fixtures/places.ts";
import { unhurried } from "../../fixtures/timing.ts";

const folder = fileURLToPath(new URL("../../../detections", import.meta.url));

let rules: readonly Rule[];
let correlations: readonly Correlation[];
let byDefault: RuleSet;

beforeAll(async () => {
  const loaded = await loadDetections(folder);
  // A fork's own rules and filters change nothing of what these are.
  const isOurs = ({ author }: Rule | Correlation) => author === "okta-proxy-watch";
  rules = loaded.rules.map(({ content }) => withoutFilters(content)).filter(isOurs);
  correlations = loaded.correlations.map(({ content }) => content).filter(isOurs);
  byDefault = await compileRules(rules.filter((rule) => isEnabled(rule, { experimental: false })));
});

test("no step of a detection names another thing to do first: a mail starts with one, and those steps come behind it", () => {
  const steps = [...rules, ...correlations].flatMap(({ triage }) => triage);
  expect(steps.length).toBeGreaterThan(20);
  // What is the first of some things to look into comes with a noun: "with customer data first".
  expect(steps.filter((step) => /\bfirst[;,]|^First\b/.test(step))).toEqual([]);
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

test("a rule of a pack that is on runs, though it is experimental; a deprecated one never does", () => {
  const [experimental] = rules.filter(({ status, pack }) => status === "experimental" && pack === "mfa");
  if (experimental === undefined) throw new Error("the pack mfa has no rule");
  expect(isEnabled(experimental, { experimental: false })).toBe(false);
  expect(isEnabled(experimental, { experimental: false, packs: ["admin"] })).toBe(false);
  expect(isEnabled(experimental, { experimental: false, packs: ["admin", "mfa"] })).toBe(true);
  expect(isEnabled({ ...experimental, status: "deprecated" }, { experimental: true, packs: ["mfa"] })).toBe(false);
});

test("every experimental rule that is shipped has a pack, and a pack that no rule has is refused", () => {
  const shipped = rules.filter(({ author }) => author === "okta-proxy-watch");
  expect(packsOf(shipped)).toEqual(["admin", "ai-agents", "apps", "mfa", "proxied", "sessions"]);
  expect(packsOf(correlations)).toEqual(["mfa", "sessions"]);
  const bare = [...shipped, ...correlations].filter(({ status, pack }) => status === "experimental" && pack === null);
  expect(bare.length).toBeGreaterThan(5);
  expect(bare.filter(({ id }) => !isStep(id)).map(({ title }) => title)).toEqual([]);
  expect(faultOfPacks(["admin"], shipped)).toBeNull();
  expect(faultOfPacks(["admin", "admins"], shipped)).toBe(
    "no rule is of the pack admins; there are: admin, ai-agents, apps, mfa, proxied, sessions",
  );
});

const viaProxy = / Via Anonymizing Proxy$/;

test("what has a rule of its own through a proxy is severer there, and on by default", () => {
  const twins = rules.flatMap((proxied) => {
    const plain = rules.find(({ title }) => title === proxied.title.replace(viaProxy, ""));
    return plain === undefined || plain === proxied ? [] : [{ plain, proxied }];
  });
  expect(twins.length).toBeGreaterThanOrEqual(8);
  for (const { plain, proxied } of twins) {
    expect([proxied.title, bySeverity(proxied.level, plain.level) < 0]).toEqual([proxied.title, true]);
    expect(isEnabled(proxied, { experimental: false })).toBe(true);
    expect(requirementsOf(proxied).get("eventtype")).toEqual(requirementsOf(plain).get("eventtype"));
  }
});

test("an act through a proxy raises both of its rules in one alert, the severer first", async () => {
  const event = { eventType: "system.idp.lifecycle.create", securityContext: proxied };
  expect(await detectionsOf(event, byDefault)).toEqual([
    "Okta Identity Provider Created, Activated or Changed Via Anonymizing Proxy",
    "Okta Identity Provider Created, Activated or Changed",
  ]);
});

test("Okta's catalog has every event type that a detection names", () => {
  const named = new Set(rules.flatMap((rule) => [...(requirementsOf(rule).get("eventtype")?.values() ?? [])]));
  expect(named.size).toBeGreaterThan(30);
  expect([...named].filter((eventType) => findEventType(eventType).hookEligible === null)).toEqual([]);
});

/** Whether a rule or correlation is evaluated for correlations, and alerts on nothing of its own. */
function isStep(id: string): boolean {
  return [...rules, ...correlations].some(
    (each) =>
      each.id === id &&
      each.status === "experimental" &&
      each.pack === null &&
      correlations.some((over) => over.rules.some((rule) => rule.id === id)),
  );
}

test("every detection that is shipped is complete", () => {
  for (const rule of [...rules, ...correlations].filter(({ author }) => author === "okta-proxy-watch")) {
    expect(rule.falsePositives.length).toBeGreaterThan(0);
    expect(rule.references.length).toBeGreaterThan(0);
    expect(rule.description).not.toBe("");
    expect(rule.tags.some((tag) => /^attack\.t\d{4}/.test(tag))).toBe(true);
    expect(rule.date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(["stable", "experimental"]).toContain(rule.status);
  }
});

test("every detection that may alert has a triage step of its own; a step of correlations, which never alerts, needs none", () => {
  const ours = [...rules, ...correlations].filter(({ author }) => author === "okta-proxy-watch");
  const without = ours.filter(({ id, triage }) => triage.length === 0 && !isStep(id)).map(({ title }) => title);
  expect(without).toEqual([]);
  // The step is its own: no other detection has it.
  const all = ours.flatMap(({ triage }) => triage);
  expect(all.filter((step, index) => all.indexOf(step) !== index)).toEqual([]);
});
