import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { delivery, sessionStart } from "../fixtures/events.ts";

let run: EmbeddedRun;
const lines: string[] = [];

beforeAll(async () => {
  // As in the stack: the name that it has there.
  process.env.POWERTOOLS_SERVICE_NAME = "OktaProxyWatch";
  delete process.env.POWERTOOLS_METRICS_DISABLED;
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    if (String(text).includes("CloudWatchMetrics")) lines.push(String(text));
    return true;
  });
  run = await startEmbeddedRun({ port: 0, hookSecret: "secret", mismatchDistanceKm: 500, onError: () => {} });
});
afterAll(async () => {
  await run.stop();
  vi.restoreAllMocks();
  delete process.env.POWERTOOLS_SERVICE_NAME;
});

/** The line of a delivery of these events: which of its values are metrics, and all of them. */
async function deliver(events: readonly unknown[]) {
  lines.length = 0;
  const response = await fetch(run.url, {
    method: "POST",
    headers: { authorization: "secret", "content-type": "application/json" },
    body: JSON.stringify(delivery(events)),
  });
  expect(response.status).toBe(204);
  expect(lines).toHaveLength(1);
  const [line = ""] = lines;
  const values = JSON.parse(line);
  const metrics: string[] = values._aws.CloudWatchMetrics[0].Metrics.map(({ Name }: { Name: string }) => Name);
  return { line, values, metrics: metrics.sort() };
}

const direct = () => sessionStart({ securityContext: { isProxy: false } });

test("the first line says how long the start took, and no other", async () => {
  const { values } = await deliver([direct()]);
  expect(values.initDuration).toBeGreaterThan(0);
  expect((await deliver([direct()])).values).not.toHaveProperty("initDuration");
});

test("a delivery that matches nothing is one metric; the rest are properties of its line, which queries show", async () => {
  const { line, values, metrics } = await deliver([direct(), direct()]);
  expect(metrics).toEqual(["EventsReceived"]);
  expect(values).toMatchObject({
    service: "OktaProxyWatch",
    Deliveries: 1,
    EventsReceived: 2,
    "EventsReceived_user.session.start": 2,
    MatchingDuration: expect.any(Number),
    deliveryId: expect.any(String),
  });
  // What build/cost.ts reckons with.
  expect(Buffer.byteLength(line)).toBeLessThanOrEqual(450);
});

test("a refused request is one line, shorter than that of a delivery", async () => {
  lines.length = 0;
  const response = await fetch(run.url, { method: "POST", headers: { authorization: "guess" }, body: "{}" });
  expect(response.status).toBe(401);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ RefusedRequests: 1, RefusedRequests_401: 1 });
  // What build/cost.ts reckons with, for a flood.
  expect(Buffer.byteLength(lines[0] ?? "")).toBeLessThanOrEqual(300);
});

test("of several values a property has the sum of counts, and the longest of times", async () => {
  const published = new Date().toISOString();
  const users = ["00u1one", "00u1two"].map((id) =>
    sessionStart({ published, actor: { id, type: "User", alternateId: null, displayName: null } }),
  );
  const { values, metrics } = await deliver(users);
  expect(metrics).toEqual(["AlertLatency", "AlertsPublished", "EventsReceived"]);
  expect(values).toMatchObject({ AlertsPublished: [1, 1], UnknownLocations: 2 });
  expect(values.PublishingDuration).toBeGreaterThan(0);
});
