import { listRememberedSessions, listSessionsOfUser } from "../../lambda/adapters/tables/remembered-networks.ts";
import { chooseCorrelated } from "../../lambda/core/detections/choose-correlated.ts";
import { compileRules, type EnabledOptions } from "../../lambda/core/detections/compile-rules.ts";
import { type Coverage, createCoverageTally } from "../../lambda/core/exceptions/coverage.ts";
import { type Exception, exceptionSubject, whyNotCovered } from "../../lambda/core/exceptions/exception.ts";
import type { RememberedSession } from "../../lambda/core/history/remembered-session.ts";
import { loginUserKey } from "../../lambda/core/history/user-key.ts";
import { sessionStart } from "../../lambda/core/okta/log-event.ts";
import { kindOf } from "../../lambda/core/okta/network-service.ts";
import { personKeys, personOf } from "../../lambda/core/okta/person.ts";
import { decide } from "../../lambda/core/pipeline/judge.ts";
import { findCandidate } from "../../lambda/core/pipeline/match.ts";
import { defaultMismatchDistanceKm } from "../../lambda/core/profiles/mismatch-distance.ts";
import { plural } from "../../lambda/core/text/shorten.ts";
import type { Deployment } from "../deployment.ts";
import { contentsOf, readDeployedDetections } from "../detections-folder.ts";
import { openExport } from "../event-export.ts";

/*
 * What an exception would have covered, shown before it is made.
 */

/**
 * Counts what an exception would have covered among the events of an export that detections match.
 *
 * @param chosen which detections run
 */
export async function coverageOfEvents(
  file: string,
  exception: Exception,
  chosen: EnabledOptions,
  now: Date,
): Promise<Coverage> {
  const { own } = chooseCorrelated(contentsOf(await readDeployedDetections()), chosen);
  const ruleSet = await compileRules(own);
  const tally = createCoverageTally();
  for await (const event of (await openExport(file)).events) {
    const candidate = event.isTest ? null : findCandidate(event, ruleSet);
    if (candidate === null) continue;
    const { detections } = decide(candidate, new Map(), defaultMismatchDistanceKm);
    if (detections.length === 0) continue;
    const { detections: named } = exception.scope;
    const isOfDetection = named === undefined || detections.some(({ rule }) => named.includes(rule.id));
    const subject = exceptionSubject(event, personKeys(event));
    tally.count({
      person: namePerson(personOf(event)),
      at: event.published,
      kinds: subject.exit.network.kinds,
      isCovered: isOfDetection && whyNotCovered(exception, subject, now) === null,
    });
  }
  return tally.coverage();
}

/** A login that Okta does not know may be a password. */
function namePerson(person: ReturnType<typeof personOf>): string | null {
  if (person === null) return null;
  return person.id === null ? "logins that Okta does not know" : (person.login ?? person.id);
}

/**
 * Counts what an exception would have covered among the sessions that the deployment remembers: of each user and network the
 * last, and the one before it, by no more than their network, country and operator.
 *
 * @returns null where the history cannot tell: it keeps no addresses, and no ids of detections
 */
export async function coverageOfHistory(
  { dynamodb, stateTable, stateKey }: Deployment,
  exception: Exception,
  now: Date,
): Promise<Coverage | null> {
  const { user, cidr, detections } = exception.scope;
  if (cidr !== undefined || detections !== undefined) return null;
  const sessions =
    user === undefined
      ? listRememberedSessions(dynamodb, stateTable)
      : listSessionsOfUser(dynamodb, stateTable, keyOf(user), await stateKey());
  const tally = createCoverageTally();
  for await (const { user: person, session } of sessions) {
    const subject = subjectOf(session, user);
    tally.count({
      person,
      at: session.at,
      kinds: subject.exit.network.kinds,
      isCovered: whyNotCovered(exception, subject, now) === null,
    });
  }
  return tally.coverage();
}

const keyOf = (user: string) =>
  user.startsWith("00u") && !user.includes("@") ? (`id#${user}` as const) : loginUserKey(user);

/** A remembered session, as exceptions are compared with it. */
function subjectOf({ asNumber, countryCode, type, operator }: RememberedSession, user: string | undefined) {
  const isNamed = type !== null || operator !== null;
  const service = { type, operator, isAnonymous: true };
  const kind = isNamed ? kindOf(service) : null;
  const network = {
    verdict: true,
    kinds: kind === null ? [] : [kind],
    operators: operator === null ? [] : [operator],
    services: isNamed ? [service] : [],
    signals: [],
  };
  return {
    eventType: sessionStart,
    isTest: false,
    exit: { ip: null, asNumber, countryCode, network },
    users: user === undefined ? [] : [user],
  };
}

const maximumPersons = 10;

/** What an exception would have covered, for a terminal. */
export function describeCoverage(
  { matches, covered, persons, coveredPersons, first, last, kinds }: Coverage,
  what: { readonly things: string; readonly source: string; readonly namesPersons: boolean },
): readonly string[] {
  const of = (part: number, whole: number) => `${part.toLocaleString("en-US")} of ${whole.toLocaleString("en-US")}`;
  const when = first === null || last === null ? "" : `, from ${first.slice(0, 10)} to ${last.slice(0, 10)}`;
  const lines = [
    `${what.source} it covers ${of(covered, matches)} ${what.things}, of ${of(coveredPersons.length, persons)} persons${when}.`,
  ];
  const list = (counts: readonly (readonly [string, number])[]) =>
    counts.map(([name, count]) => `${name} ${count.toLocaleString("en-US")}`).join(", ");
  if (covered > 0) lines.push(`  by kind: ${list(kinds)}`);
  if (what.namesPersons && coveredPersons.length > 0) {
    const more = coveredPersons.length - maximumPersons;
    lines.push(
      `  by person: ${list(coveredPersons.slice(0, maximumPersons))}${more > 0 ? `, and ${plural(more, "more person")}` : ""}`,
    );
  }
  if (persons > 1 && coveredPersons.length === persons) lines.push("  That is every person there is: consider --user.");
  return lines;
}
