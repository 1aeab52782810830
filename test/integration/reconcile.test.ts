import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { handler as reconcileHandler } from "../../lambda/functions/reconcile.ts";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { loadBuilt } from "../fixtures/built.ts";
import { runCli } from "../fixtures/command.ts";
import { type Json, sessionStart } from "../fixtures/events.ts";
import type { FakeOkta } from "../fixtures/okta.ts";
import type { Loss } from "../fixtures/okta-event-hooks.ts";
import { startOktaWithSecret } from "../fixtures/okta-secret.ts";

/*
 * The whole loop on one machine: an org whose hook was registered by our command delivers to the functions that are
 * deployed, loses deliveries in every way that Okta may, and is reconciled with by its System Log.
 */

let run: EmbeddedRun;
let okta: FakeOkta;
let stopOkta: () => Promise<unknown>;
let reconcile: typeof reconcileHandler;

beforeAll(async () => {
  const onError = () => {};
  run = await startEmbeddedRun({
    port: 0,
    hookSecret: "secret",
    mismatchDistanceKm: 500,
    suppressMinutes: 0,
    onError,
  });
  ({ okta, stop: stopOkta } = await startOktaWithSecret());
  ({ handler: reconcile } = await loadBuilt<{ readonly handler: typeof reconcileHandler }>("reconcile"));
  const registered = await runCli("hook", ["register", "--local", "--url", run.url, "--org", okta.orgUrl], {
    environment: {
      HOOK_SECRET: "secret",
      OKTA_CLIENT_CLIENTID: okta.clientId,
      OKTA_CLIENT_PRIVATEKEY: JSON.stringify(okta.privateKey),
    },
  });
  expect(registered).toMatchObject({ code: 0, stderr: "" });
});
beforeEach(() => {
  okta.hooks.lose = () => "none";
  okta.interfere = () => "none";
  for (const proxy of Object.values(run.faults)) proxy.set(null);
});
afterEach(() => {
  expect(okta.invalid).toEqual([]);
});
afterAll(async () => {
  await Promise.all([run.stop(), stopOkta()]);
});

/** Runs the function with this much time left until its timeout. */
const reconcileNow = (seconds = 240) => reconcile({}, { getRemainingTimeInMillis: () => seconds * 1_000 });

/**
 * What a run finds that the hook did not deliver: events whose time is three minutes back come late to a log that was read
 * since, and else count as missed.
 */
const find = async () => {
  const { missed, late, finished } = await reconcileNow();
  return { found: missed + late, finished };
};

/** Long enough ago for the hook to have delivered it. */
const published = () => new Date(Date.now() - 180_000).toISOString();
const signIn = (overrides: Json = {}) => sessionStart({ published: published(), ...overrides });
const alertsAbout = ({ uuid }: Json) =>
  run.alerts.received.map(({ alert }) => alert).filter(({ okta: { eventUuid } }) => eventUuid === uuid);

test.each<Exclude<Loss, "none">>(["dropped", "throttled", "timedOut", "overLimit"])(
  "what the hook lost (%s) is alerted on once, marked, and what it delivered is not doubled",
  async (loss) => {
    // Every third delivery is lost.
    okta.hooks.lose = (delivery) => (delivery % 3 === 0 ? loss : "none");
    const events = Array.from({ length: 12 }, () => signIn());
    const direct = signIn({ securityContext: { isProxy: false } });
    const statuses: unknown[] = [];
    for (const event of [...events, direct]) statuses.push(...(await okta.hooks.publish(event)));
    const lost = events.filter((_, index) => statuses[index] === loss);
    expect(lost.length).toBeGreaterThan(2);
    for (let round = 0; round < 3; round += 1) {
      expect(await find()).toEqual({ found: round === 0 ? lost.length : 0, finished: true });
    }
    await vi.waitUntil(() => events.every((event) => alertsAbout(event).length > 0), 60_000);
    for (const event of events) {
      const isLost = lost.includes(event);
      const source = isLost ? "reconciled" : "hook";
      expect(alertsAbout(event).map((alert) => alert.source)).toEqual([source]);
      // Three minutes and a little.
      if (isLost) expect(alertsAbout(event)[0]?.delayedSeconds).toBeGreaterThanOrEqual(179);
    }
    expect(alertsAbout(direct)).toEqual([]);
  },
);

test("a hook whose secret is wrong loses all, and all is found", async () => {
  const [hook] = okta.hooks.hooks;
  if (hook === undefined) throw new Error("there is no hook");
  hook.secret = "wrong";
  const events = [signIn(), signIn()];
  for (const event of events) expect(await okta.hooks.publish(event)).toEqual([401]);
  hook.secret = "secret";
  expect(await find()).toEqual({ found: 2, finished: true });
  await vi.waitUntil(() => events.every((event) => alertsAbout(event).length === 1), 60_000);
});

test("Okta is asked once in a run that finds nothing and twice in one that finds something, for the event types that the detections name, by a token that reads logs", async () => {
  await reconcileNow();
  okta.asked.length = 0;
  const tokens = okta.tokens();
  // An hour.
  for (let run = 0; run < 12; run += 1) expect(await reconcileNow()).toMatchObject({ finished: true, restart: null });
  expect(okta.asked).toHaveLength(12);
  for (let run = 0; run < 12; run += 1) {
    okta.log.add(signIn({ securityContext: { isProxy: false } }));
    expect(await reconcileNow()).toMatchObject({ events: 1, finished: true, restart: null });
  }
  expect(okta.asked).toHaveLength(12 + 24);
  const { pathname, searchParams } = new URL((okta.asked[0] ?? "").replace("GET ", okta.orgUrl));
  expect(pathname).toBe("/api/v1/logs");
  expect([...searchParams.keys()].sort()).toEqual(["after", "filter", "limit", "sortOrder"]);
  expect(searchParams.get("sortOrder")).toBe("ASCENDING");
  expect(searchParams.get("filter")).toContain('eventType eq "user.session.start"');
  expect(okta.tokens()).toBe(tokens);
});

