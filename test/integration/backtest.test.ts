import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { loadGeocoder } from "../../cli/geocoding/load-geocoder.ts";
import { importProfiles } from "../../cli/profile-import.ts";
import { openExceptions } from "../../lambda/adapters/tables/exceptions.ts";
import { openProfileItems } from "../../lambda/adapters/tables/profile-items.ts";
import type { Alert } from "../../lambda/core/alerts/alert-schema.ts";
import type { Exception } from "../../lambda/core/exceptions/exception.ts";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { names } from "../../local/resources.ts";
import { runCli } from "../fixtures/command.ts";
import { delivery, type Json, sessionStart } from "../fixtures/events.ts";

/*
 * The same events, once as deliveries of an event hook to the embedded run, once as an export to the backtest: each has to come
 * to the same alerts, with the same detections and verdicts, whatever profiles there are.
 */

let run: EmbeddedRun;
let folder: string;
let dynamodb: DynamoDBClient;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "backtest-"));
  // Storms are reported by the retry queue in its own time.
  run = await startEmbeddedRun({
    port: 0,
    hookSecret: "secret",
    mismatchDistanceKm: 500,
    stormAfter: 0,
    sourceAlertsPerHour: 0,
    onError: () => {},
  });
  dynamodb = new DynamoDBClient({});
});
afterAll(async () => {
  dynamodb.destroy();
  await run.stop();
  await rm(folder, { recursive: true });
});

const homes = {
  lisbon: "Lisbon,,PT",
  london: "London,,GB",
  springfield: "Springfield,Illinois,US",
  japan: ",,JP",
} as const;
/** The last is what a user typed whom Okta does not know. */
const people = [...Object.keys(homes), "nowhere", "hunter2"];

const place = (city: string | null, country: string, lat: number | string | null, lon: number | string | null) => ({
  city,
  state: null,
  country,
  postalCode: null,
  geolocation: { lat, lon },
});
const exits = [
  place("Porto", "Portugal", 41.15, -8.61),
  place("Dublin", "Ireland", 53.3498, -6.2603),
  place("New York", "United States", "40.7128", "-74.006"),
  place(null, "United States", 37.751, -97.822),
  place(null, "Japan", null, null),
  null,
];
const networks = [
  { asNumber: 64_500 },
  { asNumber: 64_501, ipDetails: { ipServiceCategories: [{ type: "Tor", operator: "TOR", isAnonymous: true }] } },
  { asNumber: 64_502, ipDetails: { ipServiceCategories: [{ type: "VPN", operator: "NORD_VPN", isAnonymous: true }] } },
];
const outcomes = [
  { result: "SUCCESS", reason: null },
  { result: "FAILURE", reason: "INVALID_CREDENTIALS" },
];
const behaviors = ["{New Device=NEGATIVE}", "{New Device=POSITIVE}"];

const anyEvent = fc.record({
  person: fc.constantFrom(...people),
  exit: fc.constantFrom(...exits),
  network: fc.constantFrom(...networks),
  outcome: fc.constantFrom(...outcomes),
  behaviors: fc.constantFrom(...behaviors),
  isProxy: fc.constantFrom(true, true, true, false, null),
});

function actorOf(person: string, group: string): Json {
  if (person === "hunter2") {
    return { id: "unknown", type: "User", alternateId: `${person}-${group}`, displayName: "unknown" };
  }
  return { id: `00u${group}${person}`, type: "User", alternateId: `${person}@${group}.example`, displayName: person };
}

/** Events of one group of people, one second after the other up to now: within one window of suppression. */
function sampleEvents(group: string, seed: number): Json[] {
  const count = 40;
  const start = Date.now() - count * 1_000;
  return fc
    .sample(anyEvent, { seed, numRuns: count })
    .map(({ person, exit, network, outcome, isProxy, ...rest }, index) =>
      sessionStart({
        uuid: `${group}-${index}`,
        published: new Date(start + index * 1_000).toISOString(),
        actor: actorOf(person, group),
        client: { ipAddress: "203.0.113.77", geographicalContext: exit },
        outcome,
        securityContext: { ...network, isProxy },
        debugContext: { debugData: { behaviors: rest.behaviors } },
      }),
    );
}

/** What an alert says that does not depend on how and when its event came. */
function said({ okta, ...alert }: Alert) {
  const {
    alertId,
    severity,
    severityAdjustments,
    detections,
    user,
    session,
    network,
    geo,
    risk,
    behaviors: positive,
    heldBack,
  } = alert;
  const judged = detections.map(({ id, level, matched }) => ({ id, level, matched }));
  const about = { alertId, severity, severityAdjustments, judged, user, session, network, geo, risk, positive };
  // Since when it has watched is the deployment's own: a backtest has not.
  const history = alert.history && { ...alert.history, since: null };
  return [okta.eventUuid, { ...about, history, heldBackCount: heldBack?.count }] as const;
}

