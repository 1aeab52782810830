import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import { type Output, runCli } from "../../fixtures/command.ts";
import { type Json, sessionStart } from "../../fixtures/events.ts";

const proxied = "Okta User Session Start Via Anonymizing Proxy";
const far = "Okta User Session Start - Anonymizing Proxy with Geolocation Mismatch";

let folder: string;
let events: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "backtest-"));
  events = await write("log.jsonl", log.map((event) => JSON.stringify(event)).join("\n"));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const lines = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Json);
const run = (...args: string[]): Promise<Output> => runCli("backtest", ["--events", events, ...args]);
const matchesOf = ({ stdout }: Output) => lines(stdout).map(({ event, title }) => [event, title]);
const alertsOf = async (path: string) => lines(await readFile(path, "utf8")) as unknown as readonly Alert[];
const row = (...cells: string[]) => new RegExp(`^ *${cells.join(" +")}$`, "m");

const exit = (city: string | null, country: string, lat: number, lon: number) => ({
  geographicalContext: { city, state: null, country, postalCode: null, geolocation: { lat, lon } },
});
const as = (login: string) => ({ id: `00u${login}`, type: "User", alternateId: `${login}@example.com` });
/** Newest first, as the admin console shows them. */
const log = [
  sessionStart({
    uuid: "nobody",
    published: "2026-11-24T10:00:00.000Z",
    actor: as("nobody"),
    client: exit("Dublin", "Ireland", 53.35, -6.26),
  }),
  sessionStart({
    uuid: "again",
    published: "2026-11-16T09:20:00.000Z",
    actor: as("lon"),
    client: exit("Dublin", "Ireland", 53.35, -6.26),
  }),
  sessionStart({
    uuid: "near",
    published: "2026-11-16T09:00:00.000Z",
    actor: as("lon"),
    client: exit("Dublin", "Ireland", 53.35, -6.26),
  }),
  sessionStart({
    uuid: "far",
    published: "2026-11-15T23:59:00.000Z",
    actor: as("sf"),
    client: exit("New York", "United States", 40.71, -74.0),
  }),
];

const withoutCoordinates =
  "login,city,state,countryCode\nsf@example.com,San Francisco,California,US\nlon@example.com,London,,GB\n";
const withCoordinates =
  "login,latitude,longitude\nsf@example.com,37.77493,-122.41942\nlon@example.com,51.50853,-0.12574\n";

describe("--matches-only", () => {
  test("prints the same matches and the same counts of them, and says that alerts were not counted", async () => {
    const [all, matchesOnly] = [await run(), await run("--matches-only")];
    expect(lines(all.stdout)).toHaveLength(4);
    expect(matchesOnly.stdout).toBe(all.stdout);
    const withoutTime = (text: string) => text.replace(/[\d.]+ s$/m, "");
    const [counts = "", alerts = ""] = withoutTime(all.stderr).split("\n\nAlerts that would have gone out");
    expect(alerts).toContain("Alerts by severity: ");
    expect(withoutTime(matchesOnly.stderr).startsWith(counts)).toBe(true);
    expect(matchesOnly.stderr.match(/.*lert.*/g)).toEqual(["Alerts were not counted: --matches-only"]);
    expect(matchesOnly.code).toBe(0);
  });

  test("keeps the firings of correlations", async () => {
    const rules = join(folder, "rules");
    await mkdir(rules);
    await writeFile(
      join(rules, "twice.yml"),
      `title: Session Started
id: 0e9f2b9c-3d3a-4f8e-8d4e-0b7f6f1f1a11
name: started
logsource: { product: okta, service: okta }
detection: { selection: { eventType: user.session.start }, condition: selection }
level: low
---
title: Session Started Twice
id: 0e9f2b9c-3d3a-4f8e-8d4e-0b7f6f1f1a12
correlation:
  type: event_count
  rules: [started]
  group-by: [actor.id]
  timespan: 1h
  condition: { gte: 2 }
level: medium
`,
    );
    const [all, matchesOnly] = [await run("--rules", rules), await run("--rules", rules, "--matches-only")];
    expect(all.stdout).toContain("Session Started Twice");
    expect(matchesOnly.stdout).toBe(all.stdout);
  });

  test.each([
    [["--alerts", "alerts.jsonl"], "--alerts"],
    [["--report", "report.html", "--anonymize"], "--report, --anonymize"],
    [["--incidents", "incidents.json"], "--incidents"],
    [["--storm-after", "5", "--suppress-minutes", "60"], "--suppress-minutes, --storm-after"],
  ])("refuses %j, which is about alerts", async (options, named) => {
    const { code, stderr } = await run("--matches-only", ...options);
    expect(code).toBe(2);
    expect(stderr).toContain(`--matches-only counts no alerts: leave it out, or what is about them (${named})`);
  });
});

