import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AlertFeed, followAlerts } from "../../../local/alert-feed.ts";
import { type Emulators, startEmulators } from "../../../local/emulators.ts";
import type { Json } from "../../fixtures/events.ts";
import type { HotFigures, HotTask } from "./hot-group-process.ts";

/*
 * Deliveries of one group, all at once, to functions in several processes. Set HOT_GROUP=200 to have the figures of so many printed,
 * which takes a minute.
 */

const count = Number(process.env.HOT_GROUP ?? 80);

let emulators: Emulators;
let feed: AlertFeed;
beforeAll(async () => {
  emulators = await startEmulators();
  Object.assign(process.env, emulators.environment);
  feed = followAlerts(
    emulators.alertQueueUrl,
    emulators.direct.messaging,
    () => {},
    () => {},
  );
});
afterAll(async () => {
  await feed.stop();
  await emulators.stop();
});

const start = Date.parse("2026-11-24T09:00:00Z");
/** The events of one network: sign-ins that fail, one that does not, and an API token. */
function eventsOf(asNumber: number): readonly Json[] {
  return Array.from({ length: count }, (_, index): Json => {
    const isStart = index === 10;
    const isToken = index === count - 10;
    return {
      uuid: crypto.randomUUID(),
      published: new Date(start + index * 1_000).toISOString(),
      eventType: isToken ? "system.api_token.create" : "user.session.start",
      outcome: isStart || isToken ? { result: "SUCCESS", reason: null } : { result: "FAILURE", reason: "LOCKED_OUT" },
      securityContext: { asNumber, isProxy: isStart },
    };
  });
}

/** Has processes take the events, each so many of its own at once. */
async function take(events: readonly Json[], processes: number, atOnce: number): Promise<readonly HotFigures[]> {
  const children = Array.from({ length: processes }, () =>
    fork(fileURLToPath(new URL("hot-group-process.ts", import.meta.url)), {
      env: { ...process.env, ...emulators.environment },
    }),
  );
  try {
    await Promise.all(children.map((child) => once(child, "message")));
    const done = children.map(async (child) => ((await once(child, "message")) as [HotFigures])[0]);
    for (const [index, child] of children.entries()) {
      const task: HotTask = { events: events.filter((_, position) => position % processes === index), atOnce };
      child.send(task);
    }
    return await Promise.all(done);
  } finally {
    for (const child of children) child.disconnect();
  }
}

/** The correlations that were alerted on about the events. */
async function firings(events: readonly Json[]): Promise<readonly string[]> {
  await expect.poll(() => emulators.messagesOn("alertQueue")).toEqual([]);
  const uuids = new Set(events.map(({ uuid }) => uuid));
  return feed.received
    .filter(({ alert }) => uuids.has(alert.okta.eventUuid))
    .flatMap(({ alert }) => alert.detections.map(({ id }) => id))
    .sort();
}

test("many deliveries of one group at once, to four functions, give the alerts that they give one after the other", async () => {
  const [one, other] = [eventsOf(64_501), eventsOf(64_502)];
  const begin = performance.now();
  const figures = await take(one, 4, count);
  const milliseconds = performance.now() - begin;
  const singly = await take(other, 1, 1);
  await expect.poll(() => feed.received.length).toBeGreaterThanOrEqual(4);
  const expected = ["00000000-0000-4000-8000-000000000086", "00000000-0000-4000-8000-000000000087"];
  expect(await firings(one)).toEqual(expected);
  expect(await firings(other)).toEqual(expected);
  if (process.env.HOT_GROUP) process.stdout.write(`${JSON.stringify({ milliseconds, figures, singly })}\n`);
});
