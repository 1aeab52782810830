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
  folder = await mkdtemp(join(tmpdir(), "travel-"));
  await mkdir(join(folder, "rules"));
});
afterEach(() => rm(folder, { recursive: true }));

const travelled = {
  title: "Impossible Travel",
  id: "00000000-0000-4000-8000-000000000001",
  name: "impossible_travel",
  logsource: { product: "okta" },
  detection: {
    selection: {
      eventType: "user.session.start",
      "enrichment.travel.impossible": true,
      "enrichment.travel.firstToday": true,
    },
    // A filter takes the company's network out of the comparison.
    company: { "securityContext.asNumber": 64_999 },
    condition: "selection and not company",
  },
  level: "medium",
};
/** A correlation over the rule: two such travels within a day. */
const twice = {
  title: "Travelled Twice",
  id: "00000000-0000-4000-8000-000000000002",
  level: "high",
  level_reason: "A test",
  correlation: {
    type: "event_count",
    rules: ["impossible_travel"],
    "group-by": ["actor.id"],
    timespan: "24h",
    condition: { gte: 2 },
    generate: true,
  },
};

const places = {
  lisbon: { city: "Lisbon", country: "Portugal", geolocation: { lat: 38.72, lon: -9.13 } },
  toronto: { city: "Toronto", country: "Canada", geolocation: { lat: 43.66, lon: -79.34 } },
  tokyo: { city: "Tokyo", country: "Japan", geolocation: { lat: 35.68, lon: 139.69 } },
} as const;
const start = (uuid: string, minute: number, place: keyof typeof places, asNumber: number, user = "00uada") =>
  sessionStart({
    uuid,
    published: `2026-11-16T09:${String(minute).padStart(2, "0")}:00.000Z`,
    actor: { id: user, type: "User", alternateId: `${user}@example.com` },
    client: { ipAddress: "203.0.113.7", geographicalContext: places[place] },
    securityContext: { asNumber, isProxy: false },
  });
/** Not in order of time, and with one event twice. */
const log: readonly Json[] = [
  start("tokyo", 40, "tokyo", 64_503),
  start("toronto", 20, "toronto", 64_502),
  start("toronto again", 30, "toronto", 64_502),
  start("home", 0, "lisbon", 64_501),
  start("home", 0, "lisbon", 64_501),
  start("bea", 10, "toronto", 64_502, "00ubea"),
  start("company", 10, "tokyo", 64_999, "00ucal"),
  start("cal", 12, "lisbon", 64_501, "00ucal"),
];

async function backtest(...documents: readonly Json[]) {
  await writeFile(join(folder, "rules", "rules.yml"), documents.map((each) => stringify(each)).join("---\n"));
  await writeFile(join(folder, "log.jsonl"), log.map((each) => JSON.stringify(each)).join("\n"));
  const { code, stdout, stderr } = await runCli("backtest", [
    "--events",
    join(folder, "log.jsonl"),
    "--rules",
    join(folder, "rules"),
    "--alerts",
    join(folder, "alerts.jsonl"),
  ]);
  const lines = stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Json);
  const alerts = (await readFile(join(folder, "alerts.jsonl"), "utf8")).split("\n").filter(Boolean);
  return { code, stderr, lines, alerts: alerts.map((line) => JSON.parse(line) as Alert) };
}

test("a backtest compares places in order of time, whatever the order of the export", async () => {
  const { code, lines, alerts, stderr } = await backtest(travelled);
  expect(code).toBe(0);
  expect(lines.map(({ event, rule }) => [event, rule])).toEqual([
    ["toronto", travelled.id],
    ["tokyo", travelled.id],
  ]);
  expect(alerts.map(({ okta, travel }) => [okta.eventUuid, travel?.from.city, travel?.to.city])).toEqual([
    ["toronto", "Lisbon", "Toronto"],
    ["tokyo", "Toronto", "Tokyo"],
  ]);
  expect(stderr).toContain("2 matches");
  expect(stderr).not.toContain("not judged");
});

test("a correlation over such a rule is completed by the second travel", async () => {
  const { lines, alerts } = await backtest(travelled, twice);
  expect(lines.filter(({ rule }) => rule === twice.id).map(({ event }) => event)).toEqual(["tokyo"]);
  expect(alerts.at(-1)?.detections.map(({ id }) => id)).toEqual([twice.id, travelled.id]);
});
