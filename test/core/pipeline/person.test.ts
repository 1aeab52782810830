import { describe, expect, test } from "vitest";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import { type UserState, unknownUser } from "../../../lambda/core/history/history.ts";
import type { UserKey } from "../../../lambda/core/history/user-key.ts";
import { testMark } from "../../../lambda/core/okta/log-event.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { startBudget } from "../../../lambda/core/time/budget.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { findings, memoryPorts } from "../../fixtures/memory.ts";
import { rule, ruleSet } from "../../fixtures/rules.ts";

/** The histories that alerts tell about the events of one delivery, by the events' uuids. */
async function historiesOf(events: readonly Json[], states: ReadonlyMap<UserKey, UserState> | null = new Map()) {
  const published: Alert[] = [];
  const ports = memoryPorts({
    rules: ruleSet([rule("high", "00000000-0000-4000-8000-000000000001")]),
    lookUp: async () => ({ ...findings(new Map()), states }),
    publish: async (alert) => void published.push(alert),
    now: () => new Date("2026-11-24T09:40:00Z"),
  });
  const delivery = {
    id: null,
    org: null,
    eventHookId: null,
    events: events.map((each) => logEvent(each)),
    malformed: [],
  };
  await processDelivery(delivery, ports, startBudget({ work: 60_000, parking: 60_000 }));
  return new Map(published.map(({ okta, history }) => [okta.eventUuid, history]));
}

/** An attempt of Ada's that fails, at this time. */
function failure(uuid: string, time: string, more: Json = {}): Json {
  const outcome = { result: "FAILURE", reason: "INVALID_CREDENTIALS" };
  return { uuid, published: `2026-11-24T${time}Z`, outcome, ...more };
}
const bob = { actor: { id: "00u2bob", type: "User", alternateId: "bob@example.com", displayName: "Bob" } };

describe("what an alert tells of its user's earlier attempts", () => {
  test("counts those of the same delivery up to its own time, each but itself", async () => {
    const told = await historiesOf([
      failure("third", "09:32:00"),
      failure("first", "09:30:00"),
      failure("second", "09:31:00"),
      failure("at the same time", "09:31:00"),
    ]);
    expect([...told].map(([uuid, history]) => [uuid, history?.failedIn30Days])).toEqual([
      ["third", 3],
      ["first", 0],
      ["second", 2],
      ["at the same time", 2],
    ]);
  });

  test("counts neither those of another user nor a test", async () => {
    const told = await historiesOf([
      failure("of Bob", "09:30:00", bob),
      failure("of a test", "09:30:00", { ...testMark }),
      failure("of nobody", "09:30:00", { actor: null }),
      failure("of Ada", "09:31:00"),
    ]);
    expect(told.get("of Ada")).toMatchObject({ failedIn30Days: 0, firstTime: true });
    expect(told.get("of nobody")).toBeNull();
  });

  test("adds what is remembered under the login and under the id", async () => {
    const attempts = (count: number) => ({ ...unknownUser, attempts: new Map([["2026-11-20", count]]) });
    const states = new Map<UserKey, UserState>([
      ["login#ada@example.com", attempts(3)],
      ["id#00u1lisbon", attempts(4)],
      ["login#bob@example.com", attempts(5)],
    ]);
    const told = await historiesOf([failure("of Ada", "09:31:00")], states);
    expect(told.get("of Ada")).toMatchObject({ failedIn30Days: 7 });
  });

  test("is not known where what is remembered could not be read", async () => {
    expect((await historiesOf([failure("of Ada", "09:31:00")], null)).get("of Ada")).toBeNull();
  });
});
