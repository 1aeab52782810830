import { asksForLocation } from "../detections/enriched-fields.ts";
import { incidentOf } from "../incidents/incident-id.ts";
import { personKeys } from "../okta/person.ts";
import { share, within } from "../time/budget.ts";
import { travellerOf } from "../travel/stop.ts";
import { groupsOf } from "./correlate.ts";
import { isCorrelated, isExpected } from "./correlations.ts";
import { followedSession, followsSession } from "./follow-session.ts";
import { followsTravel } from "./follow-travel.ts";
import { idsOf } from "./match.ts";
import { userOf } from "./person.ts";
import type { Asked, Findings } from "./ports.ts";
import type { MatchedWork, Run } from "./stages.ts";

/**
 * Looks the users of events that may be alerted on up, and the groups, trails and starts of sessions of all, in one request. Of an event that is no more
 * than a part of correlations or compared with others it reads these alone, and the profile where a rule needs the location.
 *
 * @returns null when the store does not answer
 */
export async function lookUpUsers(all: readonly MatchedWork[], run: Run): Promise<Findings | null> {
  const { correlations } = run.ports;
  const reported = all.filter(({ candidate, work }) => isExpected(candidate, work, run.ports));
  const isLocated = ({ candidate: { rules, certain } }: MatchedWork) =>
    rules.some((each) => !certain.includes(each) && asksForLocation(each.rule));
  const located = all.filter((each) => reported.includes(each) || isLocated(each));
  const correlated = all.filter(({ candidate }) => isCorrelated(candidate, run.ports));
  const groups = correlations && correlated.flatMap((each) => groupsOf(each, correlations));
  const trails = all.flatMap(({ candidate }) => (followsTravel(candidate) ? (travellerOf(candidate.event) ?? []) : []));
  const sessions = all.flatMap(({ candidate }) =>
    followsSession(candidate) ? (followedSession(candidate) ?? []) : [],
  );
  const asked = {
    keys: keysOf(located),
    groups: new Set(groups),
    trails: new Set(trails),
    sessions: new Set(sessions),
  };
  return await ask(all, { ...usersOf(reported, run), ...asked }, run);
}

/**
 * Looks the user of an event up that turns out to be alerted on: a correlation fires, or a comparison finds something. What it needs is read already.
 *
 * @returns null when the store does not answer
 */
export async function lookUpUser(work: MatchedWork, run: Run): Promise<Findings | null> {
  return await ask([work], { ...usersOf([work], run), keys: keysOf([work]) }, run);
}

const eventsOf = (all: readonly MatchedWork[]) => all.map(({ candidate }) => candidate.event);
const keysOf = (all: readonly MatchedWork[]) => new Set(eventsOf(all).flatMap(personKeys));

/** What is known of the users of events that are alerted on, beside their profiles and exceptions. */
function usersOf(all: readonly MatchedWork[], { ports: { loginDomains } }: Run): Pick<Asked, "users" | "incidents"> {
  const events = eventsOf(all);
  return {
    users: new Set(events.map(userOf).flatMap((user) => (user === null ? [] : [user.key, ...user.others]))),
    incidents: new Set(events.map((event) => incidentOf({ event, loginDomains }))),
  };
}

async function ask(all: readonly MatchedWork[], asked: Asked, { ports, budget }: Run): Promise<Findings | null> {
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
