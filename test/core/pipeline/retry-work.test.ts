import { describe, expect, test } from "vitest";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import { findCandidate } from "../../../lambda/core/pipeline/match.ts";
import type { Observation } from "../../../lambda/core/pipeline/observation.ts";
import { keepMatches } from "../../../lambda/core/pipeline/park.ts";
import type { Asked, PipelinePorts } from "../../../lambda/core/pipeline/ports.ts";
import { retryWork } from "../../../lambda/core/pipeline/retry-work.ts";
import type { Work } from "../../../lambda/core/pipeline/work.ts";
import { type Budget, startBudget } from "../../../lambda/core/time/budget.ts";
import { logEvent } from "../../fixtures/events.ts";
import { findings, memoryClaims, memoryPorts } from "../../fixtures/memory.ts";
import { lisbon } from "../../fixtures/places.ts";
import { parseTestRule, proxied, rule, ruleSet } from "../../fixtures/rules.ts";

const far = rule("medium", "00000000-0000-4000-8000-000000000002", {
  "securityContext.isProxy": true,
  "enrichment.geo.mismatch": true,
});
const farWord = parseTestRule(
  { far: { "enrichment.geo.mismatch": true }, word: ["FIREFOX"], condition: "far and word" },
  { id: "00000000-0000-4000-8000-000000000003" },
);
const down = new Error("down");

/** Work on an event of Ada's, as it lies on the queue. */
function workOf(overrides: Partial<Work> = {}): Work {
  const delivery = { id: "d", org: null, eventHookId: null };
  return { event: logEvent({ uuid: "e" }), delivery, rules: null, followUp: false, waiting: null, ...overrides };
}

function world(overrides: Partial<PipelinePorts> = {}) {
  const published: Alert[] = [];
  const asked: Asked[] = [];
  const deadLetters: string[] = [];
  const observed: Observation[] = [];
  const ports = memoryPorts({
    rules: ruleSet([proxied, far]),
    lookUp: async (users) => {
      asked.push(users);
      return findings(new Map([["00u1lisbon", [lisbon]]]));
    },
    publish: async (alert) => void published.push(alert),
    deadLetterWork: async (_, reason) => void deadLetters.push(reason),
    now: () => new Date("2026-11-24T09:30:03Z"),
    observe: (observation) => observed.push(observation),
    ...overrides,
  });
  const retry = (work: Work, overrides: Partial<Budget> = {}) =>
    retryWork(work, ports, { ...startBudget({ work: 60_000, parking: 60_000 }), ...overrides });
  return { retry, published, asked, deadLetters, observed };
}

test("work of every rule is alerted on by what is looked up of its user, and none of it is dropped", async () => {
  const { retry, published, asked, deadLetters, observed } = world();
  await retry(workOf());
  expect(published.map(({ detections }) => detections.map(({ id }) => id))).toEqual([[proxied.id, far.id]]);
  expect(asked.map(({ keys }) => [...keys])).toEqual([["00u1lisbon", "ada@example.com"]]);
  expect(deadLetters).toEqual([]);
  expect(observed.map(({ kind }) => kind)).toEqual(["matched", "alertPublished"]);
});

test("work that the location decides against is done: neither alerted on nor dropped", async () => {
  const near = new Map([["00u1lisbon", [{ ...lisbon, latitude: 43.6, longitude: -79.3 }]]]);
  const { retry, published, deadLetters, observed } = world({ lookUp: async () => findings(near) });
  await retry(workOf({ rules: [far.id] }));
  expect([published, deadLetters, observed]).toEqual([[], [], []]);
});

test("work whose event was cut is dead-lettered only where it is not alerted on", async () => {
  const { retry, published, deadLetters } = world();
  await retry(workOf({ rules: [proxied.id], eventCut: ["securityContext"] }));
  expect(published).toHaveLength(1);
  expect(deadLetters).toEqual([]);
});

describe("work whose event was cut, and that the location decides against,", () => {
  const near = new Map([["00u1lisbon", [{ ...lisbon, latitude: 43.6, longitude: -79.3 }]]]);
  const fate = async (eventCut: readonly string[], rules = [far]) => {
    const { retry, deadLetters } = world({ rules: ruleSet(rules), lookUp: async () => findings(near) });
    await retry(workOf({ eventCut }));
    return deadLetters.length === 0 ? "done" : "dead-lettered";
  };

  test.each([
    ["lost nothing that its rules ask for", ["target", "request"], "done"],
    ["lost one of the fields that its rules ask for", ["target", "securityContext"], "dead-lettered"],
    ["lost whom it is about", ["actor"], "dead-lettered"],
    ["lost where it came from", ["client"], "dead-lettered"],
  ])("%s: it is %3$s", async (_, eventCut, expected) => {
    expect(await fate(eventCut)).toBe(expected);
  });

  test("by a rule that asks for a word anywhere is dead-lettered, whatever it lost", async () => {
    expect(await fate(["target"], [farWord])).toBe("dead-lettered");
  });
});

describe("work that is not done", () => {
  test("rejects with what kept it from being done", async () => {
    const { retry } = world({ publish: () => Promise.reject(down) });
    await expect(retry(workOf())).rejects.toMatchObject({ message: "the alert could not be published", cause: down });
  });

  test("as the time was over when it came rejects, and claims nothing", async () => {
    const claims = memoryClaims();
    const { retry, published } = world({ claims });
    await expect(retry(workOf(), { work: AbortSignal.abort() })).rejects.toThrow("the time ran out");
    expect(published).toEqual([]);
    expect([...claims.unconfirmed]).toEqual([]);
  });
});

test("what matched when the event was whole is kept as it was, and what matches beside it is added", () => {
  const event = logEvent();
  const candidate = findCandidate(event, ruleSet([proxied, rule("low", "00000000-0000-4000-8000-000000000004")]));
  if (candidate === null) throw new Error("a rule matches");
  const before = { ruleId: proxied.id, matched: [{ selection: "whole", fields: [] }] };
  const work = workOf({ event, matched: [before] });
  const { matched = [] } = keepMatches({ candidate, work }, { correlations: null });
  expect(matched[0]).toEqual(before);
  expect(matched.map(({ ruleId }) => ruleId)).toEqual([proxied.id, "00000000-0000-4000-8000-000000000004"]);
});
