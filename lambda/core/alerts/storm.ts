import type { LogEvent } from "../okta/log-event.ts";
import { type Gathering, gatheringMilliseconds } from "../storms/gathering.ts";
import type { Storm } from "../storms/storm.ts";
import type { Alert } from "./alert-schema.ts";

/** A storm, as alerts tell of it. */
export type AlertStorm = NonNullable<Alert["storm"]>;
/** The report that an alert about a storm as a whole is; null for an alert about one sign-in in it. */
export type StormReport = AlertStorm["report"];

/** Logins that an alert about one sign-in names of the storm around it; the alerts about the storm name all. */
const maximumBesideSignIn = 20;

/**
 * Writes a storm for an alert.
 *
 * @param id see `stormIdOf`
 * @param event an attempt of the storm, or the session start that stands in it
 */
export function toAlertStorm(id: string, storm: Storm, report: StormReport, event: LogEvent): AlertStorm {
  const most = report === null ? maximumBesideSignIn : Number.POSITIVE_INFINITY;
  const named = [...storm.users].sort(([, first], [, second]) => second - first);
  const started = [...storm.succeeded];
  const rest = named.slice(most).reduce((sum, [, count]) => sum + count, 0);
  return {
    id,
    report,
    source: sourceOf(event),
    since: new Date(storm.since).toISOString(),
    until: new Date(storm.last).toISOString(),
    attempts: storm.attempts,
    succeeded: started.reduce((sum, [, count]) => sum + count, 0),
    users: [
      ...started.map(([login, count]) => ({ login, outcome: "SUCCESS", count })),
      ...named.slice(0, most).map(([login, count]) => ({ login, outcome: "FAILURE", count })),
    ],
    more: storm.more + rest,
    reasons: [...storm.reasons]
      .sort(([, first], [, second]) => second - first)
      .map(([reason, count]) => ({ reason, count })),
  };
}

/**
 * Writes gathered sign-ins for an alert.
 *
 * @param start when the gathering started, in milliseconds since 1970
 */
export function toAlertGathering(id: string, start: number, { persons, more }: Gathering, event: LogEvent): AlertStorm {
  const count = persons.reduce((sum, each) => sum + each.count, more);
  const signs = {
    "known device": persons.filter(({ signs }) => signs.knownDevice === true).length,
    "usual hour": persons.filter(({ signs }) => signs.usualHour === true).length,
    "usual place": persons.filter(({ signs }) => signs.usualPlace === true).length,
  };
  const source = sourceOf(event);
  const isOneSystem = persons.every(({ signs }) => signs.asNumber === source.asNumber);
  return {
    id,
    report: "gathered",
    source: isOneSystem ? source : { ...source, asNumber: null, asOrg: null },
    since: new Date(start).toISOString(),
    until: new Date(start + gatheringMilliseconds).toISOString(),
    attempts: count,
    succeeded: count,
    users: persons
      .toSorted((first, second) => second.count - first.count || first.login.localeCompare(second.login))
      .map(({ login, count }) => ({ login, outcome: "SUCCESS", count })),
    more,
    reasons: Object.entries(signs).map(([reason, count]) => ({ reason, count })),
  };
}

function sourceOf({ fields: { client, securityContext } }: LogEvent): AlertStorm["source"] {
  return {
    asNumber: securityContext?.asNumber || null,
    asOrg: securityContext?.asOrg?.toWellFormed().slice(0, 200) ?? null,
    ip: client?.ipAddress?.toWellFormed().slice(0, 100) ?? null,
  };
}

/** Whether an alert is about a storm as a whole or gathered sign-ins, and no single person. */
export function isOfStorm({ storm }: Pick<Alert, "storm">): boolean {
  return storm !== null && storm.report !== null;
}
