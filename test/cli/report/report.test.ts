import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { composeHistoryReport } from "../../../cli/report/history-report.ts";
import { createCountDay } from "../../../lambda/adapters/tables/day-counts.ts";
import { entryOf } from "../../../lambda/core/alerts/incident-entry.ts";
import type { Incident } from "../../../lambda/core/incidents/incident.ts";
import { type EmbeddedRun, startEmbeddedRun } from "../../../local/embedded-run.ts";
import { names } from "../../../local/resources.ts";
import type { Report } from "../../../pages/report/report.ts";
import { writeReport } from "../../../pages/report/write-report.ts";
import { alertOf } from "../../fixtures/cases.ts";
import { runCli } from "../../fixtures/command.ts";
import { delivery, sessionStart } from "../../fixtures/events.ts";
import { startFakeOkta } from "../../fixtures/okta.ts";
import { endless, patientDynamodb } from "../../fixtures/timing.ts";

const proxied = "8d5f6c9e-5a0e-4b7c-9d0c-4f6a3a1f2b10";
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "report-command-"));
});
afterAll(() => rm(folder, { recursive: true }));
const read = async (path: string): Promise<Report> => JSON.parse(await readFile(path, "utf8"));

/** An incident of Ada's through NordVPN, with alerts of the central detection at these times. */
function incidentOf(times: readonly string[], verdict: Incident["verdict"], login = "ada@example.com"): Incident {
  const entry = { ...entryOf(alertOf({}), null), detections: [{ id: proxied, title: "Proxied" }], storm: null };
  return {
    id: crypto.randomUUID(),
    changed: times.at(-1) ?? "",
    user: { id: null, login, displayName: null },
    alerts: times.map((detectedAt) => ({
      ...entry,
      severity: "high",
      kinds: ["vpn"],
      operator: "NORD_VPN",
      asNumber: 64_500,
      detectedAt,
    })),
    count: times.length,
    verdict,
  };
}

test("a history's numbers are its counts, and its persons and proposals those of its incidents", () => {
  const numbers = new Map([
    ["alerts", 24],
    ["severity#high", 24],
    ["signIns", 40],
    ["failed", 6],
    ["suppressed", 10],
    ["excepted", 6],
    ["kind#vpn", 40],
    ["operator#NORD_VPN", 40],
    [`rule#${proxied}`, 24],
  ]);
  const composed = composeHistoryReport({
    source: "stack",
    period: { from: "2026-11-01", days: 14 },
    days: new Map([["2026-11-03", { numbers, persons: new Set(["ada@example.com"]) }]]),
    incidents: [
      incidentOf(["2026-11-03T10:00:00.000Z", "2026-11-04T10:00:00.000Z"], null),
      incidentOf(["2026-11-05T10:00:00.000Z"], null, "bob@example.com"),
      incidentOf(["2026-10-20T10:00:00.000Z"], null, "old@example.com"),
    ],
    detections: new Map([[proxied, { title: "Proxied", level: "high" }]]),
    target: " --stack stack",
  });
  expect(composed).toMatchObject({
    from: "2026-11-01",
    to: "2026-11-14",
    alerts: 24,
    signIns: { all: null, anonymous: 40, anonymousFailed: 6, persons: 2 },
    outcomes: { matched: 40, alerted: 24, suppressed: 10, excepted: 6, inStorm: 0 },
    kinds: [{ kind: "vpn", signIns: 40 }],
    operators: { rows: [{ operator: "NORD_VPN", signIns: 40 }] },
    thresholds: null,
  });
  expect(composed.calendar).toHaveLength(14);
  expect(composed.calendar[2]).toEqual({ day: "2026-11-03", hours: null, signIns: 40, alerts: 24 });
  expect(composed.persons.rows.map(({ person, alerts, isNew }) => [person, alerts, isNew])).toEqual([
    ["ada@example.com", 2, true],
    ["bob@example.com", 1, false],
  ]);
  expect(composed.persons.rows[0]?.networks).toEqual([{ kinds: ["vpn"], operators: ["NORD_VPN"] }]);
  expect(composed.detections).toMatchObject([
    { alerts: 24, alertsAWeek: 12, persons: 2, remedy: { covers: 2, of: 3 } },
  ]);
  expect(composed.exceptions.rows[0]).toMatchObject({
    scope: { user: "ada@example.com", operator: "NORD_VPN" },
    covers: 2,
    command: expect.stringMatching(/ --stack stack$/),
  });
});

