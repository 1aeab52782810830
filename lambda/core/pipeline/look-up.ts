import { incidentOf } from "../incidents/incident-id.ts";
import { personKeys } from "../okta/person.ts";
import { share, within } from "../time/budget.ts";
import { groupsOf } from "./correlate.ts";
import { isCorrelated, isReported } from "./correlations.ts";
import { idsOf } from "./match.ts";
import { userOf } from "./person.ts";
import type { Asked, Findings } from "./ports.ts";
import type { MatchedWork, Run } from "./stages.ts";

/**
 * Looks the users of events that may be alerted on up, and the groups of all, in one request. Of an event that is no more
 * than a part of correlations it reads the groups alone, and the profile where a rule needs the location.
 *
 * @param whole whether the users of all of them are looked up. @default false
 * @returns null when the store does not answer
 */
export async function lookUpUsers(
  all: readonly MatchedWork[],
  { ports, budget }: Run,
  whole = false,
): Promise<Findings | null> {
  const { correlations } = ports;
  const eventsOf = (some: readonly MatchedWork[]) => some.map(({ candidate }) => candidate.event);
  const reported = all.filter(({ candidate, work }) => whole || isReported(candidate, work, ports));
  const isLocated = ({ candidate: { rules, certain } }: MatchedWork) => rules.length > certain.length;
  const located = all.filter((each) => reported.includes(each) || isLocated(each));
  const correlated = all.filter(({ candidate }) => isCorrelated(candidate, ports));
  const ofReported = eventsOf(reported);
  const asked: Asked = {
    keys: new Set(eventsOf(located).flatMap(personKeys)),
    users: new Set(ofReported.map(userOf).flatMap((user) => (user === null ? [] : [user.key, ...user.others]))),
    incidents: new Set(ofReported.map((event) => incidentOf({ event, loginDomains: ports.loginDomains }))),
    groups: new Set(correlations && correlated.flatMap(({ candidate }) => groupsOf(candidate, correlations))),
  };
  const signal = share(budget.work, budget.steps.lookUp);
  const ruleIds = [...new Set(all.flatMap(({ candidate }) => idsOf(candidate.rules)))];
  const subject = { deliveryId: all[0]?.work.delivery.id ?? null, events: eventsOf(all), ruleIds };
  try {
    const findings = await ports.measure("LookUp", () => within(signal, ports.lookUp(asked, signal)));
    if (findings.states === null) ports.observe({ kind: "historyUnavailable", subject, error: findings.statesError });
    return findings;
  } catch (error) {
    ports.observe({ kind: "profilesUnavailable", subject, error });
    return null;
  }
}
