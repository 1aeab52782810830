import { expect, test } from "vitest";
import { memorySources } from "../../../cli/backtest/memory.ts";
import { type DayCounts, sumCounts } from "../../../lambda/core/digest/day-counts.ts";
import type { Exception } from "../../../lambda/core/exceptions/exception.ts";
import type { UserState } from "../../../lambda/core/history/history.ts";
import type { UserKey } from "../../../lambda/core/history/user-key.ts";
import type { Observation } from "../../../lambda/core/pipeline/observation.ts";
import type { PipelinePorts } from "../../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { retryWork } from "../../../lambda/core/pipeline/retry-work.ts";
import { UnconfirmedPublishError } from "../../../lambda/core/pipeline/unconfirmed.ts";
import type { Work } from "../../../lambda/core/pipeline/work.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { findings, memoryPorts } from "../../fixtures/memory.ts";
import { proxied, ruleSet } from "../../fixtures/rules.ts";
import { failedSignIn } from "../../fixtures/storms.ts";
import { briefSteps, unhurried } from "../../fixtures/timing.ts";

const nord = { ipDetails: { ipServiceCategories: [{ type: "VPN", operator: "NORD_VPN", isAnonymous: true }] } };

/** An exception for the address of {@link logEvent}'s network, or another. */
const exception = (asNumber: number): Exception => ({
  id: "3f2a91c4",
  scope: { asNumber },
  by: "grace",
  reason: "the office",
  createdAt: "2026-11-01T00:00:00.000Z",
  until: "2027-01-01T00:00:00.000Z",
  noticedAt: null,
});

/** A pipeline that remembers users in memory, and counts. */
function world(overrides: Partial<PipelinePorts> = {}, exceptions: readonly Exception[] = []) {
  const written: { readonly day: string; readonly counts: DayCounts }[] = [];
  const observed: Observation[] = [];
  const parked: Work[] = [];
  let now = Date.parse("2026-11-24T09:30:03Z");
  const ports: PipelinePorts = memoryPorts({
    rules: ruleSet([proxied]),
    suppressMinutes: 60,
    lookUp: async ({ users }, signal) => {
      const states = new Map<UserKey, UserState>();
      for (const user of users) states.set(user, await ports.userStates.read(user, signal));
      return findings(new Map(), exceptions, states);
    },
    now: () => new Date(now),
    observe: (observation) => observed.push(observation),
    parkWork: async (all) => void parked.push(...all.map(({ work }) => work)),
    countDay: async (day, counts) => void written.push({ day, counts }),
    ...overrides,
  });
  const deliver = (...events: Json[]) =>
    processDelivery(
      { id: "d1", org: null, eventHookId: null, events: events.map(logEvent), malformed: [] },
      ports,
      unhurried(),
    );
  const pass = (days: number) => {
    now += days * 86_400_000;
  };
  const total = () => Object.fromEntries(sumCounts(written.map(({ counts }) => counts)).numbers);
  const person = (id: string, event: Json = {}): Json => ({
    actor: { id, type: "User", alternateId: `${id}@example.com`, displayName: "A User" },
    published: new Date(now).toISOString(),
    ...event,
  });
  return { deliver, pass, total, person, written, observed, parked, ports };
}

test("an alerted sign-in is counted by kind, operator, severity and detection, and its person is new", async () => {
  const { deliver, person, written } = world();
  await deliver(person("00u1", { securityContext: { isProxy: true, ...nord } }));
  expect(written).toHaveLength(1);
  expect(written[0]?.day).toBe("2026-11-24");
  expect(Object.fromEntries(written[0]?.counts.numbers ?? [])).toEqual({
    signIns: 1,
    "kind#vpn": 1,
    "operator#NORD_VPN": 1,
    alerts: 1,
    "severity#high": 1,
    [`rule#${proxied.id}`]: 1,
    newPersons: 1,
  });
  expect(written[0]?.counts.persons).toEqual(new Set(["00u1@example.com"]));
});

test("a delivery is counted in one write, by the day on which it is handled", async () => {
  const { deliver, person, pass, written, total } = world();
  await deliver(...Array.from({ length: 60 }, (_, index) => person(`00u${index}`)));
  pass(1);
  await deliver(person("00u61"));
  expect(written.map(({ day }) => day)).toEqual(["2026-11-24", "2026-11-25"]);
  expect(total()).toMatchObject({ signIns: 61, alerts: 61, newPersons: 61 });
});

test("a suppressed sign-in and one that an exception covers are counted as such, and by the exception", async () => {
  const suppressing = world();
  await suppressing.deliver(suppressing.person("00u1"));
  await suppressing.deliver(suppressing.person("00u1"));
  expect(suppressing.total()).toMatchObject({ signIns: 2, alerts: 1, suppressed: 1, newPersons: 1 });
  const excepting = world({}, [exception(64500)]);
  await excepting.deliver(excepting.person("00u1"));
  expect(excepting.total()).toEqual({ signIns: 1, excepted: 1, "exception#3f2a91c4": 1, newPersons: 1 });
});