test("a history proposes nothing that covers a true positive, however old it is", () => {
  const attack = incidentOf(["2026-09-20T10:00:00.000Z"], {
    verdict: "true-positive",
    note: "",
    by: "ana",
    at: "2026-09-21T10:00:00.000Z",
  });
  const { exceptions, detections } = composeHistoryReport({
    source: "stack",
    period: { from: "2026-11-01", days: 7 },
    days: new Map(),
    incidents: [
      incidentOf(
        Array.from({ length: 9 }, (_, index) => `2026-11-0${(index % 7) + 1}T10:00:00.000Z`),
        null,
      ),
      attack,
    ],
    detections: new Map(),
    target: "",
  });
  const doubt = { why: "true-positive", person: "ada@example.com", incident: attack.id };
  expect(exceptions).toMatchObject({
    rows: [],
    truePositives: 1,
    refused: [{ doubt, alerts: 9, command: `npx okta-proxy-watch incidents show ${attack.id}` }],
  });
  expect(detections).toMatchObject([{ alerts: 9, remedy: null, doubt }]);
});

test("a history proposes nothing for a person of whom a sign-in through Tor waits for a verdict, and does once it is judged benign", () => {
  const alone = incidentOf(["2026-11-03T10:00:00.000Z", "2026-11-04T10:00:00.000Z"], null);
  const through = incidentOf(["2026-11-05T10:00:00.000Z"], null);
  const tor = { ...through, alerts: through.alerts.map((alert) => ({ ...alert, kinds: ["tor"], operator: null })) };
  const benign = { verdict: "benign", note: "", by: "ana", at: "2026-11-05T12:00:00.000Z" } as const;
  const exceptionsWith = (verdict: Incident["verdict"]) =>
    composeHistoryReport({
      source: "stack",
      period: { from: "2026-11-01", days: 7 },
      days: new Map(),
      incidents: [alone, { ...tor, verdict }],
      detections: new Map(),
      target: "",
    }).exceptions;
  expect(exceptionsWith(null)).toMatchObject({
    rows: [],
    refused: [{ doubt: { why: "open", incident: tor.id }, alerts: 2 }],
  });
  expect(exceptionsWith(benign)).toMatchObject({ rows: [{ scope: { user: "ada@example.com" } }], refused: [] });
});

test("a history counts the persons of true positives, and says why no exception is proposed for them", () => {
  const verdict = { verdict: "true-positive", note: "", by: "ana", at: "2026-11-03T12:00:00.000Z" } as const;
  const attack = incidentOf(["2026-11-03T10:00:00.000Z", "2026-11-03T10:05:00.000Z"], verdict);
  const composed = composeHistoryReport({
    source: "stack",
    period: { from: "2026-11-01", days: 7 },
    days: new Map(),
    incidents: [attack],
    detections: new Map(),
    target: " --local",
  });
  expect(composed.detections).toMatchObject([{ alerts: 2, persons: 1 }]);
  expect(composed.exceptions).toMatchObject({ rows: [], refused: [{ doubt: { incident: attack.id }, alerts: 2 }] });
  const page = writeReport({ ...composed, alerts: 2 });
  expect(page).toContain("an incident of ada@example.com was judged a true positive");
  expect(page).toContain("--local");
  expect(page).not.toContain("have no network in common");
});

test("a history counts the reports on a storm beside its events, and as no person", () => {
  const single = incidentOf(["2026-11-03T10:00:00.000Z"], null);
  const storm = incidentOf(["2026-11-03T10:01:00.000Z", "2026-11-03T10:20:00.000Z"], null);
  const about = { ...storm, user: null, alerts: storm.alerts.map((alert) => ({ ...alert, storm: storm.id })) };
  const numbers = new Map([
    ["alerts", 3],
    ["inStorms", 7],
  ]);
  const composed = composeHistoryReport({
    source: "stack",
    period: { from: "2026-11-01", days: 7 },
    days: new Map([["2026-11-03", { numbers, persons: new Set() }]]),
    incidents: [single, about],
    detections: new Map(),
    target: "",
  });
  expect(composed).toMatchObject({
    alerts: 3,
    outcomes: { matched: 8, alerted: 1, inStorm: 7, reports: 2 },
    signIns: { persons: 1 },
    detections: [{ alerts: 3, persons: 1 }],
  });
});

