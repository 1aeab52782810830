import { describe, expect, test } from "vitest";
import type { LogEvent } from "../../../lambda/core/okta/log-event.ts";
import type { Observation } from "../../../lambda/core/pipeline/observation.ts";
import type { Asked, ParkedWork, PipelinePorts } from "../../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { maximumUnconfirmed, UnconfirmedPublishError } from "../../../lambda/core/pipeline/unconfirmed.ts";
import { startBudget } from "../../../lambda/core/time/budget.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { findings, memoryClaims, memoryPorts } from "../../fixtures/memory.ts";
import { proxied, rule, ruleSet } from "../../fixtures/rules.ts";

const far = rule("medium", "00000000-0000-4000-8000-000000000002", { "enrichment.geo.mismatch": true });
const down = new Error("down");
const malformed = { event: 5, faults: [{ path: "data.events.0", message: "expected an object" }] };

function world(overrides: Partial<PipelinePorts> = {}) {
  const parked: ParkedWork[] = [];
  const observed: Observation[] = [];
  const claims = memoryClaims();
  const ports = memoryPorts({
    rules: ruleSet([proxied]),
    claims,
    parkWork: async (work) => void parked.push(...work),
    observe: (observation) => observed.push(observation),
    ...overrides,
  });
  const deliver = (events: readonly LogEvent[], more: readonly (typeof malformed)[] = []) =>
    processDelivery(
      { id: "d", org: null, eventHookId: null, events, malformed: more },
      ports,
      startBudget({ work: 60_000, parking: 60_000 }),
    );
  const subjects = () =>
    Object.fromEntries(
      observed.map(({ kind, subject: { deliveryId, events, ruleIds } }) => [
        kind,
        [deliveryId, events.map(({ uuid }) => uuid), ruleIds],
      ]),
    );
  return { deliver, claims, parked, observed, subjects };
}

const session = (overrides: Json = {}) => logEvent({ uuid: "e", ...overrides });

describe("the report of a delivery", () => {
  test("counts an event that the location decides against as one that no rule matches", async () => {
    const { deliver } = world({ rules: ruleSet([far]) });
    expect(await deliver([session()])).toMatchObject({ unmatched: 1, published: 0, parked: 0, failed: 0 });
  });

  test("counts an event whose alert was sent too often without an answer as dead-lettered", async () => {
    const { deliver, claims, observed } = world();
    claims.unconfirmed.set("e", maximumUnconfirmed);
    expect(await deliver([session()])).toMatchObject({ deadLettered: 1, published: 0, parked: 0, failed: 0 });
    expect(observed.at(-1)).toMatchObject({ kind: "workDropped", whole: true });
  });
});

describe("an observation says which delivery, events and rules it is about:", () => {
  test("of an alert", async () => {
    const { deliver, subjects } = world();
    await deliver([session()]);
    const about = ["d", ["e"], [proxied.id]];
    expect(subjects()).toEqual({ matched: about, alertPublished: about });
  });

  test("of stores that are down, and of what waits for them", async () => {
    const { deliver, subjects } = world({
      rules: ruleSet([proxied, far]),
      lookUp: () => Promise.reject(down),
      claims: { ...memoryClaims(), claim: () => Promise.reject(down) },
    });
    await deliver([session()]);
    expect(subjects()).toMatchObject({
      profilesUnavailable: ["d", ["e"], expect.arrayContaining([proxied.id, far.id])],
      claimsUnavailable: ["d", ["e"], [proxied.id]],
      workParked: ["d", ["e"], [far.id]],
    });
  });

  test("of a store of what is remembered that is down, and of why", async () => {
    const unread = { ...findings(new Map()), states: null, statesError: down };
    const { deliver, subjects, observed } = world({ lookUp: async () => unread });
    await deliver([session()]);
    expect(subjects()).toMatchObject({ historyUnavailable: ["d", ["e"], [proxied.id]] });
    expect(observed).toContainEqual(expect.objectContaining({ kind: "historyUnavailable", error: down }));
  });

  test("of an alert that cannot be published, with the reason and the error", async () => {
    const { deliver, observed, parked } = world({ publish: () => Promise.reject(down) });
    await deliver([session()]);
    expect(parked).toHaveLength(1);
    const reason = "the alert could not be published";
    expect(observed.at(-1)).toMatchObject({ kind: "workParked", reason, error: down, followUp: false });
  });

  test("of malformed events, which are no one's", async () => {
    const { deliver, subjects } = world();
    await deliver([], [malformed]);
    expect(subjects()).toEqual({ malformedParked: ["d", [], []] });
  });
});

describe("what a delivery asks for", () => {
  test("is what is remembered under every key of its users, and of none for an event about no person", async () => {
    const asked: Asked[] = [];
    const lookUp = async (users: Asked) => {
      asked.push(users);
      return findings(new Map());
    };
    const { deliver, observed } = world({ lookUp });
    await deliver([session(), logEvent({ actor: null })]);
    expect(asked.map(({ users }) => [...users])).toEqual([["login#ada@example.com", "id#00u1lisbon"]]);
    expect(observed.map(({ kind }) => kind)).not.toContain("historyUnavailable");
  });

  test("is claimed while its users are looked up: an alert waits for three calls, one after the other", async () => {
    const claims = memoryClaims();
    const claimed: string[] = [];
    const lookUp = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      claimed.push(...claims.records.keys());
      return findings(new Map());
    };
    expect(await world({ claims, lookUp }).deliver([session()])).toMatchObject({ published: 1 });
    expect(claimed).toEqual(["e"]);
  });

  test("is published fifty at once, and no more", async () => {
    let [now, most] = [0, 0];
    const { deliver } = world({
      publish: async () => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
      },
    });
    expect(await deliver(Array.from({ length: 120 }, () => logEvent()))).toMatchObject({ published: 120 });
    expect(most).toBe(50);
  });

  test("is measured step by step", async () => {
    const measured = new Set<string>();
    const measure: PipelinePorts["measure"] = (step, work) => {
      measured.add(step);
      return work();
    };
    await world({ measure, suppressMinutes: 60 }).deliver([session()]);
    expect([...measured].toSorted()).toEqual(["Claim", "LookUp", "Matching", "Publishing", "Recording", "Suppression"]);
    await world({ measure, publish: () => Promise.reject(down) }).deliver([session()]);
    expect(measured).toContain("Parking");
  });

  test("is nothing of the queues, where nothing is left and no profile has changed", async () => {
    const refuse = () => Promise.reject(new Error("there is nothing to send"));
    const { deliver, observed } = world({ parkWork: refuse, parkMalformed: refuse, refreshProfiles: refuse });
    expect(await deliver([session()])).toMatchObject({ published: 1, failed: 0 });
    expect(observed.map(({ kind }) => kind)).toEqual(["matched", "alertPublished"]);
  });
});

test("where profiles do not come from Okta, an event that changes one asks for none", async () => {
  const target = [{ id: "00u1", type: "User", alternateId: "ada@example.com", displayName: "Ada" }];
  const { deliver, observed } = world({ refreshProfiles: null });
  await deliver([logEvent({ eventType: "user.account.update_profile", target })]);
  expect(observed).toEqual([]);
});

test("a publish without an answer is tried again after two seconds", async () => {
  const { deliver, parked } = world({ publish: () => Promise.reject(new UnconfirmedPublishError("no answer")) });
  await deliver([session()]);
  expect(parked).toMatchObject([{ work: { unconfirmed: 1 }, delaySeconds: 2 }]);
});
