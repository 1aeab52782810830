import { anonymousServices, type NetworkKind } from "../okta/network-service.ts";
import { succeeded } from "../okta/outcome.ts";
import { isUnknown } from "../okta/person.ts";
import { masked } from "../okta/stranger.ts";
import { clockOf } from "./clock.ts";
import type { AlertFacts } from "./facts.ts";
import type { Action } from "./summary.ts";
import {
  describeActor,
  describeDistance,
  describeProxy,
  describeUser,
  isCallName,
  isNamed,
  nameProxy,
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
  readonly isInStorm: boolean;
  /** Whether an incident of the person was judged a true positive. */
  readonly wasAttacked: boolean;
  /** Whether alerts of the same incident are about other things than session starts. */
  readonly hasActs: boolean;
  /** The acts that together are an alert of a high level, this one the last; 0 for one alone. */
  readonly acts: number;
  /** The acts among them that are to be undone. */
  readonly lasting: number;
}

/** Writes one step; null where the case does not need it. */
type TriageStep = (of: Case) => string | null;

/**
 * The triage steps of an alert, in order, without those that its case does not need.
 *
 * @param isInStorm whether the session started in a storm of failed attempts. @default false
 * @param wasAttacked whether an incident of the person was judged a true positive. @default false
 * @param hasActs whether earlier alerts of the same incident are about other things than session starts. @default false
 * @param acts the acts that together are an alert of a high level, this one the last. @default 0, it is one alone
 * @param lasting the acts among them that are to be undone. @default 0
 * @param ofRule the steps of the severest rules that have any: they come after the most urgent one. @default none
 */
export function triageSteps(
  facts: AlertFacts,
  action: Action | null,
  {
    isInStorm = false,
    wasAttacked = false,
    hasActs = false,
    ofRule = [],
    acts = 0,
    lasting = 0,
  }: {
    readonly isInStorm?: boolean;
    readonly wasAttacked?: boolean;
    readonly hasActs?: boolean;
    readonly ofRule?: readonly string[];
    readonly acts?: number;
    readonly lasting?: number;
  } = {},
): string[] {
  if (facts.test) return ["This is a test of the whole way: no sign-in took place, and there is nothing to do."];
  const of: Case = {
    facts,
    action,
    who: describeUser(facts),
    kind: facts.network.anonymous.kinds[0] ?? null,
    isProxied: describeProxy(facts) !== null,
    succeeded: succeeded(facts.session.outcome),
    isInStorm,
    wasAttacked,
    hasActs,
    acts,
    lasting,
  };
  const [urgent, ...others] = steps.map((step) => step(of));
  return [urgent, ...ofRule, ...others].filter((step) => typeof step === "string");
}

/** What to do about a report on suppressed session starts. */
export function stepsOfReport({ heldBack }: AlertFacts): string[] {
  return [
    `Nothing is new: the alert at ${clockOf(heldBack?.since ?? "an unknown time")} says what to do. Its person, network, place, device and detections were the same each time.`,
  ];
}

/** The kinds of network that attackers use more than customers do, and why. */
const hostile: ReadonlyMap<NetworkKind | null, string> = new Map([
  ["tor", "Tor hides who it is"],
  ["residential_proxy", "a residential proxy poses as a household"],
  ["blockchain_vpn", "a blockchain VPN leads through strangers' machines"],
]);

/** The most urgent step. Its first words are the act, as a phone shows little more of it. */
const first: TriageStep = (of) => (of.succeeded ? firstOfSuccess(of) : firstOfFailure(of));

/** Why sessions are to be cleared before any question; null where a question comes first. */
function urgency({ facts, isProxied, kind, isInStorm, wasAttacked, acts }: Case): string | null {
  const highRisk = facts.risk.level?.toUpperCase() === "HIGH" ? `Okta rates the risk as high${reasons(facts)}` : null;
  const storm = isInStorm ? "it succeeded in a storm of failed sign-ins" : null;
  const chain = acts > 1 ? `it is the last of ${acts} acts that together fit an attack` : null;
  const judged = wasAttacked ? "an incident of this person was judged a true positive" : null;
  return storm ?? chain ?? judged ?? (isProxied ? hostile.get(kind) : null) ?? highRisk;
}

function firstOfSuccess(of: Case): string {
  const { facts, action, isProxied, kind } = of;
  if (!isNamed(facts.user)) return firstWithoutUser(of);
  const undo =
    of.lasting > 1 ? ", and undo each act" : action === null || action.isRisk ? "" : ", and undo what was done";
  const why = urgency(of);
  if (why !== null) return `Clear ${whoseSessions(of)} now${undo}: ${why}. Then ${ask(of)}`;
  const question = capitalize(ask(of));
  if (action !== null) return action.isByUser ? `${question} If not, undo it.` : question;
  if (!isProxied || kind !== "relay") return question;
  return isUsualRelay(facts)
    ? `Most likely nothing: ${describeRelay(facts)}.`
    : `${question} It came through ${describeRelay(facts)}.`;
}

/** The sessions to clear: of the actor by name, where the act was done to another person. */
function whoseSessions({ facts, action }: Case): string {
  const name = action === null || action.whom === null ? null : callName(facts);
  return name === null ? "the user's sessions" : `the sessions of ${name}`;
}

/** iCloud Private Relay comes with Apple's devices, and keeps near the user's region. */
function isUsualRelay({ client, geo, behaviors, risk }: AlertFacts): boolean {
  const isApple = /^(?:i|mac|apple|os x)/i.test(client.os ?? "") || /safari/i.test(client.browser ?? "");
  const isNew = behaviors.some(
    ({ name, result }) => result?.toUpperCase() === "POSITIVE" && name.toLowerCase() !== "new ip",
  );
  return isApple && geo.verdict !== "mismatch" && !isNew && risk.level?.toUpperCase() !== "HIGH";
}

