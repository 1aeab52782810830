import { createClaims } from "../../../lambda/adapters/tables/claims.ts";
import { createIncidents } from "../../../lambda/adapters/tables/incidents.ts";
import { createLookUp } from "../../../lambda/adapters/tables/look-up.ts";
import { createUserStates } from "../../../lambda/adapters/tables/user-states.ts";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import type { UserKey } from "../../../lambda/core/history/user-key.ts";
import type { Observation } from "../../../lambda/core/pipeline/observation.ts";
import type { PipelinePorts } from "../../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import type { Work } from "../../../lambda/core/pipeline/work.ts";
import type { StepShares } from "../../../lambda/core/time/budget.ts";
import { names } from "../../../local/resources.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { memoryPorts } from "../../fixtures/memory.ts";
import { proxied, rule, ruleSet } from "../../fixtures/rules.ts";
import { patientDynamodb, patientWatching, unhurried } from "../../fixtures/timing.ts";

export const risky = rule("high", "00000000-0000-4000-8000-000000000002", { "securityContext.risk.level": "HIGH" });

export const stateKey = () => Buffer.from("the key of a deployment");

/** A pipeline on the emulated tables, with a clock that is set by hand, and a user of its own. */
export function world(overrides: Partial<PipelinePorts> = {}) {
  const id = `00u${crypto.randomUUID().slice(0, 8)}`;
  const user: UserKey = `login#${id}@example.com`;
  const published: Alert[] = [];
  const observed: Observation[] = [];
  const parked: Work[] = [];
  const dynamodb = patientDynamodb();
  let steps: Partial<StepShares> = {};
  let now = Date.parse("2026-11-24T09:30:03Z");
  const ports = memoryPorts({
    rules: ruleSet([proxied, risky]),
    lookUp: createLookUp(names.profileTable, names.stateTable, stateKey, dynamodb, patientWatching),
    claims: createClaims(names.stateTable, dynamodb),
    userStates: createUserStates(names.stateTable, stateKey, dynamodb),
    incidents: createIncidents(names.stateTable, stateKey, dynamodb),
    publish: async (alert) => void published.push(alert),
    parkWork: async (work) => void parked.push(...work.map((each) => each.work)),
    suppressMinutes: 60,
    now: () => new Date(now),
    observe: (observation) => observed.push(observation),
    ...overrides,
  });
  const signIn = (event: Json = {}) =>
    logEvent({
      actor: { id, type: "User", alternateId: `${id}@example.com`, displayName: "Ada" },
      published: new Date(now).toISOString(),
      ...event,
    });
  const deliver = (...events: Json[]) =>
    processDelivery(
      { id: "d", org: null, eventHookId: null, events: events.map(signIn), malformed: [] },
      ports,
      unhurried(steps),
    );
  const pass = (minutes: number) => {
    now += minutes * 60_000;
  };
  /** Gives steps of the deliveries to come another time, in milliseconds. */
  const hurry = (own: Partial<StepShares>) => {
    steps = own;
  };
  const kinds = () => observed.map(({ kind }) => kind);
  return { user, ports, published, observed, parked, signIn, deliver, pass, hurry, kinds };
}
