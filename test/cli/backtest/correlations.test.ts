import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import { runCli } from "../../fixtures/command.ts";
import { type Json, sessionStart } from "../../fixtures/events.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "correlations-"));
  await mkdir(join(folder, "rules"));
});
afterEach(() => rm(folder, { recursive: true }));

const idOf = (number: number) => `00000000-0000-4000-8000-00000000000${number}`;
const rule = (number: number, title: string, selection: Json): Json => ({
  title,
  id: idOf(number),
  name: title,
  logsource: { product: "okta" },
  detection: { selection, condition: "selection" },
  level: "low",
});
const rules = [
  rule(1, "failed", { eventType: "user.session.start", "outcome.result": "FAILURE" }),
  rule(2, "signed_in", { eventType: "user.session.start", "outcome.result": "SUCCESS" }),
  rule(3, "granted", { eventType: "user.account.privilege.grant" }),
];
const many: Json = {
  title: "many_failed",
  name: "many_failed",
  id: idOf(4),
  level: "medium",
  correlation: {
    type: "event_count",
    rules: ["failed"],
    "group-by": ["client.ipAddress"],
    timespan: "10m",
    condition: { gte: 3 },
  },
};
const broken: Json = {
  title: "Guessed and used",
  id: idOf(5),
  level: "high",
  level_reason: "A test",
  correlation: {
    type: "temporal_ordered",
    rules: ["many_failed", "signed_in", "granted"],
    "group-by": ["actor.id"],
    timespan: "1h",
  },
};

const at = (minute: number) => `2026-11-16T09:${String(minute).padStart(2, "0")}:00.000Z`;
const event = (uuid: string, minute: number, overrides: Json): Json =>
  sessionStart({ uuid, published: at(minute), actor: { id: "00uann", type: "User" }, ...overrides });
const failure = { outcome: { result: "FAILURE" } };
const success = { outcome: { result: "SUCCESS" } };
/** Not in order of time, and with one event of a person whom Okta does not name. */
const log = [
  event("e5", 9, { eventType: "user.account.privilege.grant" }),
  event("e4", 8, success),
  event("e2", 2, failure),
  event("e3", 5, failure),
  event("e1", 1, failure),
  event("e1", 1, failure),
  event("e6", 20, { ...success, actor: null }),
];

/** @param alerts `--alerts` to write the alerts as well. @default none */
async function backtest(documents: readonly Json[], alerts?: "--alerts") {
  await writeFile(join(folder, "rules", "rules.yml"), documents.map((each) => stringify(each)).join("---\n"));
  await writeFile(join(folder, "log.jsonl"), log.map((each) => JSON.stringify(each)).join("\n"));
  const { code, stdout, stderr } = await runCli("backtest", [
    "--events",
    join(folder, "log.jsonl"),
    "--rules",
    join(folder, "rules"),
    ...(alerts === undefined ? [] : [alerts, join(folder, "alerts.jsonl")]),
  ]);
  const lines = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Json);
  return { code, lines, stderr };
}

test("a backtest prints a line for each firing of a correlation, with what came together in order of time", async () => {
  const { code, lines, stderr } = await backtest([broken, many, ...rules]);
  expect(code).toBe(0);
  const part = (eventUuid: string, minute: number, number: number, title: string) => ({
    eventUuid,
    published: at(minute),
    rule: { id: idOf(number), title },
  });
  expect(lines).toEqual([
    {
      rule: idOf(5),
      title: "Guessed and used",
      level: "high",
      event: "e5",
      correlation: {
        type: "temporal_ordered",
        groupBy: { "actor.id": "00uann" },
        timespan: "1h",
        events: [part("e3", 5, 4, "many_failed"), part("e4", 8, 2, "signed_in"), part("e5", 9, 3, "granted")],
      },
    },
  ]);
  expect(stderr).toMatch(/^ +1 +1 {2}high +Guessed and used$/m);
  expect(stderr).toMatch(/^ +1 +1 {2}medium +many_failed$/m);
  expect(stderr).toContain('1 event took no part in "Guessed and used": it lacks a field that it groups by or reads');
});

test("the rules of a correlation with generate yield results of their own, too", async () => {
  const { lines } = await backtest([{ ...many, generate: true }, ...rules]);
  expect(lines.map(({ title, event: completed }) => [title, completed])).toEqual([
    ["granted", "e5"],
    ["signed_in", "e4"],
    ["failed", "e2"],
    ["failed", "e3"],
    ["failed", "e1"],
    ["signed_in", "e6"],
    ["many_failed", "e3"],
  ]);
});

test("the alerts of a backtest are those of a deployment: of the event that completes a correlation, with its own detections", async () => {
  const { stderr } = await backtest([broken, many, ...rules], "--alerts");
  const alerts = (await readFile(join(folder, "alerts.jsonl"), "utf8"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Alert);
  expect(
    alerts.map(({ okta, severity, detections }) => [okta.eventUuid, severity, detections.map(({ title }) => title)]),
  ).toEqual([["e5", "high", ["Guessed and used"]]]);
  expect(alerts[0]?.detections[0]?.correlation?.events.map(({ eventUuid }) => eventUuid)).toEqual(["e3", "e4", "e5"]);
  expect(stderr).toContain("Alerts by severity: 1 high");
});
