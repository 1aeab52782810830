import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { isInSet } from "../../lambda/adapters/telemetry/metric-sets.ts";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { delivery, sessionStart } from "../fixtures/events.ts";
import { metricNames } from "../fixtures/metrics.ts";

/** A line in the embedded metric format: values at the top, and which of them are metrics. */
interface EmbeddedMetrics {
  readonly _aws: { readonly CloudWatchMetrics: readonly { readonly Metrics: readonly { readonly Name: string }[] }[] };
  readonly [name: string]: unknown;
}

const proxyRule = "8d5f6c9e-5a0e-4b7c-9d0c-4f6a3a1f2b10";

let run: EmbeddedRun;
const lines: EmbeddedMetrics[] = [];

beforeAll(async () => {
  delete process.env.POWERTOOLS_METRICS_DISABLED;
  process.env.METRICS = "full";
  // Where CloudWatch reads metrics from: the function's standard output.
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    if (String(text).includes("CloudWatchMetrics")) lines.push(JSON.parse(String(text)) as EmbeddedMetrics);
    return true;
  });
  run = await startEmbeddedRun({ port: 0, hookSecret: "secret", mismatchDistanceKm: 500, onError: () => {} });
});
afterAll(async () => {
  await run.stop();
  vi.restoreAllMocks();
  delete process.env.METRICS;
});

/** The metrics of one request, as CloudWatch would take them. */
async function metricsOf(init: RequestInit): Promise<Record<string, unknown>> {
  lines.length = 0;
  await (await fetch(run.url, init)).arrayBuffer();
  return Object.fromEntries(
    ownLines().flatMap((line) =>
      line._aws.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics.map(({ Name }) => [Name, line[Name]])),
    ),
  );
}

/** The lines of the request: a sign-in of the first test waits for its report on the retry queue, and its retry has a line too. */
const ownLines = () => lines.filter(({ WorkAge }) => WorkAge === undefined);

function post(body: string, authorization = "secret"): RequestInit {
  return { method: "POST", headers: { authorization, "content-type": "application/json" }, body };
}

/** All but how long the steps took. */
async function countsOf(init: RequestInit): Promise<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(await metricsOf(init)).filter(([name]) => !name.endsWith("Duration")));
}

test("a delivery is counted with what it held and what came of it, on one line that names it", async () => {
  const published = new Date(Date.now() - 5_000).toISOString();
  const direct = sessionStart({ securityContext: { isProxy: false } });
  const other = sessionStart({ eventType: "user.session.end" });
  const proxied = () => sessionStart({ published });
  const body = delivery([direct, other, proxied(), proxied(), {}]);
  const metrics = await countsOf(post(JSON.stringify(body)));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ deliveryId: body.eventId, eventHookId: "who1" });
  const { AlertLatency, ...counts } = metrics;
  expect(counts).toEqual({
    Deliveries: 1,
    EventsWithoutGroup: 2,
    EventsReceived: 5,
    "EventsReceived_user.session.start": 3,
    EventsReceived_other: 1,
    [`Matches_${proxyRule}`]: [1, 1],
    UnknownLocations: 1,
    AlertsPublished: 1,
    Suppressed: 1,
    EventsDeadLettered: 1,
  });
  expect(AlertLatency).toBeGreaterThanOrEqual(5_000);
  expect(AlertLatency).toBeLessThan(20_000);
});

test("each step of a delivery is timed, in milliseconds", async () => {
  const event = sessionStart({ actor: { id: "00u1timed", type: "User", alternateId: null, displayName: null } });
  const metrics = await metricsOf(post(JSON.stringify(delivery([event]))));
  const durations = Object.entries(metrics).filter(([name]) => name.endsWith("Duration"));
  expect(durations.map(([name]) => name).sort()).toEqual(
    [
      "Authentication",
      "Claim",
      "Correlation",
      "LookUp",
      "Matching",
      "Parsing",
      "Publishing",
      "Recording",
      "Suppression",
    ].map((step) => `${step}Duration`),
  );
  for (const [, milliseconds] of durations) {
    expect(milliseconds).toBeGreaterThan(0);
    expect(milliseconds).toBeLessThan(2_500);
  }
});

