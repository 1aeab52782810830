import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { logLine } from "../../../bench/events.ts";
import { digest } from "../../../cli/backtest/seen-events.ts";
import { createLineFilter } from "../../../cli/event-export/line-filter.ts";
import { createLineSkipper } from "../../../cli/event-export/line-skipper.ts";
import { type EventExport, isSkipped, openExport } from "../../../cli/event-export.ts";
import { compileRules } from "../../../lambda/core/detections/compile-rules.ts";
import { publishedTime } from "../../../lambda/core/okta/log-event.ts";
import { findCandidate } from "../../../lambda/core/pipeline/match.ts";
import type { Rule } from "../../../lambda/core/sigma/rule.ts";
import { flatten } from "../../fixtures/event-forms.ts";
import { delivery, type Json, sessionStart } from "../../fixtures/events.ts";
import { parseTestRule } from "../../fixtures/rules.ts";
import { runs } from "../../fixtures/runs.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "line-skipper-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** What a reading of a file gives: the events in order, the matches, and the counts. */
interface Reading {
  readonly digests: readonly string[];
  readonly times: readonly number[];
  readonly matches: readonly string[];
  readonly counts: unknown;
  readonly skipped: number;
}

async function read(content: string | Buffer, rules: readonly Rule[], withSkipping: boolean): Promise<Reading> {
  const path = join(folder, "export");
  await writeFile(path, content);
  const filter = createLineFilter(rules, "eventType");
  // From the first line on, each is compared with those before it.
  const skip = createLineSkipper({ filter, withTimes: true, digest, unknownLines: 0 });
  const opened = await openExport(path, { strict: false, ...(withSkipping ? { skip } : {}) });
  return collect(opened, rules);
}

async function collect({ batches, counts }: EventExport, rules: readonly Rule[]): Promise<Reading> {
  const ruleSet = await compileRules(rules);
  const digests: string[] = [];
  const times: number[] = [];
  const matches: string[] = [];
  let skipped = 0;
  for await (const batch of batches) {
    for (const part of batch) {
      if (isSkipped(part)) {
        skipped += part.lines;
        for (let index = 0; index < part.lines; index += 1) {
          digests.push(`${part.digests[2 * index]} ${part.digests[2 * index + 1]}`);
          times.push(part.times?.[index] ?? Number.NaN);
        }
        continue;
      }
      const units = Uint16Array.from({ length: part.uuid.length }, (_, index) => part.uuid.charCodeAt(index));
      const words = new Uint32Array(2);
      digest(units, 0, units.length, words, 0);
      digests.push(words.join(" "));
      times.push(publishedTime(part.published));
      const candidate = findCandidate(part, ruleSet);
      for (const { rule } of candidate?.rules ?? []) matches.push(`${part.uuid} ${rule.title}`);
    }
  }
  const { forms, events, unreadable, faults, empty, withoutNetwork } = counts;
  return { digests, times, matches, counts: { forms, events, unreadable, faults, empty, withoutNetwork }, skipped };
}

async function readBoth(content: string | Buffer, rules: readonly Rule[]): Promise<Reading> {
  const { skipped: none, ...expected } = await read(content, rules, false);
  const { skipped, ...found } = await read(content, rules, true);
  expect(none).toBe(0);
  expect(found).toEqual(expected);
  return { ...found, skipped };
}

const rule = (detection: Json, title = JSON.stringify(detection).slice(0, 200)): Rule => ({
  ...parseTestRule(detection),
  title,
});
const selection = (fields: Json): Rule => rule({ selection: fields, condition: "selection" });

const types = ["user.session.start", "user.session.end", "policy.evaluate_sign_on", "app.oauth2.as.token.grant"];
const messages = ["User login to Okta", "Max sign in attempts exceeded", "Se conectó", "K"];

/** Fields and values that the rules and events below share, some in another case or form. */
const fields: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom(...types, "USER.SESSION.START").map((eventType) => ({ eventType })),
  fc.constantFrom<Json>(
    { "eventType|startswith": "user." },
    { "securityContext.isProxy": true },
    { "securitycontext.isproxy": "TRUE" },
    { "outcome.reason": "INVALID_CREDENTIALS" },
    { "outcome.reason": null },
    { "target.displayName|contains": "admin" },
    { "target.displayName": ["Okta Admin Console", "Other"] },
    { "debugContext.debugData.behaviors|contains|all": ["New Device", "POSITIVE"] },
    { "debugContext.debugData.tags": "a" },
    { "securityContext.asNumber": 64_500 },
    { "securityContext.asNumber|gte": 64_500 },
    { "actor.alternateId|re": "@example\\.com$" },
    { "actor.alternateId|endswith|cased": "Example.com" },
    { "actor.alternateId|neq": "ada@example.com" },
    { "custom.field": "x" },
    { "enrichment.network.anonymous": true },
    { "enrichment.geo.mismatch": true },
    { displayMessage: "k" },
    { "displayMessage|contains": "conectó" },
    { displayMessage: messages },
  ),
);
const randomRule = fc
  .record({
    first: fc.array(fields, { minLength: 2, maxLength: 4 }),
    second: fc.array(fields, { minLength: 1, maxLength: 2 }),
    keyword: fc.constantFrom("mallory", "zscaler"),
    condition: fc.constantFrom(
      "first",
      "first",
      "first and second",
      "first and not second",
      "first or second",
      "words",
    ),
  })
  .map(({ first, second, keyword, condition }) =>
    rule({ first: Object.assign({}, ...first), second: Object.assign({}, ...second), words: [keyword], condition }),
  );

