import { stormMinutes } from "../storms/storm.ts";
import { formatCount, plural } from "../text/shorten.ts";
import type { Alert } from "./alert-schema.ts";
import { clockOf } from "./clock.ts";
import type { AlertStorm } from "./storm.ts";

/** Whether it is sign-ins of many persons that succeeded. */
export function isGathered({ report }: Pick<AlertStorm, "report">): boolean {
  return report === "gathered";
}

/** `412 failed attempts for 38 logins`; `180 sign-ins of 180 persons`. */
export function describeAttempts(storm: AlertStorm): string {
  if (isGathered(storm)) return `${plural(storm.attempts, "sign-in")} of ${countLogins(storm)}`;
  return `${plural(storm.attempts, "failed attempt")} for ${countLogins(storm)}`;
}

/** `within 3 minutes`: from the first attempt to the last. */
export function describeSpan({ since, until }: Pick<AlertStorm, "since" | "until">): string {
  const minutes = Math.ceil((Date.parse(until) - Date.parse(since)) / 60_000);
  if (minutes < 120) return `within ${plural(Math.max(minutes, 1), "minute")}`;
  return `within ${Math.round(minutes / 60)} hours`;
}

/** Which sessions started in a storm: `no session started`; null for gathered sign-ins, all of which did. */
export function describeStarted(storm: AlertStorm): string | null {
  const { succeeded, users } = storm;
  if (isGathered(storm)) return null;
  return succeeded === 0 ? "no session started" : `${plural(succeeded, "session")} started: ${nameStarted(users)}`;
}

/** The signs of a gateway, as sentences name them. */
const signNames: ReadonlyMap<string, string> = new Map([
  ["known device", "on a known device"],
  ["usual hour", "at a usual hour"],
  ["usual place", "from a usual place"],
]);

/** `170 of 180 on a known device, 150 of 180 at a usual hour, all from AS64500`. */
function describeSigns({ reasons, users, source }: AlertStorm): string {
  const signs = reasons.map(({ reason, count }) => `${count} of ${users.length} ${signNames.get(reason) ?? reason}`);
  return [...signs, source.asNumber === null ? "several autonomous systems" : `all from AS${source.asNumber}`].join(
    ", ",
  );
}

/** The logins of sessions that a sentence names. */
const maximumStarted = 5;