function describeRelay({ client, geo, network }: AlertFacts): string {
  const device = [client.browser, client.os].filter(Boolean).join(" on ") || "a client that Okta does not name";
  const where = describeDistance({ geo }) ?? geo.exit.country;
  return `${nameProxy({ network })} with ${device}${where === null ? "" : `, ${where}`}`;
}

/** The step where the event names no person whom one could ask. */
function firstWithoutUser({ facts, action }: Case): string {
  if (action?.isRisk) return "Find the user at risk in Okta's admin console, as the event names none.";
  if (isNamed(facts.actor) && !isPersonal(facts)) return capitalize(findCause(facts, action));
  const session = facts.session.rootSessionId ?? facts.session.externalSessionId;
  return session === null
    ? "Look up the event in Okta's System Log: it names neither user nor session."
    : `Look up the session ${session} in Okta's System Log, as the event names no user.`;
}

/** A failed attempt: the user of a known login may be asked; a login that Okta does not know belongs to no user. */
function firstOfFailure({ facts, action, who }: Case): string {
  const from = facts.network.ip ?? "this address";
  if (action !== null) return `See in Okta's System Log what ${who} did before and after this attempt.`;
  return facts.user.id === null
    ? `See whether ${from} tried other logins, and whether one succeeded; block it if there are many.`
    : `See whether a sign-in of this user, or from ${from}, succeeded since; block it if it tries many users.`;
}

/** The question to the person, on the phone: mail and Okta may be in an attacker's hands. */
function ask({ facts, action }: Case): string {
  const name = callName(facts);
  // Without a login, or with a masked one, there is no person to ask.
  if (name === null) return "see what the session did.";
  if (action !== null && !action.isRisk && !action.isByUser) return findCause(facts, action);
  if (action?.isRisk) return `call ${name}: which devices and places were theirs at ${clockOf(facts.okta.published)}?`;
  if (action !== null) {
    return `call ${name}. Did they do "${action.name}"${action.whom === null ? "" : ` to ${action.whom}`}?`;
  }
  const { city, country } = facts.geo.exit;
  const from = city ?? country;
  return `call ${name}. Did they sign in${from === null ? "" : ` from ${from}`}?`;
}

/** The question about an act of what is no person. */
function findCause(facts: AlertFacts, action: Action | null): string {
  const whom = action === null || action.whom === null ? "" : ` to ${action.whom}`;
  const what = action === null ? "started a session" : `did "${action.name}"`;
  return `find out why ${describeActor(facts)} ${what}${whom}: it is no person, so look at who set it up.`;
}

/** The name of a person to call; null for none. */
function callName({ user }: AlertFacts): string | null {
  if (user.id === null || user.login === masked) return null;
  const { displayName, login, id } = user;
  const called = displayName !== null && isCallName(displayName) ? displayName : null;
  return [called, login, id].find((name) => name !== null && !isUnknown(name)) ?? null;
}

const capitalize = (text: string) => `${text[0]?.toUpperCase() ?? ""}${text.slice(1)}`;

const reasons = ({ risk }: AlertFacts) => (risk.reasons.length === 0 ? "" : ` (${risk.reasons.join(", ")})`);

/** Whether the alert names the person of the session or the act. */
const isPersonal = ({ user, actor }: AlertFacts) =>
  isNamed(user) || actor.type === null || actor.type.toLowerCase() === "user";

const undo: TriageStep = (of) => {
  const { facts, action, succeeded } = of;
  if (!succeeded || !(isNamed(facts.user) || isNamed(facts.actor))) return null;
  if (!isNamed(facts.user) && isNamed(facts.actor) && !isPersonal(facts)) {
    return "If it is not wanted: undo what was done, and revoke the tokens and grants of what did it.";
  }
  const isByOther = action !== null && !action.isRisk && !action.isByUser;
  const cause = isByOther ? "If it is not wanted" : "If it was not them, or they cannot be reached";
  // The first step says it already.
  const isDone = isNamed(facts.user) && urgency(of) !== null;
  const done = action === null || action.isRisk ? "" : "undo what was done, ";
  const name = isDone && action?.whom ? callName(facts) : null;
  const whose = name === null ? "" : ` of ${name}`;
  return `${cause}: ${isDone ? "" : `${done}clear ${whoseSessions(of)}, `}reset the password and the MFA factors${whose}, and revoke API tokens.`;
};

const follow: TriageStep = ({ facts: { session, device, user, actor }, succeeded }) => {
  if (!succeeded || !(isNamed(user) || isNamed(actor))) return null;
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

const far: TriageStep = ({ facts: { geo }, isProxied }) =>
  geo.verdict === "mismatch"
    ? `${isProxied ? "The exit" : "The address"} is far from every known location. Check whether the user travels; if a location is missing, add it to the profile.`
    : null;

/**
 * Suggests no exception for networks that attackers use, for a failed attempt, nor for a person who may be under attack: sessions are to be
 * cleared first, or an act of the same session was alerted on.
 */
const close: TriageStep = (of) => {
  const { facts, action, isProxied, succeeded, acts, hasActs } = of;
  const mayExcept = action === null && isProxied && succeeded && acts === 0 && !hasActs && urgency(of) === null;
  const command = mayExcept ? exceptionCommand(facts) : null;
  return command === null ? null : `If it is harmless and will come again, except it: ${command}`;
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
  return where === null ? null : `npx okta-proxy-watch exceptions add --user ${who} ${where} --reason "..."`;
}

const steps: readonly TriageStep[] = [first, undo, follow, far, close];