test("a history proposes nothing through the network of a storm that waits for a verdict, however old it is", () => {
  const alone = incidentOf(["2026-11-03T10:00:00.000Z", "2026-11-04T10:00:00.000Z"], null);
  const storm = incidentOf(["2026-10-28T10:00:00.000Z"], null);
  const about = { ...storm, user: null, alerts: storm.alerts.map((alert) => ({ ...alert, storm: storm.id })) };
  const judged = { verdict: "benign", note: "", by: "ana", at: "2026-10-28T12:00:00.000Z" } as const;
  const rowsOf = (verdict: Incident["verdict"]) =>
    composeHistoryReport({
      source: "stack",
      period: { from: "2026-11-01", days: 7 },
      days: new Map(),
      incidents: [alone, { ...about, verdict }],
      detections: new Map(),
      target: "",
    }).exceptions.rows;
  expect(rowsOf(null)).toEqual([]);
  expect(rowsOf(judged)).toMatchObject([{ scope: { user: "ada@example.com", operator: "NORD_VPN" }, covers: 2 }]);
});

test("report writes the history of an embedded run as a page, and says where", async () => {
  const run: EmbeddedRun = await startEmbeddedRun({
    port: 0,
    hookSecret: "secret",
    mismatchDistanceKm: 500,
    onError: () => {},
  });
  try {
    const response = await fetch(run.url, {
      method: "POST",
      headers: { authorization: "secret", "content-type": "application/json" },
      body: JSON.stringify(delivery([sessionStart()])),
    });
    expect(response.status).toBe(204);
    const today = new Date().toISOString().slice(0, 10);
    const counts = { numbers: new Map([["suppressed", 3]]), persons: new Set<string>() };
    await createCountDay(names.stateTable, patientDynamodb())(today, counts, AbortSignal.timeout(endless));
    const out = join(folder, "history.json");
    const target = ["--local", "--url", run.url] as const;
    expect(await runCli("report", ["--since", "7d", "--out", out, ...target])).toMatchObject({
      code: 0,
      stdout: "",
      stderr: `Written: ${out}\n`,
    });
    const written = await read(out);
    expect(written).toMatchObject({ alerts: 1, signIns: { all: null, anonymous: 1 }, outcomes: { suppressed: 3 } });
    expect(written.persons.rows).toMatchObject([{ alerts: 1 }]);
    const page = join(folder, "history.html");
    expect(await runCli("report", ["--out", page, "--anonymize", ...target])).toMatchObject({ code: 0 });
    const text = await readFile(page, "utf8");
    expect(text).toContain("Person 1");
    expect(text.replace(/<script.*<\/script>/s, "")).not.toMatch(/ada@example\.com|null|undefined/i);
    expect(await runCli("report", ["--since", "36d", "--out", out, ...target])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("older counts are gone"),
    });
  } finally {
    await run.stop();
  }
});

test("report --okta is the report of a backtest of the System Log, and prints no match", async () => {
  const okta = await startFakeOkta();
  try {
    const published = new Date(Date.now() - 2 * 86_400_000).toISOString();
    okta.log.add(sessionStart({ uuid: "through", published }));
    okta.log.add(sessionStart({ uuid: "plain", published, securityContext: { isProxy: false } }));
    const out = join(folder, "okta.json");
    const outcome = await runCli("report", ["--okta", okta.orgUrl, "--since", "7d", "--out", out], {
      environment: { OKTA_CLIENT_CLIENTID: okta.clientId, OKTA_CLIENT_PRIVATEKEY: JSON.stringify(okta.privateKey) },
    });
    expect(outcome).toMatchObject({ code: 0, stdout: "" });
    expect(await read(out)).toMatchObject({
      source: new URL(okta.orgUrl).host,
      alerts: 1,
      signIns: { all: 2, anonymous: 1, persons: 1 },
    });
  } finally {
    await okta.stop();
  }
});