describe("--profiles", () => {
  test("places cities as an import does: the same places with and without coordinates give the same matches", async () => {
    const expected = [
      ["nobody", proxied],
      ["again", proxied],
      ["near", proxied],
      ["far", proxied],
      ["far", far],
    ];
    expect(matchesOf(await run("--profiles", await write("with.csv", withCoordinates)))).toEqual(expected);
    const outcome = await run("--profiles", await write("without.csv", withoutCoordinates));
    expect(matchesOf(outcome)).toEqual(expected);
    expect(outcome.stderr).toContain(
      "Rules ask for the user's profile locations on 4 events: 1 mismatch, 2 match, 1 unknown",
    );
    expect(outcome.stderr).toMatch(/^ +1 {2}unknown: No profile location is known for this user\.$/m);
  });

  test("names the rows that have no place, and those whose place was a choice", async () => {
    const csv = `${withoutCoordinates}nobody@example.com,Atlantis,,GR\nx@example.com,Portland,,US\n`;
    const { stderr } = await run("--profiles", await write("p.csv", csv));
    expect(stderr).toMatch(
      /^1 row without coordinates; the country alone can be compared:\n.*p\.csv:4: no city "Atlantis" is known in GR: write its English or local name$/m,
    );
    expect(stderr).toMatch(
      /^1 row with a place that is not the only one of its name:\n.*p\.csv:5: .*took the largest/m,
    );
  });

  test("leaves out rows that cannot be used, as an import does, names them all, and ends with exit code 2", async () => {
    const csv = `${withoutCoordinates},Lisbon,,PT\nb@example.com,Lisbon,,Atlantis\n`;
    const outcome = await run("--profiles", await write("p.csv", csv));
    expect(outcome.code).toBe(2);
    expect(matchesOf(outcome)).toContainEqual(["far", far]);
    expect(outcome.stderr).toMatch(
      /^2 rows left out, .*:\n.*p\.csv:4: neither userId nor login.*\n.*p\.csv:5: "Atlantis" is no country/m,
    );
  });

  test("is refused where no row can be used", async () => {
    const outcome = await run("--profiles", await write("p.csv", "login,countryCode\n,PT\nb,Atlantis\n"));
    expect(outcome).toMatchObject({ code: 2, stdout: "" });
    expect(outcome.stderr).toMatch(/p\.csv:2: neither userId nor login.*\n.*p\.csv:3: "Atlantis" is no country/);
  });
});

test("without --profiles the mismatch rule is not judged, which is no 0", async () => {
  const outcome = await run();
  expect(outcome.code).toBe(0);
  expect(matchesOf(outcome)).toHaveLength(4);
  expect(outcome.stderr).toMatch(row("not judged", "medium", far));
  expect(outcome.stderr).toMatch(/^Not judged, as these rules ask for profile locations, which --profiles/m);
  expect(outcome.stderr).toMatch(row("4", far));
});

test("--json is refused, as lines are JSON anyway", async () => {
  const outcome = await run("--json");
  expect(outcome).toMatchObject({ code: 2, stdout: "" });
  expect(outcome.stderr).toContain("every match is a line of JSON on standard output already");
});

test("rules without a match are a number, and rows with --all", async () => {
  const brief = await run();
  expect(brief.stderr).toMatch(/^\d+ further rules without a match: --all lists each$/m);
  expect(brief.stderr).toMatch(/^\d+ correlations that did not fire: --all lists each$/m);
  expect(brief.stderr).not.toMatch(/^ +0 /m);
  const all = await run("--all");
  expect(all.stderr).not.toContain("without a match");
  expect(all.stderr).not.toContain("did not fire");
  expect(all.stderr).toMatch(row("0", "0", "high", "Okta Org Under Attack"));
});

