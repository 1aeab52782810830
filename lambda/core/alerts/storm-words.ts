import { stormMinutes } from "../storms/storm.ts";
import { plural } from "../text/shorten.ts";
import type { Alert } from "./alert-schema.ts";
import type { AlertStorm } from "./storm.ts";

/** `412 failed attempts for 38 logins`. */
export function describeAttempts(storm: AlertStorm): string {
  return `${plural(storm.attempts, "failed attempt")} for ${countLogins(storm)}`;
}

/** `within 3 minutes`: from the first attempt to the last. */
export function describeSpan({ since, until }: Pick<AlertStorm, "since" | "until">): string {
  const minutes = Math.ceil((Date.parse(until) - Date.parse(since)) / 60_000);
  if (minutes < 120) return `within ${plural(Math.max(minutes, 1), "minute")}`;
  return `within ${Math.round(minutes / 60)} hours`;
}

/** Which sessions started in a storm: `no session started`. */
export function describeStarted({ succeeded, users }: AlertStorm): string {
  return succeeded === 0 ? "no session started" : `${plural(succeeded, "session")} started: ${nameStarted(users)}`;
}

/** The logins of sessions that a sentence names. */
const maximumStarted = 5;

function nameStarted(users: AlertStorm["users"]): string {
  const logins = users.filter(({ outcome }) => outcome === "SUCCESS").map(({ login }) => login);
  const more = logins.length - maximumStarted;
  return `${logins.slice(0, maximumStarted).join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
}

/** `INVALID_CREDENTIALS 400 times, ThreatSuspected 12 times`; null where Okta gives no reason. */
export function describeReasons({ reasons }: AlertStorm): string | null {
  return reasons.map(({ reason, count }) => `${reason} ${times(count)}`).join(", ") || null;
}

/** Each login of a storm, with the number of its attempts or sessions. */
export function loginLines({ users, more }: AlertStorm): string[] {
  return [
    ...users.map(
      ({ login, outcome, count }) => `${login}: ${outcome === "SUCCESS" ? "started a session, " : ""}${times(count)}`,
    ),
    ...(more > 0 ? [`${plural(more, "attempt")} for further logins`] : []),
  ];
}

function times(count: number): string {
  return count === 1 ? "once" : count === 2 ? "twice" : `${count.toLocaleString("en-US")} times`;
}

/**
 * The summary of an alert about a storm as a whole.
 *
 * @param through the anonymous network, else the network
 */
export function summarizeStorm(storm: AlertStorm, through: string): string {
  const start = {
    start: "A storm of failed sign-ins:",
    update: "The storm of failed sign-ins goes on:",
    end: `The storm of failed sign-ins is over, as none has come for ${stormMinutes} minutes:`,
  }[storm.report ?? "start"];
  return `${start} ${describeAttempts(storm)} through ${through} ${describeSpan(storm)}; ${describeStarted(storm)}.`;
}

/** A storm as the subject of its alerts: `storm: 104 failed sign-ins so far`. */
export function nameStorm({ report, attempts }: AlertStorm): string {
  const failed = plural(attempts, "failed sign-in");
  const names = { start: `storm of ${failed}`, update: `storm: ${failed} so far`, end: `storm over after ${failed}` };
  return names[report ?? "start"];
}

/** Whom a storm is about, in two words: `38 logins`. */
export function countLogins({ users, more }: AlertStorm): string {
  const logins = users.filter(({ outcome }) => outcome !== "SUCCESS").length;
  return more > 0 ? `over ${plural(logins, "login")}` : plural(logins, "login");
}

/** What an alert about one sign-in says of the storm around it. */
export function summarizeAround(storm: AlertStorm): string {
  return `It stands in a storm of ${describeAttempts(storm)} from the same source, since ${storm.since}.`;
}

/** What to do about a storm as a whole, the most urgent first. */
export function stepsOfStorm({ network }: Pick<Alert, "network">, storm: AlertStorm): string[] {
  const source = [
    network.asNumber === null ? null : `AS${network.asNumber}`,
    ...network.anonymous.operators,
    network.ip,
  ].filter((each) => each !== null);
  const block = `Block ${source.join(", ") || "the source"} in a network zone of Okta, as far as no user needs it.`;
  const clear = `Clear the sessions of ${nameStarted(storm.users)} now, and reset the passwords.`;
  const look =
    storm.report === "end"
      ? "Look through the logins for accounts that lack MFA, or whose password may be known."
      : "Compare the logins with your users: where many are real, the attacker has a list of them.";
  const none =
    "No session has started from this source in the storm. One that does is alerted on at once, one level higher.";
  return storm.succeeded > 0 ? [clear, block, look] : storm.report === "end" ? [look, block] : [block, look, none];
}