/** Mostly the first value: an odd one in nearly every event would leave none to skip. */
const mostly = <Value>(usual: Value, ...others: readonly Value[]): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 3 * others.length, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));

const randomEvent: fc.Arbitrary<Json> = fc
  .record({
    uuid: mostly<unknown>("a", "b", "c", "d", "", "é", "a\\b", "u".repeat(256), null, 7),
    eventType: fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...types) }, fc.constantFrom("X", "a.b", "", 5, null)),
    published: mostly<unknown>(
      "2026-11-24T09:30:00.412Z",
      "2026-99-24T09:30:00Z",
      "2026-11-24 09:30:00",
      "1795161600",
      null,
      "24.11.2026 09:30",
    ),
    isProxy: mostly<unknown>(false, true, null, "true", "perhaps", 1, { tunnels: [] }),
    reason: mostly<unknown>(null, null, "INVALID_CREDENTIALS", ["INVALID_CREDENTIALS"]),
    message: fc.constantFrom(...messages),
    target: mostly<unknown>(
      null,
      [],
      "null",
      "[{'id': 1}]",
      "System.Object[]",
      [{ displayName: "Okta Admin Console" }, { displayName: "OTHER", id: "x" }],
      [{ displayName: "okta dashboard", detailEntry: { tags: ["a"] } }],
    ),
    debugData: mostly<Json>(
      {},
      { behaviors: "{New Device=POSITIVE}" },
      { behaviors: "{'New Device': 'POSITIVE'}" },
      { behaviors: " @{New Device=POSITIVE}" },
      { behaviors: { "New Device": "POSITIVE" } },
      { logOnlySecurityData: '{"risk":{"level":"LOW"}}', tags: ["b", ["a"]] },
      { tunnels: "x System.Object[]" },
      { url: '/a\\b"c\u0007', risk: "{level=LOW}" },
    ),
    more: mostly<Json>(
      {},
      {},
      {},
      { data: {} },
      { data: { events: [] } },
      { "custom.field": "x" },
      { custom: { field: "x" } },
      { actor: "{id=1}" },
      { actor: null, version: 1e3 },
      { securityContext: null },
      { securityContext: "{}" },
      { note: "Mallory", number: [-0, 1e21, 0.5] },
      { EventType: "user.session.start" },
      { event_type: "user.session.start" },
    ),
  })
  .map(({ uuid, eventType, published, isProxy, reason, message, target, debugData, more }) =>
    sessionStart({
      uuid,
      eventType,
      published,
      displayMessage: message,
      outcome: { result: "FAILURE", reason },
      securityContext: { asNumber: 64_500, isProxy },
      debugContext: { debugData },
      target,
      ...more,
    }),
  );

/** Changes of a line's text: to other writings of the same JSON, and to what is none. */
const change = fc.oneof(
  { weight: 12, arbitrary: fc.constant((line: string) => line) },
  fc.constantFrom(
    (line: string) => line.replaceAll("user", "\\u0075ser"),
    (line: string) => line.replace("eventType", "eventTyp\\u0065"),
    (line: string) => line.replaceAll('":', '" : ').replaceAll(",", ",\t"),
    (line: string) => `  ${line} \r`,
    (line: string) => line.replace("{", '{"eventType":"user.session.start",'),
    (line: string) => line.replace(/}$/, ',"uuid":"z"}'),
    (line: string) => line.toUpperCase(),
    (line: string) => `[${line}]`,
    (line: string) => `[\n${line},\n${line}\n]`,
    (line: string) => `${line}${line}`,
    (line: string) => `${line},`,
    (line: string) => `prefix ${line}`,
    (line: string) => JSON.stringify({ message: line }),
    (line: string) => JSON.stringify(JSON.parse(line), null, 2),
    (line: string) => JSON.stringify(flatten(JSON.parse(line) as Json, ".")),
    (line: string) => JSON.stringify(delivery([JSON.parse(line)])),
  ),
  fc
    .tuple(
      fc.nat(),
      fc.constantFrom("", "{", "}", "[", "]", '"', ",", ":", "\\", "0", "-", ".", "e", " ", "\u0000", "é", "K"),
    )
    .map(([at, put]) => (line: string) => {
      const position = at % line.length;
      return line.slice(0, position) + put + line.slice(position + 1);
    }),
  fc.nat().map((at) => (line: string) => line.slice(0, at % line.length)),
);
const randomLine = fc.tuple(randomEvent, change).map(([event, rewrite]) => rewrite(JSON.stringify(event)));

