import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inventMonth } from "../../../build/invented-month.ts";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import { anonymousNetwork } from "../../../lambda/core/okta/anonymous-network.ts";
import { type LogEvent, parseLogEvent } from "../../../lambda/core/okta/log-event.ts";
import type { Report } from "../../../pages/report/report.ts";
import { runCli } from "../../fixtures/command.ts";
import { type Json, sessionStart } from "../../fixtures/events.ts";

/*
 * Every number of a report is counted again here, from the events, the lines of matches and the alerts that the same run writes: by plain
 * loops, without the code of the report.
 */

const month = inventMonth({ persons: 24, days: 21 });
const mismatch = "Okta User Session Start - Anonymizing Proxy with Geolocation Mismatch";
let folder: string;
let report: Report;
let alerts: readonly Alert[];
let matches: readonly { readonly rule: string; readonly event: string }[];
const events = month.events.map((each) => {
  const parsed = parseLogEvent(each);
  if (!parsed.ok) throw new Error("the month holds no event");
  return parsed.event;
});
const hiddenSignIns = events.filter((event) => anonymousNetwork(event).verdict === true);
const single = () => alerts.filter(({ storm }) => storm === null || storm.report === null);

const at = (name: string) => join(folder, name);
const lines = (text: string) => text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
const run = (...args: string[]) =>
  runCli("backtest", ["--events", at("log.jsonl"), "--profiles", at("profiles.csv"), ...args]);
const alertsWith = async (...args: string[]): Promise<readonly Alert[]> => {
  const { code } = await run("--alerts", at("again.jsonl"), ...args);
  expect(code).toBe(0);
  return lines(await readFile(at("again.jsonl"), "utf8"));
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "report-"));
  await writeFile(at("log.jsonl"), month.events.map((event) => JSON.stringify(event)).join("\n"));
  await writeFile(at("profiles.csv"), month.profiles);
  const { code, stdout, stderr } = await run("--report", at("report.json"), "--alerts", at("alerts.jsonl"));
  expect({ code, stderr }).toMatchObject({
    code: 0,
    stderr: expect.stringContaining(`\nWritten: ${at("report.json")}\n`),
  });
  report = JSON.parse(await readFile(at("report.json"), "utf8"));
  alerts = lines(await readFile(at("alerts.jsonl"), "utf8"));
  matches = lines(stdout);
});
afterAll(() => rm(folder, { recursive: true }));