describe("the alerts that would have gone out", () => {
  test("are beside what each event became, whose numbers add up, and beside reports on storms", async () => {
    const attempts = Array.from({ length: 40 }, (_, index) =>
      sessionStart({
        uuid: `attempt-${index}`,
        published: new Date(Date.UTC(2026, 9, 1, 9, 0, index)).toISOString(),
        actor: as(`user${index}`),
        outcome: { result: "FAILURE", reason: "INVALID_CREDENTIALS" },
      }),
    );
    const path = await write("storm.jsonl", attempts.map((each) => JSON.stringify(each)).join("\n"));
    const { stderr } = await runCli("backtest", ["--events", path]);
    expect(stderr).toMatch(row("2026-09-28", "40", "5", "0", "35", "0", "0", "3"));
    expect(stderr).toContain('"reports" are further alerts, about storms and gathered sign-ins.');
    expect(stderr).toContain("Alerts by severity: 2 high, 5 medium, 1 informational\n");
  });

  test("are counted by week, from the earliest on, whatever the order of the export", async () => {
    const { stderr } = await run();
    expect(stderr).toMatch(
      row("week of", "events", "alerts", "suppressed", "in storms", "gathered", "excepted", "reports"),
    );
    expect(stderr).toMatch(row("2026-11-09", "1", "1", "0", "0", "0", "0", "0"));
    expect(stderr).toMatch(row("2026-11-16", "2", "1", "1", "0", "0", "0", "0"));
    expect(stderr).toMatch(row("2026-11-23", "1", "1", "0", "0", "0", "0", "0"));
    expect(stderr).toMatch(row("in all", "4", "3", "1", "0", "0", "0", "0"));
    expect(stderr).toContain("Alerts by severity: 3 high");
  });

  test("are written to --alerts, one for each event with all of its detections, which their owner alone can read", async () => {
    const path = await write("alerts.jsonl", "of an earlier run\n");
    const profiles = await write("p.csv", withoutCoordinates);
    const { code, stdout } = await run("--profiles", profiles, "--alerts", path, "--suppress-minutes", "0");
    expect(code).toBe(0);
    expect(lines(stdout)).toHaveLength(5);
    const alerts = await alertsOf(path);
    expect(alerts.map(({ okta, detections }) => [okta.eventUuid, detections.map(({ title }) => title)])).toEqual([
      ["far", [proxied, far]],
      ["near", [proxied]],
      ["again", [proxied]],
      ["nobody", [proxied]],
    ]);
    expect(alerts[0]).toMatchObject({ detectedAt: "2026-11-15T23:59:00.000Z", geo: { verdict: "mismatch" } });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("are never written over what is read", async () => {
    const outcome = await run("--alerts", join(folder, ".", "log.jsonl"));
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining("would replace a file that is read") });
    expect(lines(await readFile(events, "utf8"))).toEqual(log);
  });

  test("of an earlier run stay as they are where the export cannot be read, and so does the report", async () => {
    const path = await write("alerts.jsonl", "of an earlier run\n");
    const page = await write("report.html", "an earlier report");
    const none = join(folder, "none.jsonl");
    expect((await runCli("backtest", ["--events", none, "--alerts", path, "--report", page])).code).toBe(2);
    expect(await readFile(path, "utf8")).toBe("of an earlier run\n");
    expect(await readFile(page, "utf8")).toBe("an earlier report");
    expect((await readdir(folder)).sort()).toEqual(["alerts.jsonl", "log.jsonl", "report.html"]);
  });

  test("cannot be written where there is no folder, which is said before anything is read", async () => {
    const outcome = await run("--alerts", join(folder, "no", "alerts.jsonl"));
    expect(outcome).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(/cannot be written/) });
  });

  test("are without what --exceptions cover, and the summary counts the events that each exception covers", async () => {
    const exception = {
      id: "3f2a1b2c",
      scope: { user: "lon@example.com" },
      by: "sec",
      reason: "works from Dublin",
      createdAt: "2026-11-25T00:00:00.000Z",
      until: "2027-02-01T00:00:00.000Z",
      noticedAt: null,
    };
    const useless = { ...exception, id: "4a4a4a4a", scope: { operator: "NORDVPN" } };
    const wider = { ...exception, id: "5b5b5b5b", scope: { countryCode: "IE" } };
    const file = await write(
      "exceptions.jsonl",
      [exception, useless, wider].map((each) => JSON.stringify(each)).join("\n"),
    );
    const { stderr } = await run("--exceptions", file);
    expect(stderr).toMatch(row("2026-11-16", "2", "0", "0", "0", "0", "2", "0"));
    expect(stderr).toMatch(row("in all", "4", "1", "0", "0", "0", "3", "0"));
    expect(stderr).toMatch(row("3", "5b5b5b5b {2}anyone, country IE, until .*"));
    expect(stderr).toMatch(row("2", "3f2a1b2c {2}lon@example\\.com, until 2027-02-01T00:00:00\\.000Z"));
    expect(stderr).toMatch(row("0", "4a4a4a4a {2}anyone, operator NORDVPN, until .*"));
  });

  test("leave out events that have no time, and those that were read before, and the summary says so", async () => {
    const untimed = { ...sessionStart({ uuid: "untimed" }), published: undefined };
    const more = await write("more.jsonl", [...log, untimed].map((event) => JSON.stringify(event)).join("\n"));
    const { stderr } = await run("--events", more);
    expect(stderr).toContain("1 event without a time: no alert is counted for them.");
    expect(stderr).toMatch(row("in all", "4", "3", "1", "0", "0", "0", "0"));
  });
});