const proxied = selection({ eventType: "user.session.start", "securityContext.isProxy": true });

describe("skipping lines that no rule can match", () => {
  test("gives the same events, matches, faults and counts as reading every line", async () => {
    let skipped = 0;
    let events = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(randomRule, { minLength: 1, maxLength: 2 }),
        fc.array(randomLine, { minLength: 1, maxLength: 8 }),
        fc.constantFrom("", "\ufeff"),
        fc.constantFrom("\n", "\r\n"),
        async (rules, lines, mark, separator) => {
          const both = await readBoth(`${mark}${lines.join(separator)}${separator}`, rules);
          skipped += both.skipped;
          events += both.digests.length;
        },
      ),
      { numRuns: runs(300) },
    );
    // A reading that skips nothing would prove nothing.
    expect(skipped / events).toBeGreaterThan(0.1);
  });

  test.each([
    ["1e3", "1000"],
    ["6.45E4", "64500"],
    ["99999999999999999", "100000000000000000"],
    ["1e999", "Infinity"],
  ])("reads the number %s where a rule asks for %s, which is longer", async (written, asked) => {
    const line = JSON.stringify(sessionStart({ securityContext: { asNumber: 7, isProxy: false } }));
    const content = `${line.replace('"asNumber":7', `"asNumber":${written}`)}\n`.repeat(3);
    const rules = [selection({ eventType: "user.session.start", "securityContext.asNumber": asked })];
    expect(await readBoth(content, rules)).toMatchObject({ matches: { length: 3 }, skipped: 0 });
  });

  test.each<[string, (line: string) => string]>([
    ["as it is", (line) => line],
    ["with a character less", (line) => line.slice(0, 100) + line.slice(101)],
    ["with a bracket less", (line) => line.replace("}", "")],
  ])("finds every fault that JSON.parse finds in a large line, %s", async (_, rewrite) => {
    const line = JSON.stringify(logLine(1));
    const lines = Array.from({ length: 200 }, (_each, index) =>
      index % 10 === 3 ? rewrite(line).slice(0, line.length - (index % 7)) : JSON.stringify(logLine(index)),
    );
    await readBoth(lines.join("\n"), [proxied]);
  });

  test("reads of a file of several chunks, as gzip too, the few lines that a rule may match", async () => {
    const lines = Array.from({ length: 1_000 }, (_, index) => JSON.stringify(logLine(index)));
    for (const content of [lines.join("\n"), gzipSync(lines.join("\r\n")), `[${lines.join(",\n")}]`]) {
      const { skipped, matches, digests } = await readBoth(content, [proxied]);
      expect(digests).toHaveLength(1_000);
      expect(matches).toHaveLength(10);
      expect(skipped).toBeGreaterThan(900);
    }
  });

  test.each<[string, Json]>([
    ["a keyword", { words: ["mallory"], condition: "words" }],
    ["nothing but an absence", { selection: { eventType: "user.session.start" }, condition: "not selection" }],
    ["a field that the pipeline adds", { selection: { "enrichment.network.anonymous": true }, condition: "selection" }],
    ["an expression", { selection: { "actor.alternateId|re": "x" }, condition: "selection" }],
  ])("skips nothing where a rule asks for %s", async (_, detection) => {
    const lines = Array.from({ length: 20 }, (_each, index) => JSON.stringify(logLine(index)));
    expect((await readBoth(lines.join("\n"), [proxied, rule(detection)])).skipped).toBe(0);
  });

  test("reads session starts that no rule asks for until one of them has the fields of the network", async () => {
    const { securityContext: _, ...without } = sessionStart();
    const start = (uuid: string) => JSON.stringify({ ...without, uuid });
    const rules = [selection({ eventType: "user.session.end" })];
    const lacking = await readBoth([start("a"), start("b"), start("c"), ""].join("\n"), rules);
    expect(lacking).toMatchObject({ skipped: 0, counts: { withoutNetwork: 3 } });
    const having = [start("a"), JSON.stringify(sessionStart({ uuid: "b" })), start("c"), start("d"), ""].join("\n");
    expect(await readBoth(having, rules)).toMatchObject({ skipped: 2, counts: { withoutNetwork: 0 } });
  });
});
