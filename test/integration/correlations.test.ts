import { afterAll, beforeAll, expect, test } from "vitest";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { delivery, type Json, sessionStart } from "../fixtures/events.ts";

/* The functions as they are built, with the correlations that are shipped. */

let run: EmbeddedRun;
beforeAll(async () => {
  run = await startEmbeddedRun({ port: 0, hookSecret: "secret", mismatchDistanceKm: 500, onError: () => {} });
});
afterAll(() => run.stop());

async function deliver(...events: readonly Json[]): Promise<number> {
  const response = await fetch(run.url, {
    method: "POST",
    headers: { authorization: "secret", "content-type": "application/json" },
    body: JSON.stringify(delivery(events)),
  });
  return response.status;
}

const now = Date.now();
/** A step of a session through a proxy, so many minutes ago. */
const step = (eventType: string, minutesAgo: number): Json =>
  sessionStart({
    uuid: crypto.randomUUID(),
    eventType,
    published: new Date(now - minutesAgo * 60_000).toISOString(),
    authenticationContext: { rootSessionId: "root-of-the-attack", externalSessionId: "x" },
    securityContext: { isProxy: true },
  });

test("an attack through a proxied session is alerted on act by act, in order, each critical and with the start before it", async () => {
  const start = step("user.session.start", 30);
  const token = step("system.api_token.create", 20);
  const reset = step("user.mfa.factor.reset_all", 10);
  for (const each of [start, token, reset]) expect(await deliver(each)).toBe(204);
  // Okta may deliver an event twice.
  expect(await deliver(token, reset)).toBe(204);
  await expect.poll(() => run.alerts.received.length).toBeGreaterThanOrEqual(3);
  const alerts = run.alerts.received.map(({ alert }) => alert);
  expect(alerts.map(({ okta, severity }) => [okta.eventUuid, severity])).toEqual([
    [start.uuid, "high"],
    [token.uuid, "critical"],
    [reset.uuid, "critical"],
  ]);
  const chains = alerts.map(({ detections }) => detections.filter(({ correlation }) => correlation !== null));
  expect(chains.map((each) => each.map(({ title }) => title))).toEqual([
    [],
    ["Okta API Token Created in Proxied Session"],
    ["Okta MFA Factor Reset, Removed or Enrolled in Proxied Session"],
  ]);
  expect(chains.flat().map(({ correlation }) => correlation?.events.map(({ eventUuid }) => eventUuid))).toEqual([
    [start.uuid, token.uuid],
    [start.uuid, reset.uuid],
  ]);
});
