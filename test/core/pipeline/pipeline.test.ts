import { describe, expect, test } from "vitest";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import type { Delivery, MalformedEvent } from "../../../lambda/core/okta/event-hook.ts";
import type { LogEvent } from "../../../lambda/core/okta/log-event.ts";
import type { Observation } from "../../../lambda/core/pipeline/observation.ts";
import type { ParkedWork, PipelinePorts } from "../../../lambda/core/pipeline/ports.ts";
import { type DeliveryReport, processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { retryWork } from "../../../lambda/core/pipeline/retry-work.ts";
import { maximumUnconfirmed, UnconfirmedPublishError } from "../../../lambda/core/pipeline/unconfirmed.ts";
import type { Work } from "../../../lambda/core/pipeline/work.ts";
import type { Refresh } from "../../../lambda/core/profiles/refresh.ts";
import { type Budget, startBudget } from "../../../lambda/core/time/budget.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { findings, memoryClaims, memoryPorts } from "../../fixtures/memory.ts";
import { lisbon } from "../../fixtures/places.ts";
import { proxied, rule, ruleSet } from "../../fixtures/rules.ts";
import { briefSteps, briefWork } from "../../fixtures/timing.ts";

const far = rule("medium", "00000000-0000-4000-8000-000000000002", {
  "securityContext.isProxy": true,
  "enrichment.geo.mismatch": true,
});
const down = new Error("down");
const unlimited: Budget = briefSteps();

function world(overrides: Partial<PipelinePorts> = {}) {
  const published: Alert[] = [];
  const asked: string[][] = [];
  const malformedParked: MalformedEvent[] = [];
  const parked: ParkedWork[] = [];
  const deadLetters: { readonly work: Work; readonly reason: string }[] = [];
  const observed: Observation[] = [];
  const claims = memoryClaims();
  const ports = memoryPorts({
    rules: ruleSet([proxied, far]),
    lookUp: async ({ keys }) => {
      asked.push([...keys]);
      return findings(new Map([["00u1lisbon", [lisbon]]]));
    },
    claims,
    publish: async (alert) => void published.push(alert),
    parkWork: async (work) => void parked.push(...work),
    deadLetterWork: async (work, reason) => void deadLetters.push({ work, reason }),
    parkMalformed: async (events) => void malformedParked.push(...events),
    now: () => new Date("2026-11-24T09:30:03Z"),
    observe: (observation) => observed.push(observation),
    ...overrides,
  });
  const deliver = (events: readonly Json[], malformed: readonly MalformedEvent[] = [], budget = unlimited) =>
    processDelivery(
      { id: "d", org: null, eventHookId: null, events: events.map((event) => logEvent(event)), malformed },
      ports,
      budget,
    );
  const retry = (work: Work) => retryWork(work, ports, unlimited);
  const kinds = () => observed.map(({ kind }) => kind);
  const detections = () => published.map((alert) => alert.detections.map(({ id }) => id));
  return {
    deliver,
    retry,
    ports,
    published,
    detections,
    asked,
    malformedParked,
    parked,
    deadLetters,
    observed,
    kinds,
    claims,
  };
}

/** What became of a delivery, but for what it received. */
const outcome = (counts: Partial<DeliveryReport>) =>
  expect.objectContaining({
    published: 0,
    duplicate: 0,
    excepted: 0,
    grouped: 0,
    parked: 0,
    deadLettered: 0,
    failed: 0,
    ...counts,
  });
const direct: Json = { securityContext: { isProxy: false } };
const broken: MalformedEvent = { event: 5, faults: [{ path: "data.events.0", message: "expected an object" }] };
const storeDown = { lookUp: () => Promise.reject(down) };

describe("the profile store", () => {
  test("is not asked for events that no rule can match", async () => {
    const { deliver, asked } = world();
    expect(await deliver([direct, direct])).toEqual(outcome({}));
    expect(asked).toEqual([]);
  });

  test("is asked once for all candidates of a delivery, by id and by lower-case login", async () => {
    const { deliver, asked } = world();
    await deliver([
      { actor: { id: "00u1", alternateId: "A@x" } },
      direct,
      { actor: { id: "00u2", alternateId: "b@x" } },
    ]);
    expect(asked).toEqual([["00u1", "a@x", "00u2", "b@x"]]);
  });

  test("is asked for no user's when no candidate has one: exceptions of anyone are read all the same", async () => {
    const { deliver, asked, published } = world();
    await deliver([{ actor: null }]);
    expect(asked).toEqual([[]]);
    expect(published[0]?.geo.verdict).toBe("unknown");
  });

  test("that is down holds no alert back; what only it can decide is decided later, by a follow-up", async () => {
    const { deliver, retry, ports, published, detections, parked, kinds, claims } = world(storeDown);
    expect(await deliver([{ uuid: "e" }])).toEqual(outcome({ published: 1, parked: 1 }));
    expect(detections()).toEqual([[proxied.id]]);
    expect(published[0]).toMatchObject({
      followUp: false,
      geo: { verdict: "unknown", reason: "The profile store could not be asked where this user is expected." },
    });
    expect(kinds()).toEqual(["profilesUnavailable", "matched", "alertPublished", "workParked"]);
    const [waiting] = parked;
    expect(waiting?.work).toMatchObject({ rules: [far.id], followUp: true });

    await expect(retry(waiting?.work as Work)).rejects.toThrow("the profile store could not be asked");
    expect(published).toHaveLength(1);
    const mended = { ...ports, lookUp: async () => findings(new Map([["00u1lisbon", [lisbon]]])) };
    const later = { ...mended, now: () => new Date("2026-11-24T10:30:03Z") };
    await retryWork(waiting?.work as Work, later, unlimited);
    expect(detections()).toEqual([[proxied.id], [far.id]]);
    expect(published[1]).toMatchObject({
      followUp: true,
      delayedSeconds: 3_600,
      delayReason: "the profile store could not be asked where the user is expected",
      geo: { verdict: "mismatch" },
    });
    await retryWork(waiting?.work as Work, later, unlimited);
    expect(published).toHaveLength(2);
    expect([...claims.records.keys()]).toEqual(["e", "e#follow-up"]);
  });

  test("that is down parks an event that it alone can decide", async () => {
    const { deliver, published, parked } = world({ ...storeDown, rules: ruleSet([far]) });
    expect(await deliver([{}])).toEqual(outcome({ parked: 1 }));
    expect(published).toEqual([]);
    expect(parked[0]?.work).toMatchObject({ rules: [far.id], followUp: false });
  });

  test("that hangs is waited for as long as its share of the time, and the alert goes out", async () => {
    const { deliver, published, kinds } = world({ lookUp: () => new Promise(() => {}) });
    expect(await deliver([{}])).toEqual(outcome({ published: 1, parked: 1 }));
    expect(kinds()).toContain("profilesUnavailable");
    expect(published).toHaveLength(1);
  });
});

test("one alert is published for an event, whatever the number of rules, and says what matched", async () => {
  const { deliver, published, detections } = world();
  await deliver([{ uuid: "e" }]);
  expect(detections()).toEqual([[proxied.id, far.id]]);
  expect(published[0]).toMatchObject({ delayedSeconds: 0, delayReason: null, followUp: false });
  expect(published[0]?.detections[1]?.matched).toEqual([
    {
      selection: "selection",
      fields: [
        { field: "eventType", values: ["user.session.start"] },
        { field: "securityContext.isProxy", values: [true] },
        { field: "enrichment.geo.mismatch", values: [true] },
      ],
    },
  ]);
});

test("an undecided rule that the location decides against raises nothing", async () => {
  const { deliver, published } = world({
    rules: ruleSet([far]),
    lookUp: async () => findings(new Map()),
  });
  expect(await deliver([{}])).toEqual(outcome({}));
  expect(published).toEqual([]);
});

describe("an alert that cannot be published", () => {
  const failing = async ({ okta }: Alert) => {
    if (okta.eventUuid === "b") throw down;
  };

  test("is parked with the reason, its claim given back, and the others go out", async () => {
    const { deliver, parked, claims } = world({ publish: failing });
    expect(await deliver([{ uuid: "a" }, { uuid: "b" }, { uuid: "c" }])).toEqual(outcome({ published: 2, parked: 1 }));
    expect(parked[0]).toMatchObject({
      work: {
        event: { uuid: "b" },
        rules: [proxied.id, far.id],
        matched: [{ ruleId: proxied.id }],
        followUp: false,
        waiting: { reason: "the alert could not be published" },
      },
    });
    expect([...claims.records.keys()]).toEqual(["a", "c"]);
  });

  test("and cannot be parked either, is failed", async () => {
    const { deliver, kinds } = world({ publish: failing, parkWork: () => Promise.reject(down) });
    expect(await deliver([{ uuid: "a" }, { uuid: "b" }])).toEqual(outcome({ published: 1, failed: 1 }));
    expect(kinds()).toContain("workLost");
  });

  test("is published by a retry, which says that it is late, and since when for the first time", async () => {
    const { deliver, ports, parked, published } = world({ publish: failing });
    await deliver([{ uuid: "b" }]);
    const again = { ...ports, now: () => new Date("2026-11-24T09:31:03Z") };
    await expect(retryWork(parked[0]?.work as Work, again, unlimited)).rejects.toThrow(
      "the alert could not be published",
    );
    const mended = { ...again, publish: async (alert: Alert) => void published.push(alert) };
    await retryWork(parked[0]?.work as Work, mended, unlimited);
    expect(published[0]).toMatchObject({ delayedSeconds: 60, delayReason: "the alert could not be published" });
  });
});

describe("the time that a request has", () => {
  test("when it runs out, what is unfinished is parked", async () => {
    const { deliver, parked } = world({ claims: { ...memoryClaims(), claim: () => new Promise(() => {}) } });
    const budget = briefWork();
    expect(await deliver([{}, {}, direct], [], budget)).toEqual(outcome({ parked: 2 }));
    expect(parked.map(({ work }) => work.waiting?.reason)).toEqual(["the time ran out", "the time ran out"]);
  });

  test("when parking hangs as well, the delivery is failed before the time of parking ends", async () => {
    const hanging = () => new Promise<never>(() => {});
    const { deliver } = world({ publish: hanging, parkWork: hanging, parkMalformed: hanging });
    const budget = startBudget({ work: 50, parking: 100 });
    expect(await deliver([{}], [broken], budget)).toEqual(outcome({ failed: 2 }));
  });
});

test("of more events than are handled at once, none is started that could not be finished: they wait, unclaimed", async () => {
  const { deliver, published, parked, claims } = world();
  const budget = startBudget({ begin: 0, work: 60_000, parking: 60_000 });
  await new Promise((resolve) => setTimeout(resolve, 5));
  const events = Array.from({ length: 53 }, (_, index) => ({ uuid: `e${index}` }));
  expect(await deliver(events, [], budget)).toEqual(outcome({ published: 50, parked: 3 }));
  expect(published).toHaveLength(50);
  expect(parked.map(({ work }) => [work.event.uuid, work.waiting?.reason])).toEqual([
    ["e50", "the time ran out"],
    ["e51", "the time ran out"],
    ["e52", "the time ran out"],
  ]);
  expect(claims.records.size).toBe(50);
});

describe("an event that was alerted on before", () => {
  test("is left out", async () => {
    const { deliver, published, kinds } = world();
    await deliver([{ uuid: "e" }]);
    expect(await deliver([{ uuid: "e" }])).toEqual(outcome({ duplicate: 1 }));
    expect(published).toHaveLength(1);
    expect(kinds()).toContain("duplicate");
  });

  test("without what could not be decided then, is followed up, for that may never have been parked", async () => {
    const { deliver, ports, parked, detections } = world({ ...storeDown, parkWork: () => Promise.reject(down) });
    expect(await deliver([{ uuid: "e" }])).toEqual(outcome({ published: 1, failed: 1 }));
    const again = { ...ports, ...world().ports, claims: ports.claims, publish: ports.publish };
    const repeated = { id: "d", org: null, eventHookId: null, events: [logEvent({ uuid: "e" })], malformed: [] };
    const parkWork = async (work: readonly ParkedWork[]) => void parked.push(...work);
    expect(await processDelivery(repeated, { ...again, parkWork }, unlimited)).toEqual(
      outcome({ duplicate: 1, parked: 1 }),
    );
    expect(parked[0]?.work).toMatchObject({ rules: [far.id], followUp: true });
    await retryWork(parked[0]?.work as Work, again, unlimited);
    expect(detections()).toEqual([[proxied.id], [far.id]]);
  });

  test("and is being handled by another function is parked, in case that was stopped", async () => {
    const { deliver, retry, claims, parked, published } = world();
    claims.records.set("e", null);
    expect(await deliver([{ uuid: "e" }])).toEqual(outcome({ parked: 1 }));
    expect(parked[0]?.delaySeconds).toBeGreaterThan(20);
    await expect(retry(parked[0]?.work as Work)).rejects.toThrow("another request is at this event");
    claims.records.set("e", { outcome: "alerted", undecided: [], exceptions: [] });
    await retry(parked[0]?.work as Work);
    expect(published).toEqual([]);
    claims.records.delete("e");
    await retry(parked[0]?.work as Work);
    expect(published).toHaveLength(1);
  });

  test.each([
    ["is down", () => Promise.reject(down)],
    ["hangs", () => new Promise<never>(() => {})],
  ])("may be alerted on again when the store of claims %s: an alert is never suppressed", async (_, claim) => {
    const { deliver, published, kinds } = world({ claims: { ...memoryClaims(), claim } });
    expect(await deliver([{}])).toEqual(outcome({ published: 1 }));
    expect(published).toHaveLength(1);
    expect(kinds()).toContain("claimsUnavailable");
  });

  test("stays alerted on when that cannot be recorded", async () => {
    const claims = { ...memoryClaims(), complete: () => Promise.reject(down) };
    expect(await world({ claims }).deliver([{}])).toEqual(outcome({ published: 1 }));
  });
});

describe("malformed events", () => {
  test("are parked beside the good ones", async () => {
    const { deliver, malformedParked, published, observed } = world();
    expect(await deliver([{}], [broken])).toEqual(outcome({ published: 1, deadLettered: 1 }));
    expect(malformedParked).toEqual([broken]);
    expect(published).toHaveLength(1);
    expect(observed).toContainEqual(expect.objectContaining({ kind: "malformedParked", count: 1 }));
  });

  test("that cannot be parked are failed, and the good ones are alerted on all the same", async () => {
    const { deliver, published, observed } = world({ parkMalformed: () => Promise.reject(down) });
    expect(await deliver([{}], [broken, broken])).toEqual(outcome({ published: 1, failed: 2 }));
    expect(published).toHaveLength(1);
    expect(observed).toContainEqual(expect.objectContaining({ kind: "malformedFailed", count: 2, error: down }));
  });
});

describe("a publish without an answer", () => {
  const unanswered = () => Promise.reject(new UnconfirmedPublishError("no answer"));
  /** Publishes, and loses the answer: while it is on. */
  const losing = () => {
    const copies: Alert[] = [];
    const state = { isLosing: true };
    const publish = async (alert: Alert) => {
      copies.push(alert);
      if (state.isLosing) await unanswered();
    };
    return { copies, state, publish };
  };

  test("is counted with the work, and tried again by a message of its own", async () => {
    const { copies, state, publish } = losing();
    const { deliver, retry, parked, claims } = world({ publish });
    expect(await deliver([{ uuid: "e" }])).toEqual(outcome({ parked: 1 }));
    expect(parked[0]?.work).toMatchObject({
      unconfirmed: 1,
      waiting: { reason: "the alert was published, but no answer came, so that it may arrive more than once" },
    });
    expect(claims.unconfirmed.get("e")).toBe(1);
    await retry(parked[0]?.work as Work);
    expect(parked[1]).toMatchObject({ work: { unconfirmed: 2 }, delaySeconds: 600 });
    state.isLosing = false;
    await retry(parked[1]?.work as Work);
    expect(copies).toHaveLength(3);
    expect(parked).toHaveLength(2);
    expect(claims.records.get("e")).toMatchObject({ outcome: "alerted" });
  });

  test("is repeated with the same id, whatever is decided by then: that follows up", async () => {
    const { copies, state, publish } = losing();
    const { deliver, ports, parked } = world({ ...storeDown, publish });
    expect(await deliver([{ uuid: "e" }])).toEqual(outcome({ parked: 2 }));
    expect(parked.map(({ work }) => [work.rules, work.followUp, work.unconfirmed])).toEqual([
      [[proxied.id], false, 1],
      [[far.id], true, 0],
    ]);
    state.isLosing = false;
    const mended = { ...ports, lookUp: world().ports.lookUp };
    for (const { work } of [...parked]) await retryWork(work, mended, unlimited);
    expect(copies.map(({ detections }) => detections.map(({ id }) => id))).toEqual([
      [proxied.id],
      [proxied.id],
      [far.id],
    ]);
    expect(copies[0]?.alertId).toBe(copies[1]?.alertId);
  });

  test("is one of three at most: then the work is dead-lettered, and nothing that comes of it later is sent", async () => {
    const { copies, state, publish } = losing();
    const { deliver, retry, parked, deadLetters, kinds, claims } = world({ publish });
    await deliver([{ uuid: "e" }]);
    await retry(parked[0]?.work as Work);
    await retry(parked[1]?.work as Work);
    expect(copies).toHaveLength(maximumUnconfirmed);
    const both = [proxied, far].map(({ id }) => expect.objectContaining({ ruleId: id }));
    expect(deadLetters).toEqual([
      {
        work: expect.objectContaining({ unconfirmed: 3, matched: both }),
        reason: "the alert may have been sent 3 times, without an answer of the topic; it is not sent again",
      },
    ]);
    expect(claims.records.get("e")).toMatchObject({ outcome: "deadLettered" });
    expect(kinds()).toContain("workDropped");
    state.isLosing = false;
    for (const { work } of parked) await retry(work);
    expect(await deliver([{ uuid: "e" }])).toEqual(outcome({ duplicate: 1 }));
    expect(copies).toHaveLength(maximumUnconfirmed);
  });

  test("is sent once more when an operator takes it off the dead-letter queue", async () => {
    const { copies, state, publish } = losing();
    const { deliver, retry, parked, deadLetters } = world({ publish });
    await deliver([{ uuid: "e" }]);
    await retry(parked[0]?.work as Work);
    await retry(parked[1]?.work as Work);
    state.isLosing = false;
    await retry({ ...(deadLetters[0]?.work as Work), unconfirmed: 0, again: true });
    expect(copies).toHaveLength(maximumUnconfirmed + 1);
  });

  test("is sent by an operator's second redrive, where the end of its work could not be recorded: the claim counts", async () => {
    const { copies, state, publish } = losing();
    const claims = memoryClaims();
    const isRecorded = { now: false };
    const complete: typeof claims.complete = (...given) =>
      isRecorded.now ? claims.complete(...given) : Promise.reject(down);
    const { deliver, retry, parked, deadLetters } = world({ publish, claims: { ...claims, complete } });
    await deliver([{ uuid: "e" }]);
    await retry(parked[0]?.work as Work);
    await retry(parked[1]?.work as Work);
    [state.isLosing, isRecorded.now] = [false, true];
    const redrive = () => retry({ ...(deadLetters.at(-1)?.work as Work), unconfirmed: 0, again: true });
    await redrive();
    expect([copies.length, deadLetters.length]).toEqual([maximumUnconfirmed, 2]);
    await redrive();
    expect([copies.length, deadLetters.length]).toEqual([maximumUnconfirmed + 1, 2]);
  });

  test("that cannot be parked again is no event lost: its message stays", async () => {
    const { publish } = losing();
    const { deliver, retry, parked, kinds, ports } = world({ publish });
    await deliver([{ uuid: "e" }]);
    const broken = { ...ports, parkWork: () => Promise.reject(down) };
    await expect(retryWork(parked[0]?.work as Work, broken, unlimited)).rejects.toThrow("could not be parked");
    expect(kinds()).not.toContain("workLost");
    await retry(parked[0]?.work as Work);
  });

  test("is counted by its claim where the queues are down: a delivery that Okta repeats adds no copy beyond them", async () => {
    const { copies, publish } = losing();
    const queues = { parkWork: () => Promise.reject(down), deadLetterWork: () => Promise.reject(down) };
    const { deliver } = world({ publish, ...queues });
    for (let delivery = 0; delivery < 6; delivery += 1) {
      expect(await deliver([{ uuid: "e" }])).toEqual(outcome({ failed: 1 }));
    }
    expect(copies).toHaveLength(maximumUnconfirmed);
  });

  test("is counted by its message where the claims are down", async () => {
    const { copies, publish } = losing();
    const claims = { ...memoryClaims(), claim: () => Promise.reject(down), release: () => Promise.reject(down) };
    const { deliver, retry, parked, deadLetters } = world({ publish, claims });
    await deliver([{ uuid: "e" }]);
    for (let index = 0; index < parked.length; index += 1) await retry(parked[index]?.work as Work);
    expect(copies).toHaveLength(maximumUnconfirmed);
    expect(deadLetters).toHaveLength(1);
  });

  test("is one copy for each delivery where claims and queues are down together: nothing is left to count with", async () => {
    const { copies, publish } = losing();
    const claims = { ...memoryClaims(), claim: () => Promise.reject(down), release: () => Promise.reject(down) };
    const { deliver } = world({ publish, claims, parkWork: () => Promise.reject(down) });
    // Okta delivers once more after a 503.
    for (let delivery = 0; delivery < 2; delivery += 1) await deliver([{ uuid: "e" }]);
    expect(copies).toHaveLength(2);
  });

  test("that was refused is none: it is tried as often as it takes", async () => {
    const { deliver, retry, parked, claims, deadLetters } = world({ publish: () => Promise.reject(down) });
    await deliver([{ uuid: "e" }]);
    for (let attempt = 0; attempt < 10; attempt += 1) await expect(retry(parked[0]?.work as Work)).rejects.toThrow();
    expect(claims.unconfirmed.get("e")).toBe(0);
    expect([parked.length, deadLetters.length]).toEqual([1, 0]);
  });

  test("is what a publish that hangs comes to when the time is over", async () => {
    const { deliver, parked } = world({ publish: () => new Promise(() => {}) });
    const budget = briefWork();
    expect(await deliver([{}, direct], [], budget)).toEqual(outcome({ parked: 1 }));
    expect(parked[0]?.work.unconfirmed).toBe(1);
  });

  test("may be what a function came to that was stopped: its claim counts until it is released or completed", async () => {
    const { copies, publish } = losing();
    const { deliver, parked, claims } = world({ publish });
    claims.unconfirmed.set("e", 2);
    await deliver([{ uuid: "e" }]);
    expect(copies).toHaveLength(1);
    expect(parked).toEqual([]);
  });
});

test("work that another function has claimed waits until that claim is over", async () => {
  const until = new Date("2026-11-24T09:30:43Z");
  const { deliver, parked } = world({
    claims: { ...memoryClaims(), claim: async () => ({ kind: "inProgress", until }) },
  });
  await deliver([{}]);
  expect(parked[0]?.delaySeconds).toBe(41);
});

describe("parked work whose event was cut", () => {
  const cut = (event: Json = {}, overrides: Partial<Work> = {}): Work => ({
    event: logEvent({ uuid: "e", securityContext: null, ...event }),
    delivery: { id: null, org: null, eventHookId: null },
    rules: [proxied.id, far.id],
    followUp: false,
    waiting: null,
    matched: [{ ruleId: proxied.id, matched: [{ selection: "selection", fields: [] }] }],
    eventCut: ["securityContext"],
    ...overrides,
  });

  test("stays matched by what it matched when it was whole, and its alert says what it lost", async () => {
    const { retry, published, detections } = world();
    await retry(cut());
    expect(detections()).toEqual([[proxied.id]]);
    expect(published[0]).toMatchObject({ eventCut: ["securityContext"] });
    expect(published[0]?.detections[0]?.matched).toEqual([{ selection: "selection", fields: [] }]);
  });

  test("is judged anew by rules that were undecided, where what they ask for is left", async () => {
    const { retry, detections } = world();
    await retry(cut({ securityContext: { isProxy: true } }));
    expect(detections()).toEqual([[proxied.id, far.id]]);
  });

  test("is dead-lettered when nothing matches what is left of it: it never vanishes", async () => {
    const { retry, published, deadLetters, observed } = world();
    await retry(cut({}, { matched: [], rules: [far.id] }));
    expect(published).toEqual([]);
    expect(deadLetters).toHaveLength(1);
    expect(observed).toEqual([expect.objectContaining({ kind: "workDropped", whole: true })]);
  });

  test("is dead-lettered when the location decides against its rules, and what locations are judged by was cut", async () => {
    const { retry, deadLetters } = world({ rules: ruleSet([far]) });
    const event = { securityContext: { isProxy: true }, client: null };
    await retry(cut(event, { matched: [], rules: [far.id], eventCut: ["client"] }));
    expect(deadLetters.map(({ reason }) => reason)).toEqual([
      "the event was cut to fit a message, and its rules cannot be judged without what it lost",
    ]);
  });
});

describe("parked work of rules that are no more", () => {
  const parkedWork = (event: Json, rules: readonly string[] | null): Work => ({
    event: logEvent(event),
    delivery: { id: null, org: null, eventHookId: null },
    rules,
    followUp: false,
    waiting: null,
  });

  test.each([
    ["of a rule that a deployment removed", {}, ["gone"]],
    ["of an event that no rule matches", direct, null],
  ])("%s is dead-lettered, and observed", async (_, event, rules) => {
    const { retry, published, deadLetters, kinds } = world();
    await retry(parkedWork(event, rules));
    expect(published).toEqual([]);
    expect(deadLetters.map(({ reason }) => reason)).toEqual([
      "no rule of this release matches the event any more, as far as it was kept",
    ]);
    expect(kinds()).toEqual(["workDropped"]);
  });

  test("is alerted on by the rules that are left, and the others are observed", async () => {
    const { retry, detections, observed, deadLetters } = world();
    await retry(parkedWork({}, [proxied.id, "gone"]));
    expect(detections()).toEqual([[proxied.id]]);
    const dropped = { kind: "workDropped", whole: false, subject: expect.objectContaining({ ruleIds: ["gone"] }) };
    expect(observed).toContainEqual(expect.objectContaining(dropped));
    expect(deadLetters).toEqual([]);
  });

  test("that cannot be dead-lettered stays where it is", async () => {
    const { retry } = world({ deadLetterWork: () => Promise.reject(down) });
    await expect(retry(parkedWork({}, ["gone"]))).rejects.toThrow("down");
  });
});

describe("profiles that an event says have changed", () => {
  const changed = (id: string, overrides: Json = {}) =>
    logEvent({
      eventType: "user.account.update_profile",
      actor: { id: "00uadmin", type: "User", alternateId: "admin@example.com", displayName: "Admin" },
      target: [
        { id, type: "User", alternateId: `${id}@example.com`, displayName: id },
        { id: "0oaapp", type: "AppInstance", alternateId: "app", displayName: "App" },
      ],
      ...overrides,
    });
  const delivery = (...events: LogEvent[]): Delivery => ({
    id: null,
    org: null,
    eventHookId: null,
    events,
    malformed: [],
  });

  test("are asked for once each: those that the event is about, not who caused it", async () => {
    const asked: Refresh[] = [];
    const { ports } = world({ refreshProfiles: async (users) => void asked.push(...users) });
    const events = [
      changed("00u1"),
      changed("00u1"),
      changed("00u2", { eventType: "user.lifecycle.deactivate" }),
      changed("00u3", { eventType: "user.session.start" }),
      changed("00u4", { target: null }),
    ];
    expect((await processDelivery(delivery(...events), ports, unlimited)).failed).toBe(0);
    expect(asked).toEqual([
      { userId: "00u1", login: "00u1@example.com" },
      { userId: "00u2", login: "00u2@example.com" },
    ]);
  });

  test("cost nothing when they cannot be requested, or no answer comes: the delivery is done", async () => {
    for (const refreshProfiles of [() => Promise.reject(down), () => new Promise<void>(() => {})]) {
      const { ports, observed } = world({ refreshProfiles });
      const budget = briefWork();
      expect(await processDelivery(delivery(changed("00u1")), ports, budget)).toMatchObject({ failed: 0, parked: 0 });
      expect(observed).toContainEqual(expect.objectContaining({ kind: "refreshesLost", count: 1 }));
    }
  });
});