test("the same export twice in one file, or in two, gives the matches, users and alerts of one", async () => {
  const other = sessionStart({ uuid: "other", eventType: "user.session.end" });
  const lines = [...log, other].map((event) => JSON.stringify(event));
  const once = await write("once.jsonl", lines.join("\n"));
  const twice = await write("twice.jsonl", [...lines, ...lines].join("\n"));
  const expected = await runCli("backtest", ["--events", once]);
  const outcome = await runCli("backtest", ["--events", twice, "--events", once]);
  expect(outcome.stdout).toBe(expected.stdout);
  expect(outcome.stderr).toMatch(
    /^15 events read, 10 of them read before, so that each event counts once, 4 matches, /m,
  );
  // Between the line of what was read and that of the forms.
  const tables = ({ stderr }: Output) => stderr.split("\n").slice(1, -2);
  expect(tables(outcome)).toEqual(tables(expected));
  expect(tables(outcome).filter((line) => /^ *\d/.test(line)).length).toBeGreaterThan(8);
});

test("an event without a time is left out of a range of times, and the summary counts it on its own", async () => {
  const untimed = JSON.stringify({ ...sessionStart({ uuid: "untimed" }), published: undefined });
  const early = JSON.stringify(sessionStart({ uuid: "early", published: "2025-01-01T00:00:00.000Z" }));
  const file = await write("untimed-range.jsonl", `${untimed}\n${early}\n`);
  const { stderr } = await runCli("backtest", ["--events", file, "--since", "2026-01-01"]);
  expect(stderr).toContain(
    "2 events read, 1 of them outside --since and --until, 1 of them left out, as they have no time, 0 matches",
  );
});

test("what was typed as a login, and may be a password, is masked in the summary and in alerts", async () => {
  const typed = (uuid: string, alternateId: string) =>
    JSON.stringify(sessionStart({ uuid, actor: { id: "unknown", type: "User", alternateId, displayName: "unknown" } }));
  const file = await write("typed.jsonl", `${typed("p", "hunter2!")}\n${typed("q", "hunter2@evil.example")}\n`);
  const alerts = join(folder, "alerts.jsonl");
  const { stderr } = await runCli("backtest", ["--events", file, "--alerts", alerts, "--login-domains", "example.com"]);
  expect(stderr).toMatch(row("2", "\\[masked\\]"));
  expect(await alertsOf(alerts)).toHaveLength(2);
  expect(`${stderr}${await readFile(alerts, "utf8")}`).not.toContain("hunter2");
});

test.each<[string[], RegExp]>([
  [["--suppress-minutes", "-1"], /whole number of minutes from 0 to 1440/],
  [["--storm-after", "101"], /whole number of attempts from 0 to 100/],
  [["--login-domains", "https://example.com"], /Expected a domain such as example\.com/],
  [["--exceptions", "no.jsonl"], /no\.jsonl: cannot be opened/],
])("%j is refused with exit code 2", async (args, message) => {
  expect(await run(...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
});
