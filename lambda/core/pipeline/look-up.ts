import { incidentOf } from "../incidents/incident-id.ts";
import { personKeys } from "../okta/person.ts";
import { share, within } from "../time/budget.ts";
import { type Candidate, idsOf } from "./match.ts";
import { userOf } from "./person.ts";
import type { Asked, Findings } from "./ports.ts";
import type { Run } from "./stages.ts";

/** Looks the users of all candidates up, in one request; null when the store does not answer. */
export async function lookUpUsers(
  candidates: readonly Candidate[],
  deliveryId: string | null,
  { ports, budget }: Run,
): Promise<Findings | null> {
  const events = candidates.map(({ event }) => event);
  const asked: Asked = {
    keys: new Set(events.flatMap(personKeys)),
    users: new Set(events.map(userOf).flatMap((user) => (user === null ? [] : [user.key, ...user.others]))),
    incidents: new Set(events.map((event) => incidentOf({ event, loginDomains: ports.loginDomains }))),
  };
  const signal = share(budget.work, budget.steps.lookUp);
  const ruleIds = [...new Set(candidates.flatMap(({ rules }) => idsOf(rules)))];
  const subject = { deliveryId, events, ruleIds };
  try {
    const findings = await ports.measure("LookUp", () => within(signal, ports.lookUp(asked, signal)));
    if (findings.states === null) ports.observe({ kind: "historyUnavailable", subject, error: findings.statesError });
    return findings;
  } catch (error) {
    ports.observe({ kind: "profilesUnavailable", subject, error });
    return null;
  }
}