function countBy<Item>(
  items: readonly Item[],
  keysOf: (item: Item) => readonly (string | null)[],
): Map<string | null, number> {
  const counts = new Map<string | null, number>();
  for (const item of items) for (const key of keysOf(item)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
const loginOf = (event: LogEvent) => event.fields.actor?.alternateId ?? "";
const dayOf = (event: { readonly published: string }) => event.published.slice(0, 10);

describe("every number is that of the lines of JSON:", () => {
  test("the sign-ins, and those through anonymous networks", () => {
    const failed = (all: readonly LogEvent[]) =>
      all.filter(({ fields }) => fields.outcome?.result === "FAILURE").length;
    expect(hiddenSignIns.length).toBeGreaterThan(50);
    expect(report.signIns).toEqual({
      all: events.length,
      failed: failed(events),
      anonymous: hiddenSignIns.length,
      anonymousFailed: failed(hiddenSignIns),
      persons: new Set(hiddenSignIns.map(loginOf)).size,
    });
  });

  test("the alerts, by severity and by what became of their events", () => {
    expect(report.alerts).toBe(alerts.length);
    expect(new Map(report.severities.map(({ severity, alerts: count }) => [severity, count]))).toEqual(
      countBy(alerts, ({ severity }) => [severity]),
    );
    const { matched, alerted, reports, ...others } = report.outcomes;
    expect(matched).toBe(new Set(matches.map(({ event }) => event)).size);
    expect([alerted, reports]).toEqual([single().length, alerts.length - single().length]);
    expect(alerted + Object.values(others).reduce((sum, each) => sum + each, 0)).toBe(matched);
    expect(others.inStorm).toBeGreaterThan(0);
  });

  test("the calendar", () => {
    const byHour = countBy(hiddenSignIns, (event) => [event.published.slice(0, 13)]);
    const found = report.calendar.flatMap(({ day, hours }) =>
      (hours ?? []).flatMap((count, hour) =>
        count === 0 ? [] : [[`${day}T${String(hour).padStart(2, "0")}`, count] as const],
      ),
    );
    expect(new Map(found)).toEqual(byHour);
    const byDay = countBy(alerts, ({ okta }) => [dayOf(okta)]);
    expect(new Map(report.calendar.flatMap(({ day, alerts: count }) => (count === 0 ? [] : [[day, count]])))).toEqual(
      byDay,
    );
    expect([report.from, report.to, report.days]).toEqual([
      dayOf(events[0] as LogEvent),
      dayOf(events.at(-1) as LogEvent),
      21,
    ]);
  });

  test("kinds and operators, with their persons", () => {
    const persons = (of: (event: LogEvent) => readonly (string | null)[], name: string | null) =>
      new Set(hiddenSignIns.filter((event) => of(event).includes(name)).map(loginOf)).size;
    const kindsOf = (event: LogEvent) => anonymousNetwork(event).kinds;
    expect(report.kinds).toEqual(
      [...countBy(hiddenSignIns, kindsOf)]
        .sort(([, a], [, b]) => b - a)
        .map(([kind, signIns]) => ({ kind, signIns, persons: persons(kindsOf, kind) })),
    );
    const operatorsOf = (event: LogEvent) => {
      const { operators } = anonymousNetwork(event);
      return operators.length === 0 ? [null] : operators;
    };
    expect(new Map(report.operators.rows.map(({ operator, signIns }) => [operator, signIns]))).toEqual(
      countBy(hiddenSignIns, operatorsOf),
    );
    expect(report.operators.rows.map(({ operator, persons: count }) => [operator, count])).toEqual(
      report.operators.rows.map(({ operator }) => [operator, persons(operatorsOf, operator)]),
    );
  });

  test("the persons, and the places", () => {
    const alertsOf = countBy(single(), ({ user }) => [user.login]);
    // Whom the alert is about says how far its exit is; what has no alert is judged by none.
    const farAlerts = countBy(
      single().filter(({ geo }) => geo.verdict === "mismatch"),
      ({ user }) => [user.login],
    );
    for (const row of report.persons.rows) {
      const own = hiddenSignIns.filter((event) => loginOf(event) === row.person);
      const days = own.map(dayOf).sort();
      expect(row).toMatchObject({
        signIns: own.length,
        failed: own.filter(({ fields }) => fields.outcome?.result === "FAILURE").length,
        alerts: alertsOf.get(row.person) ?? 0,
        first: days[0] ?? null,
        last: days.at(-1) ?? null,
        isNew: (days[0] ?? "") >= "2026-11-09",
      });
      expect(row.far ?? 0).toBeGreaterThanOrEqual(farAlerts.get(row.person) ?? 0);
    }
    const throughTor = hiddenSignIns.filter((event) => anonymousNetwork(event).kinds.includes("tor")).map(loginOf);
    const torFirst = report.persons.rows.filter(({ networks }) => networks[0]?.kinds.includes("tor"));
    expect(throughTor.length).toBeGreaterThan(0);
    expect(new Set(torFirst.map(({ person }) => person))).toEqual(new Set(throughTor));
    expect(report.persons.rows.length).toBe(new Set(hiddenSignIns.map(loginOf)).size);
    expect(report.persons.rows.some(({ isUsual }) => isUsual)).toBe(true);
    const placeOf = ({ fields }: LogEvent) => {
      const { city, state, country } = fields.client?.geographicalContext ?? {};
      return [[...new Set([city, state, country].filter(Boolean))].join(", ")];
    };
    expect(new Map(report.exits.rows.map(({ place, signIns }) => [place, signIns]))).toEqual(
      countBy(hiddenSignIns, placeOf),
    );
    expect(report.exits.rows.reduce((sum, row) => sum + row.alerts, 0)).toBe(single().length);
    expect(report.homes.reduce((sum, { persons }) => sum + persons, 0)).toBe(report.persons.rows.length);
  });

  test("the detections", () => {
    const alertsOf = countBy(alerts, ({ detections }) => detections.map(({ id }) => id));
    const matchesOf = countBy(matches, ({ rule }) => [rule]);
    expect(new Map(report.detections.map(({ id, matches: count }) => [id, count]))).toEqual(matchesOf);
    for (const { id, alerts: count, alertsAWeek, persons } of report.detections) {
      expect([count, alertsAWeek]).toEqual([alertsOf.get(id) ?? 0, (alertsOf.get(id) ?? 0) / 3]);
      const uuids = new Set(matches.flatMap(({ rule, event }) => (rule === id ? [event] : [])));
      expect(persons).toBe(new Set(events.filter(({ uuid }) => uuids.has(uuid)).map(loginOf)).size);
    }
  });
});

describe("what is proposed", () => {
  test("has the effect that the pipeline has with those exceptions, one by one and together", async () => {
    const { rows, together } = report.exceptions;
    expect(rows).toHaveLength(3);
    const lineOf = (scope: unknown, index: number) =>
      JSON.stringify({
        id: `e${index}`,
        scope,
        by: "ana",
        reason: "known",
        createdAt: "2026-10-01T00:00:00Z",
        until: "2027-10-01T00:00:00Z",
        noticedAt: null,
      });
    for (const [index, { scope, alerts: left }] of rows.entries()) {
      await writeFile(at("exceptions.jsonl"), lineOf(scope, index));
      expect((await alertsWith("--exceptions", at("exceptions.jsonl"))).length).toBe(left);
    }
    await writeFile(at("exceptions.jsonl"), rows.map(({ scope }, index) => lineOf(scope, index)).join("\n"));
    expect((await alertsWith("--exceptions", at("exceptions.jsonl"))).length).toBe(together);
    expect(together).toBeLessThan(alerts.length / 2);
  });

  test("is a command for each, and for a noisy detection what would halve it", () => {
    const [first] = report.exceptions.rows;
    expect(first?.command).toContain("npx okta-proxy-watch exceptions add --operator PERIMETER_81_VPN --reason");
    expect(report.exceptions.rows.map(({ covers }) => covers)).toEqual(
      report.exceptions.rows.map(({ alerts: left }) => alerts.length - (left ?? 0)),
    );
    const remedy = report.detections[0]?.remedy;
    expect(remedy).toMatchObject({ kind: "exception", scope: first?.scope, of: alerts.length });
    expect((remedy?.covers ?? 0) * 2).toBeGreaterThanOrEqual(alerts.length);
  });

  test("never covers a true positive, nor Tor", async () => {
    const incident = {
      id: crypto.randomUUID(),
      changed: "2026-11-10T09:00:00Z",
      user: null,
      alerts: [incidentAlert({ operator: "PERIMETER_81_VPN", asNumber: 64_501 })],
      count: 1,
      verdict: { verdict: "true-positive", note: "", by: "ana", at: "2026-11-10T10:00:00Z" },
    };
    await writeFile(at("incidents.jsonl"), JSON.stringify(incident));
    const { code } = await run("--report", at("judged.json"), "--incidents", at("incidents.jsonl"));
    expect(code).toBe(0);
    const judged: Report = JSON.parse(await readFile(at("judged.json"), "utf8"));
    expect(judged.exceptions.truePositives).toBe(1);
    const scopes = [
      ...judged.exceptions.rows.map(({ scope }) => scope),
      ...judged.detections.flatMap(({ remedy }) => (remedy?.kind === "exception" ? [remedy.scope] : [])),
    ];
    expect(scopes.length).toBeGreaterThan(0);
    expect(scopes.some(({ operator, asNumber }) => operator === "PERIMETER_81_VPN" || asNumber === 64_501)).toBe(false);
    expect(scopes.some(({ operator, asNumber }) => operator?.includes("TOR") || asNumber === 64_505)).toBe(false);
  });

  test("is nothing through the network of a password spray, though its first attempts come singly", async () => {
    const through = (operator: string, login: string, published: string, own: Json = {}) =>
      sessionStart({
        published,
        actor: { id: `00u${login}`, type: "User", alternateId: `${login}@example.com`, displayName: login },
        securityContext: {
          asNumber: 64_500,
          isProxy: true,
          ipDetails: { ipServiceCategories: [{ type: "VPN", operator, isAnonymous: true }] },
        },
        ...own,
      });
    const usual = [1, 2, 3, 4].map((each) => through("NORD_VPN", "finn", `2026-11-0${each}T07:00:00.000Z`));
    const script = { userAgent: { rawUserAgent: "spray/1.0", os: null, browser: null }, ipAddress: "203.0.113.77" };
    const spray = Array.from({ length: 12 }, (_, index) =>
      through("MULLVAD_VPN", `user${index}`, `2026-11-18T02:00:${10 + index}.000Z`, {
        outcome: { result: "FAILURE", reason: "INVALID_CREDENTIALS" },
        client: script,
      }),
    );
    const found = through("MULLVAD_VPN", "user3", "2026-11-18T02:01:00.000Z", { client: script });
    const log = [...usual, ...spray, found].map((event) => JSON.stringify(event)).join("\n");
    await writeFile(at("spray.jsonl"), log);
    const { code } = await runCli("backtest", ["--events", at("spray.jsonl"), "--report", at("spray.json")]);
    expect(code).toBe(0);
    const sprayed: Report = JSON.parse(await readFile(at("spray.json"), "utf8"));
    expect(sprayed.outcomes.reports).toBeGreaterThan(0);
    const finn = { user: "finn@example.com", operator: "NORD_VPN" };
    expect(sprayed.exceptions.rows.map(({ scope }) => scope)).toEqual([finn]);
    const remedies = sprayed.detections.flatMap(({ remedy }) => (remedy === null ? [] : [remedy]));
    expect(remedies.some((each) => each.kind === "filter" || each.scope.operator === "MULLVAD_VPN")).toBe(false);
  });

  test("for thresholds, is what a run with each of them alerts on", async () => {
    expect(report.thresholds?.map(({ km, isCurrent }) => [km, isCurrent])).toEqual([
      [300, false],
      [500, true],
      [1_000, false],
    ]);
    for (const { km, far, alerts: count } of report.thresholds ?? []) {
      const again = km === 500 ? alerts : await alertsWith("--distance-km", String(km));
      expect([again.length, again.filter(({ geo }) => geo.verdict === "mismatch").length]).toEqual([count, far]);
    }
    expect(alerts.some(({ detections }) => detections.some(({ title }) => title === mismatch))).toBe(true);
  });
});

test("--report with --anonymize holds no name, login or address of the events, and its owner alone can read it", async () => {
  const { code } = await run("--report", at("shown.html"), "--anonymize");
  expect(code).toBe(0);
  const page = await readFile(at("shown.html"), "utf8");
  const secrets = new Set(
    month.events.flatMap((event) => {
      const { actor, client } = event as {
        readonly actor: { readonly id: string; readonly alternateId: string; readonly displayName: string };
        readonly client: { readonly ipAddress: string };
      };
      return [actor.id, actor.alternateId, actor.displayName, ...actor.displayName.split(" "), client.ipAddress];
    }),
  );
  const words = new Set(page.split(/[^\p{L}\p{N}]+/u));
  const found = [...secrets].filter((each) => (/^\p{L}+$/u.test(each) ? words.has(each) : page.includes(each)));
  expect(secrets.size).toBeGreaterThan(60);
  expect(found).toEqual([]);
  expect(page).toContain("Person 1");
  expect(page).not.toContain("log.jsonl");
  expect((await stat(at("shown.html"))).mode & 0o777).toBe(0o600);
});

test("--report refuses a file that is read, and --incidents a file that holds none", async () => {
  const refused = await run("--report", at("log.jsonl"));
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("would replace a file that is read") });
  const wrong = await run("--report", at("report2.json"), "--incidents", at("log.jsonl"));
  const alone = await run("--anonymize");
  expect(alone).toMatchObject({ code: 2, stderr: expect.stringContaining("add --report FILE.html") });
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("log.jsonl:1: no incident") });
});

function incidentAlert(own: Partial<Record<string, unknown>>) {
  return {
    alertId: "a",
    eventUuid: "e",
    detectedAt: "2026-11-10T09:00:00Z",
    published: "2026-11-10T09:00:00Z",
    eventType: "user.session.start",
    summary: "",
    severity: "high",
    outcome: "SUCCESS",
    detections: [{ id: "other", title: "Other" }],
    from: null,
    through: null,
    kinds: ["vpn"],
    network: null,
    operator: null,
    asNumber: null,
    nextStep: null,
    fingerprint: null,
    storm: null,
    ...own,
  };
}
