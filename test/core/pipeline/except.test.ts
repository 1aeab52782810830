import { describe, expect, test } from "vitest";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import type { Exception, ExceptionScope } from "../../../lambda/core/exceptions/exception.ts";
import { testMark } from "../../../lambda/core/okta/log-event.ts";
import type { Observation } from "../../../lambda/core/pipeline/observation.ts";
import type { PipelinePorts } from "../../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { startBudget } from "../../../lambda/core/time/budget.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { findings, memoryClaims, memoryPorts } from "../../fixtures/memory.ts";
import { rule, ruleSet } from "../../fixtures/rules.ts";

const first = rule("high", "00000000-0000-4000-8000-000000000001");
const second = rule("medium", "00000000-0000-4000-8000-000000000002");

function exception(scope: ExceptionScope): Exception {
  const createdAt = "2026-11-01T00:00:00.000Z";
  const until = "2026-12-24T00:00:00.000Z";
  return { id: "exception-1", scope, by: "grace", reason: "known", createdAt, until, noticedAt: null };
}

/** What becomes of an event of Ada's, with this exception stored. */
async function deliver(stored: Exception, event: Json = {}, overrides: Partial<PipelinePorts> = {}) {
  const published: Alert[] = [];
  const observed: Observation[] = [];
  const claims = memoryClaims();
  const ports = memoryPorts({
    rules: ruleSet([first, second]),
    lookUp: async () => findings(new Map(), [stored]),
    claims,
    publish: async (alert) => void published.push(alert),
    now: () => new Date("2026-11-24T09:30:03Z"),
    observe: (observation) => observed.push(observation),
    ...overrides,
  });
  const delivery = {
    id: "d",
    org: null,
    eventHookId: null,
    events: [logEvent({ uuid: "e", ...event })],
    malformed: [],
  };
  const report = await processDelivery(delivery, ports, startBudget({ work: 60_000, parking: 60_000 }));
  return { report, published, observed, end: claims.records.get("e") };
}

describe("an exception", () => {
  test("of every detection keeps the event from being alerted on, which is observed and recorded", async () => {
    const all = exception({ user: "00u1lisbon" });
    const { report, published, observed, end } = await deliver(all);
    expect(report).toMatchObject({ excepted: 1, published: 0, grouped: 0, parked: 0, failed: 0 });
    expect(published).toEqual([]);
    expect(observed.map(({ kind }) => kind)).toEqual(["matched", "excepted"]);
    expect(observed[1]).toMatchObject({ by: [all], whole: true, subject: { ruleIds: [first.id, second.id] } });
    expect(end).toEqual({ outcome: "excepted", undecided: [], exceptions: ["exception-1"] });
  });

  test("of some detections leaves the others to the alert, and is observed and recorded beside it", async () => {
    const some = exception({ user: "00u1lisbon", detections: [first.id] });
    const { report, published, observed, end } = await deliver(some);
    expect(report).toMatchObject({ excepted: 0, published: 1 });
    expect(published[0]?.detections.map(({ id }) => id)).toEqual([second.id]);
    expect(observed[1]).toMatchObject({ kind: "excepted", by: [some], whole: false });
    expect(end).toEqual({ outcome: "alerted", undecided: [], exceptions: ["exception-1"] });
  });

  test.each<[string, ExceptionScope, Json, Partial<PipelinePorts>]>([
    ["of another user", { user: "00u2" }, {}, {}],
    ["of a test's user", { user: "00u1lisbon" }, { ...testMark }, {}],
    ["that cannot be read", { user: "00u1lisbon" }, {}, { lookUp: () => Promise.reject(new Error("down")) }],
  ])("%s keeps no event from being alerted on", async (_, scope, event, overrides) => {
    const { report, observed, end } = await deliver(exception(scope), event, overrides);
    expect(report).toMatchObject({ excepted: 0, published: 1 });
    expect(observed.map(({ kind }) => kind)).not.toContain("excepted");
    expect(end).toMatchObject({ outcome: "alerted", exceptions: [] });
  });
});
