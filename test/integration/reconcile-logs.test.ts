import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { handler as reconcileHandler } from "../../lambda/functions/reconcile.ts";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { loadBuilt } from "../fixtures/built.ts";
import { type Json, sessionStart } from "../fixtures/events.ts";
import type { FakeOkta } from "../fixtures/okta.ts";
import { startOktaWithSecret } from "../fixtures/okta-secret.ts";

/* What the function's log says when Okta's System Log is not read as usual: the runbook looks for these lines by their kind. */

let run: EmbeddedRun;
let okta: FakeOkta;
let stopOkta: () => Promise<unknown>;
let handler: typeof reconcileHandler;
let lines: Json[] = [];

beforeAll(async () => {
  process.env.POWERTOOLS_LOG_LEVEL = "INFO";
  delete process.env.POWERTOOLS_METRICS_DISABLED;
  const capture = (text: unknown) => {
    for (const line of String(text).split("\n")) if (line.startsWith("{")) lines.push(JSON.parse(line) as Json);
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(capture);
  vi.spyOn(process.stderr, "write").mockImplementation(capture);
  const onError = () => {};
  run = await startEmbeddedRun({ port: 0, hookSecret: "secret", mismatchDistanceKm: 500, onError });
  ({ okta, stop: stopOkta } = await startOktaWithSecret());
  ({ handler } = await loadBuilt<{ readonly handler: typeof reconcileHandler }>("reconcile"));
});
afterEach(() => {
  Object.assign(okta.log, { refusal: null, refusesFilters: false, linksToSelf: false, linkLifetime: Infinity });
  expect(okta.invalid).toEqual([]);
});
afterAll(async () => {
  vi.restoreAllMocks();
  await Promise.all([run.stop(), stopOkta()]);
});

/** The lines that a run writes, by their kind, and its metrics. */
async function reconcile() {
  lines = [];
  await handler({}, { getRemainingTimeInMillis: () => 240_000 }).catch(() => {});
  const kinds = new Map(lines.filter(({ kind }) => kind !== undefined).map((line) => [line.kind, line]));
  return { kinds, metrics: lines.find((line) => line._aws !== undefined) ?? {} };
}

test("a first run says from when it starts, and what it can miss; the next says nothing", async () => {
  const { kinds, metrics } = await reconcile();
  expect([...kinds.keys()]).toEqual(["reconciliationRestarted"]);
  expect(kinds.get("reconciliationRestarted")).toMatchObject({
    level: "WARN",
    reason: "firstRun",
    since: expect.stringMatching(/Z$/),
    missed: "events that Okta persisted before",
  });
  expect(metrics).toMatchObject({ ReconciliationsFinished: 1 });
  expect(metrics).not.toHaveProperty("LogFilterRefused");
  expect([...(await reconcile()).kinds.keys()]).toEqual([]);
});

test("a request that Okta refuses for ever says the status and Okta's reason, without the address", async () => {
  okta.log.refusal = "field is not valid: sortOrder";
  await reconcile();
  const { kinds, metrics } = await reconcile();
  expect(kinds.get("systemLogUnreadable")).toMatchObject({
    level: "ERROR",
    status: 400,
    reason: "Okta refused (400): field is not valid: sortOrder",
  });
  expect(kinds.get("systemLogUnreadable")).not.toHaveProperty("cause");
  expect(metrics).not.toHaveProperty("ReconciliationsFinished");
  okta.log.refusal = null;
  expect((await reconcile()).kinds.get("reconciliationRestarted")).toMatchObject({
    reason: "linkLost",
    missed: "nothing",
  });
});

test("a filter that Okta refuses says Okta's reason in every run, and is counted", async () => {
  okta.log.refusesFilters = true;
  okta.log.linkLifetime = -1;
  // No link serves, so that this run starts from a time.
  await reconcile();
  okta.log.linkLifetime = Infinity;
  for (let round = 0; round < 2; round += 1) {
    const { kinds, metrics } = await reconcile();
    expect(kinds.get("logFilterRefused")).toMatchObject({
      level: "ERROR",
      reason: expect.stringMatching(/^Okta refused \(400\): Invalid filter 'eventType eq .* \.\.\. .*'$/),
    });
    expect(metrics).toMatchObject({ LogFilterRefused: 1, ReconciliationsFinished: 1 });
  }
});

test("pages that link to themselves say so, and what the log shows late is counted apart", async () => {
  okta.log.linksToSelf = true;
  okta.log.add(sessionStart({ published: new Date(Date.now() - 600_000).toISOString() }));
  const { kinds, metrics } = await reconcile();
  expect(kinds.get("systemLogLoops")).toMatchObject({ level: "ERROR" });
  expect(metrics).toMatchObject({ EventsLate: 1 });
  expect(metrics).not.toHaveProperty("EventsMissed");
  expect(metrics).not.toHaveProperty("ReconciliationsFinished");
});

test("a want of rights says its cause, and what to do", async () => {
  okta.scopes = new Set();
  okta.revokeTokens();
  const { kinds } = await reconcile();
  expect(kinds.get("systemLogUnreadable")).toMatchObject({
    cause: "scopeMissing",
    remedy: expect.stringContaining("okta.logs.read"),
  });
});
