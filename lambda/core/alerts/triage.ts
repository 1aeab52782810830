import { anonymousServices, type NetworkKind } from "../okta/network-service.ts";
import { succeeded } from "../okta/outcome.ts";
import { masked } from "../okta/stranger.ts";
import type { AlertFacts } from "./facts.ts";
import type { Action } from "./summary.ts";
import {
  describeActor,
  describeEarlierSessions,
  describeFirstTime,
  describeProxy,
  describeUser,
  isNamed,
} from "./wording.ts";

/** The facts of an alert that triage steps depend on. */
interface Case {
  readonly facts: AlertFacts;
  /** The act; null for a session start. */
  readonly action: Action | null;
  readonly who: string;
  /** The worst kind of anonymous network; null where none is named. */
  readonly kind: NetworkKind | null;
  readonly isProxied: boolean;
  readonly succeeded: boolean;
}

/** Writes one step; null where the case does not need it. */
type TriageStep = (of: Case) => string | null;

/** The triage steps of an alert, in order, without those that its case does not need. */
export function triageSteps(facts: AlertFacts, action: Action | null): string[] {
  if (facts.test) return ["This is a test of the whole way: nobody signed in, and there is nothing to do."];
  const of: Case = {
    facts,
    action,
    who: describeUser(facts),
    kind: facts.network.anonymous.kinds[0] ?? null,
    isProxied: describeProxy(facts) !== null,
    succeeded: succeeded(facts.session.outcome),
  };
  return steps.map((step) => step(of)).filter((step) => step !== null);
}

/** What to do about a report on suppressed session starts. */
export function stepsOfReport({ heldBack }: AlertFacts): string[] {
  return [
    `Nothing is new: the alert at ${heldBack?.since ?? "an unknown time"} says what to do. Its person, network, place, device and detections were the same each time.`,
  ];
}

/** The kinds of network that attackers use more than customers do. */
const hostile: ReadonlySet<NetworkKind | null> = new Set(["tor", "residential_proxy", "blockchain_vpn"]);

const why: Readonly<Partial<Record<NetworkKind, string>>> = {
  tor: "Tor hides who is behind it, and few companies' users sign in through it",
  residential_proxy: "A residential proxy borrows a household's address, to look like anybody's sign-in from home",
  blockchain_vpn: "A blockchain VPN leads through strangers' machines",
};

/** The most urgent step. */
const first: TriageStep = ({ facts, action, who, kind, isProxied, succeeded }) => {
  if (!succeeded) return failed(facts);
  const undo = action === null || action.isRisk ? "" : ", undo what was done";
  if (!isNamed(facts.user) && !isPersonal(facts)) return null;
  if (isProxied && kind !== null && hostile.has(kind)) {
    return `${why[kind]}. Take it for a takeover until ${who} says otherwise: clear the user's sessions now${undo}, and ask then.`;
  }
  if (facts.risk.level?.toUpperCase() === "HIGH") {
    return `Okta takes the risk for high${reasons(facts)}: clear the user's sessions now${undo}, and ask then.`;
  }
  if (isProxied && kind === "relay") {
    const client = [facts.client.browser, facts.client.os].filter(Boolean).join(" on ") || "not known";
    return `iCloud Private Relay is on for many who have an Apple device, and keeps near the user's region. The client is ${client}: Safari on an Apple device, in the user's own country, is most likely harmless.`;
  }
  return null;
};

const reasons = ({ risk }: AlertFacts) => (risk.reasons.length === 0 ? "" : ` (${risk.reasons.join(", ")})`);

function failed({ session, history }: AlertFacts): string {
  const reason = session.reason === null ? "" : ` (${session.reason})`;
  const others = history === null || history.failedIn30Days === 0 ? "" : `, ${history.failedIn30Days} more in 30 days`;
  return `The attempt failed${reason}${others}: nobody got in. Look for one that succeeded, by this user and from this address; if many users were tried, block the address in a network zone.`;
}

/** Whether the alert names the person of the session or the act. */
const isPersonal = ({ user, actor }: AlertFacts) =>
  isNamed(user) || actor.type === null || actor.type.toLowerCase() === "user";

const ask: TriageStep = ({ facts, action, who, succeeded }) => {
  const proxy = describeProxy(facts);
  const through = proxy === null ? "" : ` through ${proxy}`;
  // Without a login, or with a masked one, there is no person to ask.
  if (facts.user.login === masked || !(isNamed(facts.user) || isNamed(facts.actor))) return null;
  if (action?.isRisk) {
    if (!isNamed(facts.user)) return null;
    return `Ask ${who}, over a channel other than e-mail or Okta, which devices and places they used around ${facts.okta.published}${through}.`;
  }
  if (!isPersonal(facts) || (action !== null && !action.isByUser)) {
    const whom = !action?.whom ? "" : ` to ${action.whom}`;
    const what = action === null ? "started a session" : `did "${action.name}"`;
    return `Find out why ${describeActor(facts)} ${what}${whom}${through} at ${facts.okta.published}: it is no person, so look at who set it up.`;
  }
  const did =
    action === null
      ? succeeded
        ? "signed in"
        : "tried to sign in"
      : `did "${action.name}"${action.whom === null ? "" : ` to ${action.whom}`}`;
  return `Ask ${who}, over a channel other than e-mail or Okta, whether they ${did}${through} at ${facts.okta.published}.`;
};

