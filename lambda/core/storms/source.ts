import { hash as digestOf } from "node:crypto";
import { positiveBehaviors } from "../okta/behaviors.ts";
import { exitNode } from "../okta/exit-node.ts";
import type { LogEvent } from "../okta/log-event.ts";
import { networkKey } from "../okta/network-key.ts";
import { operatorName } from "../okta/operator.ts";
import { succeeded } from "../okta/outcome.ts";
import { canonicalLogin, personOf } from "../okta/person.ts";
import { suspectsThreat } from "../okta/risk.ts";
import { masked } from "../okta/stranger.ts";

/**
 * The key of a source of session starts, the most telling first: the operators that Okta names and the kinds of network
 * (`operator#NORDVPN#vpn`); else the autonomous system, or the /24 or /48 of the address, and the kinds
 * (`network#AS64500#vpn`). Tor is one operator, named or not.
 */
export type SourceKey = string;

/** Okta's texts are short; a longer key is replaced by its hash. */
const maximumKey = 200;

/** The source of an event; null where Okta tells neither operator nor network. */
export function sourceOf(event: LogEvent): SourceKey | null {
  const { kinds, operators } = exitNode(event).network;
  const network = siteOf(networkKey(event));
  const named = operators.map(operatorName).filter((name) => name !== "");
  // Tor's exits belong to many autonomous systems, and its users change them at will.
  const isTor = kinds.includes("tor") && named.every((name) => name.includes("TOR"));
  const names = isTor ? ["TOR"] : named;
  if (names.length === 0 && network === null) return null;
  const start = names.length > 0 ? `operator#${names.toSorted().join(",")}` : `network#${network}`;
  const key = `${start}#${kinds.toSorted().join(",")}`.toWellFormed();
  return key.length <= maximumKey ? key : hash(key, 22);
}

/**
 * The /48 of a /64: a site has a /48 (RFC 6177), and who holds one may take another /64 for each attempt. Other networks are as they
 * are.
 */
function siteOf(network: string | null): string | null {
  const site = /^((?:[\da-f]+:){3})[\da-f]+::\/64$/.exec(network ?? "")?.[1];
  return site === undefined ? network : `${site}:/48`;
}

/** A session start, as its source counts it. */
export interface SourceEvent {
  /** The key of the event: 60 bits of the SHA-256 of its uuid, in base64url. An event is counted once. */
  readonly key: string;
  readonly succeeded: boolean;
  /** The login as alerts may name it, at most {@link maximumLogin} characters. */
  readonly login: string;
  /** The key of the person: 60 bits of the SHA-256 of the login, else of the Okta user id. */
  readonly person: string;
  /** What Okta says of the attempt: the outcome's reason, `ThreatSuspected`, positive behaviors. */
  readonly reasons: readonly string[];
}

/** The longest login that is kept, in UTF-16 code units: as long as Okta's logins are. */
export const maximumLogin = 100;
/** The most reasons of one attempt that are counted. */
const maximumReasons = 6;

/**
 * Reads a session start for its source.
 *
 * @param isLogin whether a login that Okta does not know is one of the org: any other is masked, as it may be a password
 */
export function sourceEventOf(event: LogEvent, isLogin: (login: string) => boolean): SourceEvent {
  const { id = null, login = null, isKnown = false } = personOf(event) ?? {};
  const typed = login === null ? null : canonicalLogin(login).slice(0, maximumLogin).toWellFormed();
  const { outcome } = event.fields;
  const threat = suspectsThreat(event) ? "ThreatSuspected" : null;
  const reasons = [outcome?.reason ?? null, threat, ...positiveBehaviors(event)];
  return {
    key: keyOf(event),
    succeeded: succeeded(outcome?.result ?? null),
    login: typed === null ? (id ?? "unknown") : isKnown || isLogin(typed) ? typed : masked,
    person: hash(typed ?? id ?? "", 10),
    reasons: [...new Set(reasons.flatMap((reason) => brief(reason) ?? []))].slice(0, maximumReasons),
  };
}

/**
 * What ThreatInsight says of a request, as the storm of its source counts it: `ThreatInsight: Password Spray`. Okta may write several
 * reasons, separated by commas.
 */
export function threatOf(event: LogEvent): Pick<SourceEvent, "key" | "reasons"> {
  const given = (event.fields.outcome?.reason ?? "").split(",").flatMap((each) => brief(each.trim()) ?? []);
  const reasons = given.length === 0 ? ["ThreatInsight"] : given.map((reason) => `ThreatInsight: ${reason}`);
  return { key: keyOf(event), reasons: [...new Set(reasons)].slice(0, maximumReasons) };
}

/** A reason as Okta writes it; null for none, and for a text that is no reason. */
function brief(reason: string | null): string | null {
  return reason !== null && /^[\w .:-]{1,60}$/.test(reason) ? reason : null;
}

function keyOf({ uuid }: Pick<LogEvent, "uuid">): string {
  return hash(uuid.toWellFormed(), 10);
}

function hash(text: string, length: number): string {
  return digestOf("sha256", text, "base64url").slice(0, length);
}
