import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { delivery, type Json, sessionStart } from "../fixtures/events.ts";
import { attemptBy, torExit } from "../fixtures/storms.ts";

/* The built functions, their stores and the retry queue: what a subscriber gets of a spray and of a gateway. */

let run: EmbeddedRun;
beforeAll(async () => {
  run = await startEmbeddedRun({ port: 0, hookSecret: "secret", mismatchDistanceKm: 500, onError: () => {} });
});
afterAll(() => run.stop());

/** Delivers events, ten a delivery, two deliveries at once: with more, a busy machine counts one source no faster than its steps take. */
async function deliver(events: readonly Json[]): Promise<void> {
  const deliveries = Array.from({ length: Math.ceil(events.length / 10) }, (_, index) =>
    events.slice(10 * index, 10 * index + 10),
  );
  const next = async (): Promise<void> => {
    const some = deliveries.shift();
    if (some === undefined) return;
    const headers = { authorization: "secret", "content-type": "application/json" };
    const response = await fetch(run.url, { method: "POST", headers, body: JSON.stringify(delivery(some)) });
    expect(response.status).toBe(204);
    await next();
  };
  await Promise.all(Array.from({ length: 2 }, next));
}

const received = () => run.alerts.received.map(({ alert }) => alert);

test("a spray of a hundred logins through one Tor exit is five alerts, one that grows, and the success stands out", async () => {
  const attempts = Array.from({ length: 100 }, (_, index) =>
    sessionStart({ ...torExit, ...attemptBy(`user${index}@example.com`) }),
  );
  // A report says what came before it: the success comes before the attempt that makes the last report due.
  await deliver(attempts.slice(0, -1));
  const success = { ...torExit, ...attemptBy("user77@example.com"), outcome: { result: "SUCCESS", reason: null } };
  await deliver([sessionStart(success)]);
  await deliver(attempts.slice(-1));
  await vi.waitFor(() => expect(received().some(({ storm }) => storm?.report === "start")).toBe(true), 60_000);
  await vi.waitFor(() => expect(received().some(({ session }) => session.outcome === "SUCCESS")).toBe(true), 60_000);
  const failed = received().filter(({ session, storm }) => session.outcome === "FAILURE" && storm === null);
  expect(failed).toHaveLength(5);
  const [stands] = received().filter(({ session }) => session.outcome === "SUCCESS");
  expect(stands).toMatchObject({
    severity: "critical",
    user: { login: "user77@example.com" },
    storm: { report: null, attempts: 99 },
  });
  // The watcher looks once a minute; the run shortens that.
  const reports = () => received().flatMap(({ storm }) => (storm?.report == null ? [] : [storm]));
  await vi.waitFor(() => expect(reports().at(-1)).toMatchObject({ attempts: 100, succeeded: 1 }), 60_000);
  expect(
    reports()
      .at(-1)
      ?.users.filter(({ outcome }) => outcome === "FAILURE"),
  ).toHaveLength(100);
  expect(received().length).toBeLessThanOrEqual(5 + 1 + 6);
  expect(run.messagesOn("deadLetterQueue")).toEqual([]);
});

test("a gateway of 60 persons is twenty alerts, and one in five minutes for all others", async () => {
  const before = received().length;
  const gateway = {
    securityContext: {
      isProxy: true,
      asNumber: 64_510,
      ipDetails: { ipServiceCategories: [{ type: "VPN", operator: "EXAMPLE_VPN", isAnonymous: true }] },
    },
    outcome: { result: "SUCCESS", reason: null },
  };
  const arrivals = Array.from({ length: 60 }, (_, index) =>
    sessionStart({ ...attemptBy(`user${index}@example.com`), ...gateway }),
  );
  await deliver(arrivals);
  await vi.waitFor(() => expect(received().length).toBeGreaterThanOrEqual(before + 20), 60_000);
  const ofGateway = received().filter(({ network }) => network.asNumber === 64_510);
  expect(ofGateway).toHaveLength(20);
  // The others wait for their report, which is due when the five minutes are over.
  expect(run.messagesOn("retryQueue").some((body) => body.includes('"gathering"'))).toBe(true);
});