/** Compares the session with earlier ones. */
const compare: TriageStep = ({ facts: { history, network, geo, okta, ageSeconds }, isProxied }) => {
  if (history === null || !isProxied) return null;
  if (history.firstTime) {
    const sentence = describeFirstTime({ okta, ageSeconds }, history.since);
    return `${sentence[0]?.toUpperCase()}${sentence.slice(1)}: there is nothing that would explain it.`;
  }
  const before = describeEarlierSessions(history);
  const system = network.asNumber === null ? "this network" : `AS${network.asNumber}`;
  const news = [
    history.firstTimeForNetwork ? system : null,
    history.firstTimeForCountry ? (geo.exit.country ?? geo.exit.countryCode) : null,
  ].filter((each) => each !== null);
  if (news.length > 0) return `${before}; ${news.join(" and ")} ${news.length === 1 ? "is" : "are"} new for this user.`;
  // A network or country that Okta does not name is not known.
  const known = [
    history.firstTimeForNetwork === false ? "network" : null,
    history.firstTimeForCountry === false ? "country" : null,
  ].filter((each) => each !== null);
  if (known.length === 0) return `${before}. Whether any of them is from this network or country is not known.`;
  return `${before}; this ${known.join(" and ")} ${known.length === 1 ? "is" : "are"} known for this user. What came of it then?`;
};

const undo: TriageStep = ({ facts, action, succeeded }) => {
  if (!succeeded) return null;
  if (!isNamed(facts.user) && isNamed(facts.actor) && !isPersonal(facts)) {
    return "If it is not wanted: undo what was done, and revoke the tokens and grants of what did it.";
  }
  const isByOther = action !== null && !action.isRisk && !action.isByUser;
  const cause = isByOther ? "If it is not wanted" : "If it was not them, or they cannot be reached";
  const done = action === null || action.isRisk ? "" : "undo what was done, ";
  return `${cause}: ${done}clear the user's sessions, reset the password and the MFA factors, and revoke API tokens.`;
};

const follow: TriageStep = ({ facts: { session, device }, succeeded }) => {
  if (!succeeded) return null;
  const id = session.rootSessionId ?? session.externalSessionId;
  const weak = [
    session.credentialType?.toUpperCase() === "PASSWORD" ? "it was started by a password" : null,
    device.registered === false ? "the device is not registered" : null,
    device.managed === false ? "the device is not managed" : null,
  ].filter((each) => each !== null);
  const what = id === null ? "read what this user did since" : `follow the session ${id}`;
  const strength = weak.length === 0 ? "" : ` (${weak.join(", ")})`;
  return `In Okta's System Log, ${what}${strength}: factors enrolled, applications opened, privileges granted.`;
};

const far: TriageStep = ({ facts: { geo } }) =>
  geo.verdict === "mismatch"
    ? "The exit is far from every known location. Check whether the user travels; if a location is missing, add it to the profile."
    : null;

/** Suggests no exception for networks that attackers use, nor for a failed attempt. */
const close: TriageStep = ({ facts, action, kind, isProxied, succeeded }) => {
  const mayExcept = action === null && isProxied && succeeded && !hostile.has(kind);
  const command = mayExcept ? exceptionCommand(facts) : null;
  return command === null
    ? "If it is harmless, note why, so that the next alert is quicker to close."
    : `If it is harmless and will come again, except it: ${command}`;
};

/**
 * The command that excepts just this case. People paste it into a shell: it holds a text that an attacker could have
 * chosen only if that is a plain word.
 */
function exceptionCommand({ user, network }: AlertFacts): string | null {
  const services = anonymousServices(network);
  const names = [user.login?.toLowerCase() ?? "", user.id ?? ""];
  const who = names.find((name) => /^\w[\w.+-]*(@[\w.-]+)?$/.test(name) && name.toLowerCase() !== "unknown");
  if (who === undefined) return null;
  const [service] = services;
  const operator = service?.operator ?? null;
  const named = services.length === 1 && operator !== null && /^\w+$/.test(operator);
  const where = named ? `--operator ${operator}` : network.asNumber === null ? null : `--asn ${network.asNumber}`;
  return where === null ? null : `npm run exceptions -- add --user ${who} ${where} --reason "..."`;
}

const steps: readonly TriageStep[] = [first, ask, compare, undo, follow, far, close];