test("what Okta persists a day late is alerted on once, though the hook delivers it as well", async () => {
  await reconcileNow();
  const late = signIn({ published: new Date(Date.now() - 24 * 3_600_000).toISOString() });
  okta.log.add(late);
  expect(await reconcileNow()).toMatchObject({ missed: 0, late: 1, finished: true });
  expect(await okta.hooks.publish(late)).toEqual([204]);
  expect(await reconcileNow()).toMatchObject({ missed: 0, late: 0, finished: true });
  await vi.waitUntil(() => alertsAbout(late).length > 0, 60_000);
  expect(alertsAbout(late).map(({ source }) => source)).toEqual(["reconciled"]);
});

test("a link that Okta does not take any more, and a filter that it refuses, lose nothing", async () => {
  await reconcileNow();
  const event = signIn();
  okta.log.add(event);
  okta.log.linkLifetime = -1;
  okta.log.refusesFilters = true;
  // A link that was just given does not serve either: what the start from a time finds is alerted on before.
  await expect(reconcileNow()).rejects.toThrow("Invalid paging request.");
  okta.log.linkLifetime = Number.POSITIVE_INFINITY;
  const report = await reconcileNow();
  expect(report).toMatchObject({ finished: true, restart: { reason: "linkLost" } });
  expect(report.refusedFilter).toMatch(/^Okta refused \(400\): Invalid filter 'eventType eq /);
  okta.log.refusesFilters = false;
  await vi.waitUntil(() => alertsAbout(event).length > 0, 60_000);
  expect(alertsAbout(event)).toHaveLength(1);
});

test("an event of this moment is left to the hook", async () => {
  await reconcileNow();
  const event = signIn({ published: new Date().toISOString() });
  okta.log.add(event);
  expect(await reconcileNow()).toMatchObject({ missed: 0, awaited: 1, finished: true });
  expect(await okta.hooks.publish(event)).toEqual([204]);
  expect(await reconcileNow()).toMatchObject({ missed: 0, awaited: 0, finished: true });
  await vi.waitUntil(() => alertsAbout(event).length > 0, 60_000);
  expect(alertsAbout(event).map(({ source }) => source)).toEqual(["hook"]);
});

describe("in trouble", () => {
  test("SNS being down parks what was found, and the retry alerts on it once, marked as found", async () => {
    await reconcileNow();
    const event = signIn();
    okta.log.add(event);
    run.faults.sns.set({ kind: "refuse" });
    await reconcileNow();
    expect(alertsAbout(event)).toEqual([]);
    run.faults.sns.set(null);
    await vi.waitUntil(() => alertsAbout(event).length > 0, 60_000);
    await reconcileNow();
    expect(alertsAbout(event).map(({ source }) => source)).toEqual(["reconciled"]);
  });

  test("SNS and SQS down together move no checkpoint: the next run finds it", async () => {
    await reconcileNow();
    const event = signIn();
    okta.log.add(event);
    for (const service of ["sns", "sqs"] as const) run.faults[service].set({ kind: "refuse" });
    await expect(reconcileNow()).rejects.toThrow("could be neither alerted on nor parked");
    for (const service of ["sns", "sqs"] as const) run.faults[service].set(null);
    expect(await find()).toEqual({ found: 1, finished: true });
    await vi.waitUntil(() => alertsAbout(event).length === 1, 60_000);
  });

  test("the state table down is an error of the run, and nothing is doubled for it", async () => {
    await reconcileNow();
    const event = signIn();
    okta.log.add(event);
    run.faults.dynamodb.set({ kind: "refuse" });
    await expect(reconcileNow()).rejects.toThrow();
    run.faults.dynamodb.set(null);
    await reconcileNow();
    await reconcileNow();
    await vi.waitUntil(() => alertsAbout(event).length > 0, 60_000);
    expect(alertsAbout(event)).toHaveLength(1);
  });

  test("Okta failing now and then is asked again; failing always is an error", async () => {
    okta.interfere = (request) => (request % 2 === 0 ? "serverError" : "none");
    expect(await reconcileNow()).toMatchObject({ finished: true });
    expect(await reconcileNow()).toMatchObject({ finished: true });
    okta.interfere = () => "serverError";
    await expect(reconcileNow()).rejects.toThrow("Okta failed 5 times");
  });

  test("half of the org's rate limit is left to others: with no more, the run waits, and the next goes on", async () => {
    okta.limit = { requests: 4, seconds: 2 };
    okta.log.pageSize = 15;
    const events = Array.from({ length: 40 }, () => signIn());
    for (const event of events) okta.log.add(event);
    const before = okta.asked.length;
    // A second, in which two of the four requests may be used: what is left waits for the limit to be lifted.
    const first = await reconcileNow(31);
    expect(first).toMatchObject({ finished: false });
    expect(okta.asked.length - before).toBeLessThanOrEqual(2);
    while (!(await reconcileNow()).finished);
    okta.log.pageSize = 1_000;
    okta.limit = { requests: 600, seconds: 60 };
    expect(okta.violations()).toBe(0);
    await vi.waitUntil(() => events.every((event) => alertsAbout(event).length === 1), 60_000);
  });
});