/** Delivers events one by one, and returns what the alerts about them say, by event. */
async function deliverAll(events: readonly Json[], group: string): Promise<Map<string, unknown>> {
  const last = sessionStart({ uuid: `${group}-last`, actor: { id: `00u${group}last`, type: "User" } });
  for (const event of [...events, last]) {
    const response = await fetch(run.url, {
      method: "POST",
      headers: { authorization: "secret", "content-type": "application/json" },
      body: JSON.stringify(delivery([event])),
    });
    expect(response.status).toBe(204);
  }
  // Reports on windows wait for the windows' end; nothing else waits.
  const waiting = run.messagesOn("retryQueue").map((body) => JSON.parse(body) as { report?: object });
  expect(waiting.filter(({ report }) => report === undefined)).toEqual([]);
  const alerts = () => run.alerts.received.map(({ alert }) => alert);
  await vi.waitUntil(() => alerts().some(({ okta }) => okta.eventUuid === last.uuid), 60_000);
  return new Map(alerts().flatMap((alert) => (alert.okta.eventUuid.startsWith(`${group}-`) ? [said(alert)] : [])));
}

async function backtestAll(events: readonly Json[], group: string, args: readonly string[]) {
  const file = join(folder, `${group}.jsonl`);
  const alertsFile = join(folder, `${group}-alerts.jsonl`);
  await writeFile(file, events.map((event) => JSON.stringify(event)).join("\n"));
  const outcome = await runCli("backtest", [
    "--events",
    file,
    "--storm-after",
    "0",
    "--source-alerts-per-hour",
    "0",
    "--alerts",
    alertsFile,
    ...args,
  ]);
  expect(outcome.code).toBe(0);
  const lines = (text: string) =>
    text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as unknown]));
  return {
    alerts: new Map((lines(await readFile(alertsFile, "utf8")) as Alert[]).map(said)),
    matches: lines(outcome.stdout) as { readonly event: string; readonly rule: string }[],
    summary: outcome.stderr,
  };
}

/** A profile file of a group's people, imported into the embedded run. */
async function importHomes(group: string, coordinates: boolean): Promise<string> {
  const geocode = await loadGeocoder();
  const rows = Object.entries(homes).map(([person, home]) => {
    const [city = "", state = "", countryCode = ""] = home.split(",");
    const found = geocode({ city: city || null, state: state || null, countryCode });
    const degrees = coordinates && found.found ? `${found.latitude},${found.longitude}` : ",";
    return `${person}@${group}.example,${city},${state},${countryCode},${degrees}`;
  });
  const file = join(folder, `${group}.csv`);
  await writeFile(file, ["login,city,state,countryCode,latitude,longitude", ...rows].join("\n"));
  const items = openProfileItems(dynamodb, names.profileTable);
  await importProfiles({ file, items, geocode, dryRun: false, now: new Date(), onProgress: () => {} });
  return file;
}

describe.each<[string, string, (group: string) => Promise<string[]>]>([
  ["without profiles", "none", async () => []],
  ["with cities that an import places", "cities", async (group) => ["--profiles", await importHomes(group, false)]],
  ["with coordinates", "coordinates", async (group) => ["--profiles", await importHomes(group, true)]],
])("%s", (_, group, prepare) => {
  test("the backtest comes to the alerts that the hook's deliveries come to, one by one", async () => {
    const args = await prepare(group);
    const events = sampleEvents(group, 20_261_126);
    const delivered = await deliverAll(events, group);
    delivered.delete(`${group}-last`);
    const { alerts, matches, summary } = await backtestAll(events, group, args);
    expect(alerts.size).toBeGreaterThan(10);
    expect(alerts).toEqual(delivered);
    expect(summary).toMatch(/^2\d{3}-\d\d-\d\d +\d+ +\d+ +[1-9]\d* +0 +0 +0 +0$/m);
    // Each detection of an alert is a match, and each match is of an event that is alerted on or suppressed.
    for (const [event, alert] of alerts) {
      const { judged } = alert as { readonly judged: readonly { readonly id: string }[] };
      const rules = matches.filter((match) => match.event === event).map(({ rule }) => rule);
      expect(rules.toSorted()).toEqual(judged.map(({ id }) => id).toSorted());
    }
  });
});

test("exceptions of a deployment cover in the backtest what they cover in its deliveries", async () => {
  const group = "excepted";
  const exceptions = await openExceptions(dynamodb, names.stateTable);
  const exception = (id: string, scope: Exception["scope"]): Exception => ({
    id,
    scope,
    by: "sec",
    reason: "known",
    createdAt: new Date().toISOString(),
    until: new Date(Date.now() + 86_400_000).toISOString(),
    noticedAt: null,
  });
  const made = [
    exception("user", { user: `lisbon@${group}.example` }),
    exception("operator", { user: `london@${group}.example`, operator: "NORD_VPN" }),
  ];
  for (const each of made) await exceptions.add(each, new Date());
  const file = join(folder, "exceptions.jsonl");
  await writeFile(file, (await exceptions.list()).map((each) => JSON.stringify(each)).join("\n"));
  const events = sampleEvents(group, 7);
  const delivered = await deliverAll(events, group);
  delivered.delete(`${group}-last`);
  const { alerts, summary } = await backtestAll(events, group, ["--exceptions", file]);
  expect(alerts.size).toBeGreaterThan(5);
  expect(alerts).toEqual(delivered);
  expect(summary).toMatch(/^ +[1-9]\d* {2}user {2}lisbon@excepted\.example, until /m);
});