test("attempts of a storm are counted as sign-ins, and the storm's own alerts as alerts", async () => {
  const { deliver, ports, parked, pass, total } = world({ stormAfter: 5, sources: memorySources() });
  for (let index = 0; index < 12; index += 1) await deliver(failedSignIn(index).received as Json);
  expect(total()).toMatchObject({ signIns: 12, failed: 12, inStorms: 7, alerts: 5 });
  pass(0.1);
  for (const work of parked.splice(0)) await retryWork(work, ports, unhurried());
  expect(total()).toMatchObject({ signIns: 12, failed: 12, inStorms: 7, alerts: 6 });
});

test("the report on what a window suppressed is counted as an alert, and its sign-ins once", async () => {
  const { deliver, person, ports, parked, pass, total } = world();
  await deliver(person("00u1"));
  await deliver(person("00u1"));
  pass(0.1);
  for (const work of parked.splice(0)) await retryWork(work, ports, unhurried());
  expect(total()).toMatchObject({ signIns: 2, suppressed: 1, alerts: 2, "severity#informational": 1 });
});

test("a person is new once: neither a second session nor a failed attempt makes one new", async () => {
  const { deliver, person, pass, total } = world();
  await deliver(person("00u1", { published: "2026-11-24T09:30:01Z" }), person("00u1"));
  pass(3);
  await deliver(person("00u1", { securityContext: { asNumber: 64501, isProxy: true } }));
  await deliver(person("00u2", { outcome: { result: "FAILURE", reason: "INVALID_CREDENTIALS" } }));
  expect(total()).toMatchObject({ newPersons: 1, failed: 1, signIns: 4 });
});

test("a person is new once where an earlier sign-in is delivered after a later one, and where one session starts twice", async () => {
  const { deliver, person, total, written } = world();
  await deliver(person("00u1", { published: "2026-11-24T09:30:02Z" }));
  await deliver(person("00u1", { published: "2026-11-24T09:10:02Z" }));
  const inSession = { authenticationContext: { rootSessionId: "s1" } };
  await deliver(person("00u2", { published: "2026-11-24T09:20:02Z", ...inSession }));
  await deliver(person("00u2", { published: "2026-11-24T09:21:02Z", ...inSession }));
  expect(total()).toMatchObject({ newPersons: 2, signIns: 4 });
  expect(written.flatMap(({ counts }) => [...counts.persons])).toEqual(["00u1@example.com", "00u2@example.com"]);
});

test("what a stranger types for a login is never kept, even where the sign-in succeeds", async () => {
  const { deliver, written } = world();
  await deliver({ actor: { id: "unknown", type: "User", alternateId: "hunter2!", displayName: "unknown" } });
  expect(written.flatMap(({ counts }) => [...counts.persons])).toEqual([]);
});

test("test events, duplicates and events that match no detection are not counted", async () => {
  const { deliver, written } = world();
  const event = logEvent();
  await deliver(event.received as Json, event.received as Json);
  await deliver(event.received as Json);
  await deliver({ securityContext: { isProxy: false } });
  expect(written).toHaveLength(1);
  expect(written[0]?.counts.numbers.get("signIns")).toBe(1);
});

test("an event whose alert is published again after no answer is counted once", async () => {
  let fails = true;
  const { deliver, person, parked, ports, total } = world({
    publish: async () => {
      if (fails) throw new UnconfirmedPublishError("no answer");
    },
  });
  await deliver(person("00u1"));
  expect(total()).toEqual({});
  fails = false;
  const [work] = parked;
  if (work === undefined) throw new Error("nothing is parked");
  await retryWork(work, ports, unhurried());
  expect(total()).toMatchObject({ signIns: 1, alerts: 1 });
});

test("a store that refuses the counts or hangs costs nothing but the counts, and is observed", async () => {
  for (const countDay of [() => Promise.reject(new Error("throttled")), () => new Promise<void>(() => {})]) {
    const { ports, observed } = world({ countDay });
    const delivery = { id: "d1", org: null, eventHookId: null, events: [logEvent()], malformed: [] };
    expect(await processDelivery(delivery, ports, briefSteps())).toMatchObject({ published: 1, failed: 0 });
    expect(observed.at(-1)).toMatchObject({ kind: "countsLost", subject: { deliveryId: "d1" } });
  }
});

test("without a digest nothing is counted", async () => {
  const { ports } = world({ countDay: null });
  const delivery = { id: "d1", org: null, eventHookId: null, events: [logEvent()], malformed: [] };
  expect(await processDelivery(delivery, ports, unhurried())).toMatchObject({ published: 1 });
});