function nameStarted(users: AlertStorm["users"]): string {
  const logins = users.filter(({ outcome }) => outcome === "SUCCESS").map(({ login }) => login);
  const more = logins.length - maximumStarted;
  return `${logins.slice(0, maximumStarted).join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
}

/** `INVALID_CREDENTIALS 400 times, ThreatSuspected 12 times`; null where Okta gives no reason. */
export function describeReasons(storm: AlertStorm): string | null {
  const { reasons } = storm;
  if (isGathered(storm)) return describeSigns(storm);
  return reasons.map(({ reason, count }) => `${reason} ${times(count)}`).join(", ") || null;
}

/** Each login of a storm, with the number of its attempts or sessions. A colon after a defanged login could make it markup. */
export function loginLines(storm: AlertStorm): string[] {
  const { users, more } = storm;
  const isMixed = !isGathered(storm);
  return [
    ...users.map(
      ({ login, outcome, count }) =>
        `${login}, ${isMixed && outcome === "SUCCESS" ? "started a session, " : ""}${times(count)}`,
    ),
    ...(more > 0 ? [`${plural(more, isMixed ? "attempt" : "sign-in")} for further logins`] : []),
  ];
}

function times(count: number): string {
  return count === 1 ? "once" : count === 2 ? "twice" : `${formatCount(count)} times`;
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
    gathered: "",
  }[storm.report ?? "start"];
  return `${start} ${describeAttempts(storm)} through ${through} ${describeSpan(storm)}; ${describeStarted(storm)}.`;
}

/** A storm as the subject of its alerts: `storm: 104 failed sign-ins so far`. */
export function nameStorm({ report, attempts }: AlertStorm): string {
  if (report === "gathered") return `${plural(attempts, "more sign-in")} from one source`;
  const failed = plural(attempts, "failed sign-in");
  const names = { start: `storm of ${failed}`, update: `storm: ${failed} so far`, end: `storm over after ${failed}` };
  return names[report ?? "start"];
}

/** Whom a storm is about, in two words: `38 logins`; of gathered sign-ins, `180 persons`. */
export function countLogins({ users, more, report }: AlertStorm): string {
  if (report === "gathered") return `${more > 0 ? "over " : ""}${plural(users.length, "person")}`;
  const logins = users.filter(({ outcome }) => outcome !== "SUCCESS").length;
  return more > 0 ? `over ${plural(logins, "login")}` : plural(logins, "login");
}

/** What an alert about one sign-in says of the storm around it. */
export function summarizeAround(storm: AlertStorm): string {
  const started = storm.succeeded > 1 ? `; ${describeStarted(storm)}` : "";
  return `It stands in a storm of ${describeAttempts(storm)} from the same source, since ${clockOf(storm.since)}${started}.`;
}

/** The summary of an alert about gathered sign-ins. */
export function summarizeGathering(storm: AlertStorm, through: string): string {
  return `More persons signed in through ${through} than are alerted on singly in an hour: ${describeAttempts(storm)} ${describeSpan(storm)}; ${describeSigns(storm)}.`;
}

/** Kinds of network that no company has as its gateway. */
const hostile: ReadonlySet<string> = new Set(["tor", "residential_proxy", "blockchain_vpn"]);

/** What to do about gathered sign-ins: a gateway is excepted, a takeover undone. */
export function stepsOfGathering({ network }: Pick<Alert, "network">, storm: AlertStorm): string[] {
  const { anonymous } = network;
  const clear =
    "If not, take it for a mass takeover: clear the sessions of the persons below, and reset their passwords.";
  if (anonymous.kinds.some((kind) => hostile.has(kind))) {
    return [
      "Take it for a mass takeover: clear the sessions of the persons below, and reset their passwords.",
      `Find out what the persons have in common: ${describeSigns(storm)}.`,
    ];
  }
  const [operator, ...others] = anonymous.operators;
  const isPlain = operator !== undefined && others.length === 0 && /^\w+$/.test(operator);
  const where = isPlain
    ? `--operator ${operator}`
    : storm.source.asNumber === null
      ? null
      : `--asn ${storm.source.asNumber}`;
  const name = operator ?? (network.asNumber === null ? "the network" : `AS${network.asNumber}`);
  const ask = `See whether ${name} is a gateway of yours: ${describeSigns(storm)}.`;
  // An exception fits what looks like the persons' own devices and habits.
  const isPlausible = storm.reasons.some(({ count }) => count > 0);
  const except =
    where === null || !isPlausible
      ? []
      : [`If it is, except it: npx okta-proxy-watch exceptions add ${where} --reason "..."`];
  return [ask, ...except, clear];
}

/** What to do about a storm as a whole, the most urgent first. */
export function stepsOfStorm({ network }: Pick<Alert, "network">, storm: AlertStorm): string[] {
  const { asNumber, ip, anonymous } = network;
  // The attempts of a storm through Tor may come through many of its exits.
  const source = anonymous.kinds.includes("tor")
    ? ["Tor"]
    : [asNumber === null ? null : `AS${asNumber}`, ...anonymous.operators, ip].filter((each) => each !== null);
  const block = `Block ${source.join(", ") || "the source"} in a network zone of Okta, as far as no user needs it.`;
  const names = nameStarted(storm.users);
  const clear =
    storm.report === "end"
      ? `See that the sessions of ${names} are cleared and the passwords reset: each sign-in had an alert of its own.`
      : `Clear the sessions of ${names} now, and reset the passwords. Each sign-in has an alert of its own.`;
  const look =
    storm.report === "end"
      ? "Look through the logins for accounts that lack MFA, or whose password may be known."
      : "Compare the logins with your users: where many are real, the attacker has a list of them.";
  const none =
    "No session has started from this source in the storm. One that does is alerted on at once, one level higher.";
  return storm.succeeded > 0 ? [clear, block, look] : storm.report === "end" ? [look, block] : [block, look, none];
}
