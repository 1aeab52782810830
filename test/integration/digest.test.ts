import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openExceptions } from "../../lambda/adapters/tables/exceptions.ts";
import type { Digest } from "../../lambda/core/digest/digest.ts";
import type { handler as digestHandler } from "../../lambda/functions/digest.ts";
import type { handler as streamHandler } from "../../lambda/functions/stream.ts";
import { type AlertFeed, followAlerts, type ReceivedAlert } from "../../local/alert-feed.ts";
import { type Emulators, startEmulators } from "../../local/emulators.ts";
import { names } from "../../local/resources.ts";
import { loadBuilt } from "../fixtures/built.ts";
import { sessionStart, streamedEvent } from "../fixtures/events.ts";

/* Four weeks of a deployment: its functions as they are deployed, a clock that is set by hand. */

let emulators: Emulators;
let feed: AlertFeed;
let digest: typeof digestHandler;
let stream: typeof streamHandler;
const notices: ReceivedAlert[] = [];
const alerts: ReceivedAlert[] = [];

beforeAll(async () => {
  emulators = await startEmulators();
  Object.assign(process.env, emulators.environment, {
    DIGEST: "true",
    SUPPRESS_MINUTES: "60",
    SOURCE_ALERTS_PER_HOUR: "0",
    MISMATCH_DISTANCE_KM: "500",
    HOOK_SECRET: "secret",
    OKTA_ORG_URL: "https://example.okta.com",
  });
  ({ handler: digest } = await loadBuilt<{ handler: typeof digestHandler }>("digest"));
  ({ handler: stream } = await loadBuilt<{ handler: typeof streamHandler }>("stream"));
  feed = followAlerts(
    emulators.alertQueueUrl,
    emulators.direct.messaging,
    (alert) => alerts.push(alert),
    () => {},
    (notice) => notices.push(notice as ReceivedAlert),
  );
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterAll(async () => {
  vi.useRealTimers();
  await feed.stop();
  await emulators.stop();
});

/** A sign-in of a person, at the time of the clock. */
async function signIn(person: string, overrides: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const id = `00u${person}`;
  const actor = { id, type: "User", alternateId: `${person}@example.com`, displayName: person };
  await stream(streamedEvent(sessionStart({ actor, published: new Date().toISOString(), ...overrides })));
}

const tor = {
  isProxy: true,
  asNumber: 64501,
  ipDetails: { ipServiceCategories: [{ type: "Tor", operator: "TOR_EXIT" }] },
};

/** Publishes the digest, and takes it from the topic. */
async function published(): Promise<{
  readonly digest: Digest;
  readonly email: string;
  readonly notice: ReceivedAlert;
}> {
  const before = notices.length;
  await digest();
  await vi.waitUntil(() => notices.length > before, 60_000);
  const notice = notices.at(-1);
  if (notice === undefined) throw new Error("no digest came");
  return { digest: notice.alert as unknown as Digest, email: notice.email, notice };
}

test("each Monday's digest has the seven days before it, beside those of the week before", async () => {
  // A week of nothing: two lines.
  vi.setSystemTime("2026-11-02T08:00:00Z");
  expect((await published()).email).toBe("26 October to 1 November 2026\nNo sign-in through an anonymous network\n");

  vi.setSystemTime("2026-11-03T10:00:00Z");
  await signIn("ada", { securityContext: tor });
  await signIn("grace");
  vi.setSystemTime("2026-11-08T23:59:30Z");
  await signIn("grace");
  await signIn("grace");
  vi.setSystemTime("2026-11-09T08:00:00Z");
  const first = await published();
  expect(first.notice.attributes).toEqual({ notice: { Type: "String", Value: "digest" } });
  expect(first.digest).toMatchObject({
    from: "2026-11-02",
    to: "2026-11-08",
    signIns: { count: 4, before: null },
    alerts: { count: 3 },
    suppressed: { count: 1 },
    newPersons: { count: 2, logins: ["ada@example.com", "grace@example.com"] },
  });
  // Two persons, each with one session.
  expect(first.digest.openIncidents.count).toBe(2);
  expect(first.email).toContain("Incidents without a verdict: 2\n");
  expect(first.digest.kinds.map(({ kind, count }) => [kind, count])).toEqual([["tor", 1]]);
  expect(first.digest.operators).toEqual([{ operator: "TOR_EXIT", count: 1, before: null }]);
  expect(first.email).toContain("Okta User Session Start Via Anonymizing Proxy: 3");

  const exceptions = await openExceptions(new DynamoDBClient({}), names.stateTable);
  const until = "2026-11-28T00:00:00.000Z";
  const common = { by: "grace", reason: "asked her", createdAt: "2026-11-10T00:00:00.000Z", noticedAt: null };
  await exceptions.add(
    { id: "3f2a91c4", scope: { user: "ada@example.com", kinds: ["tor"] }, until, ...common },
    new Date(),
  );
  vi.setSystemTime("2026-11-12T10:00:00Z");
  await signIn("ada", { securityContext: tor });
  await signIn("lin", { outcome: { result: "FAILURE", reason: "INVALID_CREDENTIALS" } });
  vi.setSystemTime("2026-11-16T08:00:00Z");
  const second = await published();
  expect(second.digest).toMatchObject({
    signIns: { count: 2, before: 4 },
    failed: { count: 1, before: 0 },
    excepted: { count: 1, before: 0 },
    newPersons: { count: 0, before: 2, logins: [] },
    exceptions: [{ id: "3f2a91c4", scope: "ada@example.com, kind tor", count: 1, before: 0 }],
    endingExceptions: [{ id: "3f2a91c4", until }],
  });
  expect(second.email).toContain("- Tor: 1 (week before 1)");

  // An empty week after one that was not.
  vi.setSystemTime("2026-11-30T08:00:00Z");
  expect((await published()).email).toBe("23 to 29 November 2026\nNo sign-in through an anonymous network\n");
  vi.setSystemTime("2026-11-23T08:00:00Z");
  expect((await published()).email).toMatch(
    /^16 to 22 November 2026\nNo sign-in through an anonymous network \(week before 2\)\n/,
  );
  // A digest is no alert.
  expect(alerts.every(({ attributes }) => attributes.severity !== undefined)).toBe(true);
});

test("a table that does not answer fails the function, so that its alarm goes off", async () => {
  emulators.faults.dynamodb.set({ kind: "serverError" });
  await expect(digest()).rejects.toThrow();
  emulators.faults.dynamodb.set(null);
});
