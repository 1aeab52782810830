import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { delivery, sessionStart } from "../fixtures/events.ts";

let run: EmbeddedRun;
beforeAll(async () => {
  run = await startEmbeddedRun({ port: 0, hookSecret: "secret", mismatchDistanceKm: 500, onError: () => {} });
});
afterAll(() => run.stop());

function deliver(...events: readonly unknown[]): Promise<Response> {
  return fetch(run.url, {
    method: "POST",
    headers: { authorization: "secret", "content-type": "application/json" },
    body: JSON.stringify(delivery(events)),
  });
}

test("200 deliveries about the same user at once are one alert, and 199 are counted", async () => {
  const answers = await Promise.all(Array.from({ length: 200 }, () => deliver(sessionStart())));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]));
  const tor = { isProxy: true, asNumber: 64500, ipDetails: { ipServiceCategories: [{ type: "Tor" }] } };
  await deliver(sessionStart({ securityContext: tor }));
  await vi.waitUntil(() => run.alerts.received.length >= 2, 60_000);
  const alerts = run.alerts.received.map(({ alert }) => alert);
  expect(alerts).toHaveLength(2);
  // Tor is other news: what the first alert's window suppressed is reported when that window ends.
  expect(alerts[1]?.heldBack?.count).toBe(0);
  expect(alerts[1]?.history?.sessionsIn30Days).toBe(200);
  const [report, ...others] = run.messagesOn("retryQueue").map((body) => JSON.parse(body) as { report?: object });
  expect(report?.report).toEqual({ fingerprint: expect.any(String), windowId: expect.any(String) });
  expect(others).toEqual([]);
});
