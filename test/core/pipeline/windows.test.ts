import { expect, test } from "vitest";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import type { PipelinePorts } from "../../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { startBudget } from "../../../lambda/core/time/budget.ts";
import { lisbon } from "../../fixtures/cases.ts";
import { logEvent } from "../../fixtures/events.ts";
import { findings, memoryPorts } from "../../fixtures/memory.ts";
import { rule, ruleSet } from "../../fixtures/rules.ts";

/* The window of a session is opened while its event is claimed, before it is known what its alert says, or whether there is one. */

const proxied = rule("high", "00000000-0000-4000-8000-000000000001", { "securityContext.isProxy": true });
const far = rule("medium", "00000000-0000-4000-8000-000000000002", { "enrichment.geo.mismatch": true });

/** A pipeline that suppresses for an hour, on a store of users in memory, with a clock that is set by hand. */
function world() {
  const published: Alert[] = [];
  let now = Date.parse("2026-11-24T09:30:03Z");
  const ports: PipelinePorts = memoryPorts({
    rules: ruleSet([proxied, far]),
    suppressMinutes: 60,
    lookUp: async ({ users }, signal) => {
      const read = [...users].map(async (user) => [user, await ports.userStates.read(user, signal)] as const);
      return findings(new Map([["00u1lisbon", [lisbon]]]), [], new Map(await Promise.all(read)));
    },
    publish: async (alert) => void published.push(alert),
    now: () => new Date(now),
  });
  const deliver = (uuid: string) =>
    processDelivery(
      { id: null, org: null, eventHookId: null, events: [logEvent({ uuid })], malformed: [] },
      ports,
      startBudget({ work: 60_000, parking: 60_000 }, () => performance.now()),
    );
  const pass = (minutes: number) => {
    now += minutes * 60_000;
  };
  return { deliver, pass, published };
}

test("a rule that the location decides belongs to the window: a further session that it matches is suppressed", async () => {
  const { deliver, published } = world();
  expect(await deliver("first")).toMatchObject({ published: 1 });
  expect(published[0]?.detections.map(({ id }) => id)).toEqual([proxied.id, far.id]);
  expect(await deliver("second")).toMatchObject({ published: 0, grouped: 1 });
  expect(await deliver("third")).toMatchObject({ published: 0, grouped: 1 });
});

test("a repeated delivery leaves no window open: the user's next session is alerted on at once", async () => {
  const { deliver, pass } = world();
  await deliver("first");
  pass(61);
  expect(await deliver("first")).toMatchObject({ duplicate: 1 });
  expect(await deliver("second")).toMatchObject({ published: 1, parked: 0 });
});
