import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadSeverity, loadSeverityOf } from "../../../lambda/adapters/rule-files/load-severity.ts";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import type { PipelinePorts } from "../../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { compileAdjustments } from "../../../lambda/core/severity/compile-adjustments.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { findings, memoryPorts } from "../../fixtures/memory.ts";
import { lisbon } from "../../fixtures/places.ts";
import { parseTestRule, rule, ruleSet } from "../../fixtures/rules.ts";
import { unhurried } from "../../fixtures/timing.ts";

const ours = fileURLToPath(new URL("../../../detections/severity.yml", import.meta.url));
const high = rule("high", "00000000-0000-4000-8000-000000000001");
const low = rule("low", "00000000-0000-4000-8000-000000000002");

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(text: string): Promise<string> {
  const file = join(folder, `${crypto.randomUUID()}.yml`);
  await writeFile(file, text);
  return file;
}

/** The alert about an event, with the adjustments of our own file all enabled, or of this one. */
async function alertAbout(
  event: Json,
  documents = loadSeverity(ours),
  ports: Partial<PipelinePorts> = {},
): Promise<Alert | undefined> {
  const alerts: Alert[] = [];
  const enabled = (await documents).map((each) => ({ ...each, enabled: true }));
  const allPorts = memoryPorts({
    rules: ruleSet([low, high]),
    severityAdjustments: await compileAdjustments(enabled),
    publish: async (alert) => void alerts.push(alert),
    ...ports,
  });
  const delivery = { id: null, org: null, eventHookId: null, events: [logEvent(event)], malformed: [] };
  await processDelivery(delivery, allPorts, unhurried());
  return alerts[0];
}

function service(type: string, operator: string | null = null): Json {
  return { securityContext: { isProxy: true, ipDetails: { ipServiceCategories: [{ type, operator }] } } };
}
const failure = { outcome: { result: "FAILURE", reason: null } };

describe("the adjustments that are shipped", () => {
  test("of failed attempts, iCloud Private Relay and successes in storms are on, and each can be switched off by its own line", async () => {
    const documents = await loadSeverity(ours);
    const on = documents.filter(({ enabled }) => enabled).map(({ rule: { title } }) => title);
    expect(on).toEqual(["iCloud Private Relay", "Failed attempt", "Success in a storm of failed attempts"]);
    const text = await readFile(ours, "utf8");
    for (const title of on) {
      const [before, after] = [`title: ${title}\n  enabled: true`, `title: ${title}\n  enabled: false`];
      const left = await loadSeverity(await write(text.replace(before, after)));
      expect(left.filter(({ enabled }) => enabled).map(({ rule: each }) => each.title)).toEqual(
        on.filter((each) => each !== title),
      );
    }
  });

  test.each<[string, Json, string, string[]]>([
    [
      "iCloud relay is informational",
      service("Proxy", "APPLE_ICLOUD_RELAY_PROXY"),
      "informational",
      ["high → informational"],
    ],
    ["Tor is critical", service("Tor"), "critical", ["high → critical"]],
    ["a failed attempt is one level down", { ...service("VPN"), ...failure }, "medium", ["high → medium"]],
    ["one after the other", { ...service("Tor"), ...failure }, "high", ["high → critical", "critical → high"]],
    ["nothing that they ask for is left as it is", service("VPN"), "high", []],
  ])("once on: %s", async (_, event, severity, steps) => {
    const alert = await alertAbout(event);
    expect(alert?.severity).toBe(severity);
    expect(alert?.severityAdjustments.map(({ from, to }) => `${from} → ${to}`)).toEqual(steps);
    // What the rules say of themselves stays.
    expect(alert?.detections.map(({ level }) => level)).toEqual(["high", "low"]);
  });
});

test("the adjustments of a company's own folder follow ours, where it has any", async () => {
  const without = await mkdtemp(join(folder, "rules-"));
  const own = join(folder, "own");
  await mkdir(own);
  await writeFile(
    join(own, "severity.yml"),
    "- {title: Own, detection: {selection: {outcome.result: FAILURE}, condition: selection}, severity: critical}\n",
  );
  const titles = async (...folders: readonly string[]) =>
    (await loadSeverityOf([dirname(ours), ...folders])).map(({ rule: { title } }) => title);
  const shipped = await titles();
  expect(await titles(without, own)).toEqual([...shipped, "Own"]);
  expect((await alertAbout(failure, loadSeverityOf([dirname(ours), own])))?.severity).toBe("critical");
  await writeFile(join(own, "severity.yml"), "- {title: Own}\n");
  await expect(titles(own)).rejects.toThrow(/severity\.yml/);
});

test("no level is above critical, none below informational", async () => {
  const file = await write(`
- {title: Up, detection: {selection: {outcome.result: SUCCESS}, condition: selection}, severity: critical}
- {title: Further, detection: {selection: {outcome.result: SUCCESS}, condition: selection}, severity: raise}
- {title: Down, detection: {selection: {outcome.result: FAILURE}, condition: selection}, severity: informational}
- {title: Lower, detection: {selection: {outcome.result: FAILURE}, condition: selection}, severity: lower}
`);
  expect((await alertAbout({}, loadSeverity(file)))?.severityAdjustments.map(({ title }) => title)).toEqual(["Up"]);
  expect((await alertAbout(failure, loadSeverity(file)))?.severity).toBe("informational");
});

