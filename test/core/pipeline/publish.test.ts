import { expect, test } from "vitest";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import type { ParkedWork } from "../../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { startBudget } from "../../../lambda/core/time/budget.ts";
import { logEvent } from "../../fixtures/events.ts";
import { findings, memoryClaims, memoryPorts } from "../../fixtures/memory.ts";
import { rule, ruleSet } from "../../fixtures/rules.ts";

test("an alert that is ready when the time is over is not published: its event waits, and is not claimed", async () => {
  const published: Alert[] = [];
  const parked: ParkedWork[] = [];
  const claims = memoryClaims();
  const time = new AbortController();
  const ports = memoryPorts({
    rules: ruleSet([rule("high", "00000000-0000-4000-8000-000000000001")]),
    claims,
    // The look-up takes all the time that is left; the claim, which is made beside, has long been answered.
    lookUp: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      time.abort(new DOMException("The time ran out", "TimeoutError"));
      return new Promise(() => {});
    },
    publish: async (alert) => void published.push(alert),
    parkWork: async (work) => void parked.push(...work),
  });
  const budget = { ...startBudget({ work: 60_000, parking: 60_000 }), work: time.signal };
  const delivery = { id: null, org: null, eventHookId: null, events: [logEvent({ uuid: "e" })], malformed: [] };
  expect(await processDelivery(delivery, ports, budget)).toMatchObject({ published: 0, parked: 1, failed: 0 });
  expect(published).toEqual([]);
  expect(parked[0]?.work.waiting?.reason).toBe("the time ran out");
  // Nothing was sent that an answer is missing of.
  expect(parked[0]?.work.unconfirmed ?? 0).toBe(0);
  expect([...claims.records]).toEqual([]);
});

test("a claim that the end of the time cuts off is no fault of the store's: nothing is observed of it", async () => {
  const observed: string[] = [];
  const time = new AbortController();
  const ports = memoryPorts({
    rules: ruleSet([rule("high", "00000000-0000-4000-8000-000000000001")]),
    claims: {
      ...memoryClaims(),
      claim: () => {
        time.abort(new DOMException("The time ran out", "TimeoutError"));
        return new Promise(() => {});
      },
    },
    observe: ({ kind }) => observed.push(kind),
  });
  const budget = { ...startBudget({ work: 60_000, parking: 60_000 }), work: time.signal };
  const delivery = { id: null, org: null, eventHookId: null, events: [logEvent()], malformed: [] };
  expect(await processDelivery(delivery, ports, budget)).toMatchObject({ published: 0, parked: 1 });
  expect(observed).toContain("workParked");
  expect(observed).not.toContain("claimsUnavailable");
});

test("what a user without an id typed is masked, unless it looks like a login of the org or has a profile", async () => {
  const alertOn = async (alternateId: string) => {
    const published: Alert[] = [];
    const ports = memoryPorts({
      rules: ruleSet([rule("high", "00000000-0000-4000-8000-000000000001")]),
      loginDomains: ["example.com"],
      lookUp: async () => findings(new Map([["ada", []]])),
      publish: async (alert) => void published.push(alert),
    });
    const actor = { id: "unknown", type: "User", alternateId, displayName: "unknown" };
    const delivery = { id: null, org: null, eventHookId: null, events: [logEvent({ actor })], malformed: [] };
    await processDelivery(delivery, ports, startBudget({ work: 60_000, parking: 60_000 }));
    return published[0]?.actor?.login;
  };
  expect(await alertOn("ada@example.com")).toBe("ada@example.com");
  expect(await alertOn("Ada")).toBe("Ada");
  expect(await alertOn("my-secret-1")).toBe("[masked]");
  expect(await alertOn("ada@example.org")).toBe("[masked]");
});