test.each<[string, number, RequestInit]>([
  ["a wrong secret", 401, post("{}", "wrong")],
  ["no challenge", 400, { headers: { authorization: "secret" } }],
  ["a method that is none", 405, { method: "DELETE", headers: { authorization: "secret" } }],
])("a request with %s is counted as refused, and as no delivery", async (_, status, init) => {
  expect(await countsOf(init)).toEqual({ RefusedRequests: 1, [`RefusedRequests_${status}`]: 1 });
});

test.each<[string, number, RequestInit]>([
  ["no JSON", 400, post("{")],
  ["no delivery", 400, post("{}")],
  ["no content type", 415, { method: "POST", headers: { authorization: "secret" }, body: new Uint8Array([123, 125]) }],
])("a delivery with %s is counted as refused although its secret was right", async (_, status, init) => {
  expect(await countsOf(init)).toEqual({
    RefusedRequests: 1,
    [`RefusedRequests_${status}`]: 1,
    DeliveriesRefused: 1,
  });
});

describe("a request that is answered 503", () => {
  afterEach(() => {
    for (const service of ["sns", "sqs"] as const) run.faults[service].set(null);
  });

  test("counts as failed and as no delivery, so that a receiver that always fails does not look alive", async () => {
    for (const service of ["sns", "sqs"] as const) run.faults[service].set({ kind: "refuse" });
    const actor = { id: "00u1failed", type: "User", alternateId: null, displayName: null };
    const body = delivery([sessionStart({ actor })]);
    const counts = await countsOf(post(JSON.stringify(body)));
    expect(ownLines()[0]).toMatchObject({ deliveryId: body.eventId });
    expect(counts).toMatchObject({ RequestsFailed: 1, EventsFailed: 1 });
    expect(counts).not.toHaveProperty("Deliveries");
    expect(counts).not.toHaveProperty("EventsReceived");
  });

  test("counts as failed, and as a delivery that was to be refused, when that cannot be parked", async () => {
    run.faults.sqs.set({ kind: "refuse" });
    expect(await countsOf(post("{"))).toEqual({ RequestsFailed: 1, DeliveriesRefused: 1 });
  });
});

test("a verification counts as neither", async () => {
  const headers = { authorization: "secret", "x-okta-verification-challenge": "hello" };
  expect(await countsOf({ headers })).toEqual({});
});

test("a test alert counts nowhere: it is no sign that Okta delivers", async () => {
  const event = sessionStart({ oktaProxyWatch: { test: true } });
  expect(await countsOf(post(JSON.stringify(delivery([event]))))).toEqual({});
});

test("a retry that fails is counted, with the seconds that the work waits by then", async () => {
  run.faults.sns.set({ kind: "refuse" });
  try {
    const event = sessionStart({ actor: { id: "00u1waits", type: "User", alternateId: null, displayName: null } });
    expect(await countsOf(post(JSON.stringify(delivery([event]))))).toMatchObject({ WorkParked: 1 });
    await vi.waitUntil(() => lines.some((line) => line.WorkFailed !== undefined), 60_000);
  } finally {
    run.faults.sns.set(null);
  }
  const line = lines.find(({ WorkFailed }) => WorkFailed !== undefined);
  expect(line).toMatchObject({ WorkFailed: 1, WorkAge: expect.toSatisfy((age) => age >= 0 && age < 20) });
});

test("the documents name every metric, and no other", async () => {
  const names = await metricNames();
  const table = await readFile(new URL("../../docs/metrics.md", import.meta.url), "utf8");
  const rows = [...table.matchAll(/^\| `(\w+)` +\| \w+ +\| (essential|full) +\|/gm)];
  expect(new Set(rows.map(([, name]) => name?.replace(/_[A-Z]+$/, "")))).toEqual(names);
  for (const [, name = "", set] of rows)
    expect([name, isInSet(name, "essential")]).toEqual([name, set === "essential"]);
});
