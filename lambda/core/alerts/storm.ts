import type { LogEvent } from "../okta/log-event.ts";
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
  const { client, securityContext } = event.fields;
  const most = report === null ? maximumBesideSignIn : Number.POSITIVE_INFINITY;
  const named = [...storm.users].sort(([, first], [, second]) => second - first);
  const started = [...storm.succeeded];
  const rest = named.slice(most).reduce((sum, [, count]) => sum + count, 0);
  return {
    id,
    report,
    source: {
      asNumber: securityContext?.asNumber || null,
      asOrg: securityContext?.asOrg?.toWellFormed().slice(0, 200) ?? null,
      ip: client?.ipAddress?.toWellFormed().slice(0, 100) ?? null,
    },
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

/** Whether an alert is about a storm as a whole, and no person. */
export function isOfStorm({ storm }: Pick<Alert, "storm">): boolean {
  return storm !== null && storm.report !== null;
}