test("an adjustment may ask for what is found out about the event", async () => {
  const file = await write(`
- title: Nobody knows where the user is
  detection: {selection: {enrichment.geo.verdict: unknown}, condition: selection}
  severity: low
`);
  expect((await alertAbout({}, loadSeverity(file)))?.severity).toBe("low");
});

test.each([
  ["enrichment.geo.mismatch: true"],
  ["enrichment.geo.mismatch: false"],
  ["enrichment.geo.mismatch: null"],
  ["enrichment.geo.verdict: unknown"],
])("an adjustment that asks %s changes nothing as long as that is not known", async (asked) => {
  const file = await write(`
- {title: Is, detection: {selection: {${asked}}, condition: selection}, severity: low}
- {title: Is not, detection: {selection: {${asked}}, condition: not selection}, severity: low}
`);
  const storeDown = { lookUp: () => Promise.reject(new Error("the store is down")) };
  const alert = await alertAbout({}, loadSeverity(file), storeDown);
  expect(alert).toMatchObject({ severity: "high", severityAdjustments: [] });
});

const relay = { type: "Proxy", operator: "APPLE_ICLOUD_RELAY_PROXY", isAnonymous: true };
const throughRelay = (more: Json = {}, services: readonly Json[] = [relay]): Json => ({
  securityContext: { isProxy: true, ipDetails: { ipServiceCategories: services }, ...more },
});
const positive = (name: string) => throughRelay({ userBehaviors: [{ name, result: "POSITIVE" }] });

describe("a sign-in through iCloud Private Relay", () => {
  test.each<[string, Json]>([
    ["an address that is new", positive("New IP")],
    [
      "a new device that Okta did not find",
      throughRelay({ userBehaviors: [{ name: "New Device", result: "NEGATIVE" }] }),
    ],
    ["a medium risk", throughRelay({ risk: { level: "MEDIUM" } })],
  ])("is informational with %s", async (_, event) => {
    expect((await alertAbout(event))?.severity).toBe("informational");
  });

  test.each<[string, Json]>([
    [
      "another anonymous network beside it",
      throughRelay({}, [relay, { type: "VPN", operator: "NORD_VPN", isAnonymous: true }]),
    ],
    ["a new device", positive("New Device")],
    ["a new place", positive("New Geo-Location")],
    ["a journey too fast", positive("Velocity")],
    ["a high risk", throughRelay({ risk: { level: "HIGH" } })],
    ["a threat that Okta suspects", { ...throughRelay(), debugContext: { debugData: { threatSuspected: "true" } } }],
  ])("keeps its severity with %s", async (_, event) => {
    expect(await alertAbout(event)).toMatchObject({ severity: "high", severityAdjustments: [] });
  });

  test("keeps its severity far from every profile location, and as long as the location is not known", async () => {
    const far = { lookUp: async () => findings(new Map([["00u1lisbon", [lisbon]]])) };
    expect((await alertAbout(throughRelay(), loadSeverity(ours), far))?.severity).toBe("high");
    const storeDown = { lookUp: () => Promise.reject(new Error("the store is down")) };
    expect((await alertAbout(throughRelay(), loadSeverity(ours), storeDown))?.severity).toBe("high");
  });
});

test.each<[string, Json]>([
  ["through iCloud Private Relay", throughRelay()],
  ["that failed", failure],
])("what is done after a sign-in, %s, keeps its severity", async (_, event) => {
  const eventType = "user.account.privilege.grant";
  const rules = ruleSet([parseTestRule({ selection: { eventType }, condition: "selection" }, { level: "high" })]);
  expect((await alertAbout({ ...event, eventType }, loadSeverity(ours), { rules }))?.severity).toBe("high");
});

test("a failed attempt that Okta rates as a high risk keeps its severity", async () => {
  const event = { ...failure, securityContext: { isProxy: true, risk: { level: "HIGH" } } };
  expect((await alertAbout(event))?.severity).toBe("high");
});

test.each<[string, string, RegExp]>([
  [
    "a level that is none",
    "- {title: A, detection: {s: {a: b}, condition: s}, severity: urgent}",
    /:1: 0\.severity: expected one of/,
  ],
  ["a condition that cannot be run", "- {title: A, detection: {s: {a: b}, condition: x}, severity: low}", /:1:.*x/],
  ["no detection", "\n- title: A\n  severity: low\n", /:2: 0\.detection: expected selections/],
  [
    "a key that is none",
    "- {title: A, note: x, enable: true, detection: {s: {a: b}, condition: s}, severity: low}",
    /:1: 0: unknown key "enable"; did you mean "enabled"\?/,
  ],
  [
    "keys like none that it has",
    "- {title: A, note: x, by: y, detection: {s: {a: b}, condition: s}, severity: low}",
    /:1: 0: unknown key "note", "by"$/,
  ],
  ["no list", "title: A", /expected a list/],
])("a file with %s is refused, with its line", async (_, text, message) => {
  await expect(loadSeverity(await write(text))).rejects.toThrow(message);
});
