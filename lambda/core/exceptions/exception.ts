import * as v from "valibot";
import { createNetworkTest, parseCidr } from "../network/cidr.ts";
import { type ExitNode, exitNode } from "../okta/exit-node.ts";
import { type LogEvent, sessionStart } from "../okta/log-event.ts";
import {
  anonymousServices,
  kindOf,
  type NetworkKind,
  type NetworkService,
  networkKinds,
} from "../okta/network-service.ts";
import { isOperator } from "../okta/operator.ts";
import { finiteNumber, utcTime } from "../values/stored.ts";

/*
 * An exception declares a kind of match harmless until a date. An exception with a part that cannot be read covers
 * nothing: a scope that lost a part would cover too much.
 */

const filledText = v.pipe(v.string(), v.nonEmpty("expected text"));
const isCount = (value: number) => Number.isSafeInteger(value) && value >= 0;

/** The scope of an exception: an event has to meet every part that is given; at least one is. */
const exceptionScope = v.strictObject({
  /** An Okta user id (`00u...`) or a lower-case login. */
  user: v.optional(filledText),
  /** The network operator, as Okta writes it (`NORD_VPN`) or as people do: see {@link isOperator}. */
  operator: v.optional(filledText),
  asNumber: v.optional(v.pipe(finiteNumber(), v.check(isCount, "is no whole number from 0 on"))),
  /** A network, `192.0.2.0/24` or `2001:db8::/32`. */
  cidr: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => parseCidr(text) !== null, "is no CIDR"),
    ),
  ),
  /** ISO 3166-1 alpha-2. */
  countryCode: v.optional(v.pipe(v.string(), v.regex(/^[A-Z]{2}$/, "expected two capital letters, such as PT"))),
  /**
   * The kinds of anonymous network that it covers: each kind of an address has to be one of them.
   *
   * @default all but {@link worstKinds}, and addresses of which no kind is known. A release that does not know this part reads
   * the exception as one that covers nothing.
   */
  kinds: v.optional(v.pipe(v.array(v.picklist(networkKinds)), v.nonEmpty("expected a list of kinds"))),
  /** Ids of rules and correlations. @default every rule that a session start matches; no correlation, and nothing else */
  detections: v.optional(v.pipe(v.array(filledText), v.nonEmpty("expected a list of ids"))),
});
export type ExceptionScope = v.InferOutput<typeof exceptionScope>;

/** An exception: its scope, author, reason and end. */
export const exceptionSchema = v.strictObject({
  id: v.string(),
  scope: v.pipe(
    exceptionScope,
    v.check((scope) => hasPlace(scope), "covers everything"),
  ),
  /** Its author. */
  by: v.string(),
  reason: v.string(),
  /** ISO 8601, UTC. */
  createdAt: utcTime(),
  /** The moment from which it has no effect (ISO 8601, UTC). */
  until: utcTime(),
  /** When a notice of its end was published; null before that. */
  noticedAt: v.nullable(utcTime()),
});
export type Exception = v.InferOutput<typeof exceptionSchema>;

/** The kinds that an exception covers only where it names them: attackers use them more than customers do. */
export const worstKinds: readonly NetworkKind[] = ["residential_proxy", "tor"];

/** Whether a scope names a user or a network: with detections alone it would switch them off. */
export function hasPlace({ user, operator, asNumber, cidr, countryCode }: ExceptionScope): boolean {
  return [user, operator, asNumber, cidr, countryCode].some((part) => part !== undefined);
}

/** The facts of an event that exceptions are compared with, read once for all exceptions. */
export interface ExceptionSubject {
  readonly eventType: string;
  /** Whether it is a test event, which no exception covers. */
  readonly isTest: boolean;
  readonly exit: ExitNode;
  /** The keys of its user. */
  readonly users: readonly string[];
}

/** @param users the keys of the event's user */
export function exceptionSubject(event: LogEvent, users: readonly string[]): ExceptionSubject {
  return { eventType: event.eventType, isTest: event.isTest, exit: exitNode(event), users };
}

/** Why an exception does not cover an event; null when it does. */
export function whyNotCovered({ scope, until }: Exception, subject: ExceptionSubject, now: Date): string | null {
  const { eventType, isTest, exit, users } = subject;
  if (isTest) return "it is a test alert, which no exception covers";
  if (!(now.getTime() < Date.parse(until))) return `it ended at ${until}`;
  if (scope.detections === undefined && eventType !== sessionStart) {
    return `it covers ${sessionStart} alone, as it names no detection`;
  }
  for (const { given, covers, describe } of parts) {
    if (given(scope) && !covers(scope, exit, users)) return describe(scope, exit, users);
  }
  return hasPlace(scope) ? null : "it says neither who nor where";
}

interface Part {
  readonly given: (scope: ExceptionScope) => boolean;
  readonly covers: (scope: ExceptionScope, exit: ExitNode, users: readonly string[]) => boolean;
  readonly describe: (scope: ExceptionScope, exit: ExitNode, users: readonly string[]) => string;
}

/** The test of each part of a scope. An unknown fact of an event meets no part. */
const parts: readonly Part[] = [
  {
    given: ({ user }) => user !== undefined,
    covers: ({ user }, _, users) => users.includes(user ?? ""),
    describe: ({ user }, _, users) => `the user is ${users.join(", ") || "unknown"}, not ${user}`,
  },
  {
    given: ({ operator }) => operator !== undefined,
    // An exception for one operator does not cover an address that also belongs to another, such as Tor.
    covers: ({ operator = "" }, { network }) => {
      const services = anonymousServices(network);
      const isIt = (each: NetworkService) => each.operator !== null && isOperator(each.operator, operator);
      // A kind that only another field names, such as Tor, does not belong to the operator.
      const kinds = new Set(services.map(kindOf));
      const isWhole = network.kinds.every((kind) => kinds.has(kind) && (kind !== "tor" || /TOR/i.test(operator)));
      return services.length > 0 && services.every(isIt) && isWhole;
    },
    describe: ({ operator }, { network }) => {
      const names = anonymousServices(network).map((each) => each.operator ?? "unnamed");
      const kinds = network.kinds.length === 0 ? "" : ` (${network.kinds.join(", ")})`;
      return `the operator is ${names.join(" and ") || "unknown"}${kinds}, not ${operator} alone`;
    },
  },
  {
    given: ({ asNumber }) => asNumber !== undefined,
    covers: ({ asNumber }, exit) => exit.asNumber === asNumber,
    describe: ({ asNumber }, exit) => `the ASN is ${exit.asNumber ?? "unknown"}, not ${asNumber}`,
  },
  {
    given: ({ cidr }) => cidr !== undefined,
    covers: ({ cidr }, { ip }) => isIn(cidr ?? "", ip),
    describe: ({ cidr }, { ip }) => `the address is ${ip ?? "unknown"}, which is not in ${cidr}`,
  },
  {
    given: ({ countryCode }) => countryCode !== undefined,
    covers: ({ countryCode }, exit) => exit.countryCode === countryCode,
    describe: ({ countryCode }, exit) => `the country is ${exit.countryCode ?? "unknown"}, not ${countryCode}`,
  },
  {
    given: ({ kinds }) => kinds !== undefined,
    covers: ({ kinds }, { network }) => coversKinds(kinds, network.kinds),
    describe: ({ kinds = [] }, { network }) =>
      `the kind is ${network.kinds.join(" and ") || "unknown"}, not ${kinds.join(" or ")}`,
  },
  {
    given: ({ kinds }) => kinds === undefined,
    covers: ({ kinds }, { network }) => coversKinds(kinds, network.kinds),
    describe: (_, { network }) =>
      `the kind is ${network.kinds.join(" and ")}, and an exception covers ${worstKinds.join(" and ")} only where it names them (--kind)`,
  },
];

/**
 * Whether an exception covers the kinds of an address.
 *
 * @param named the kinds of its scope
 * @param kinds those of the address; empty where none is known
 */
export function coversKinds(named: readonly string[] | undefined, kinds: readonly string[]): boolean {
  const worst: readonly string[] = worstKinds;
  return named === undefined
    ? !kinds.some((kind) => worst.includes(kind))
    : kinds.length > 0 && kinds.every((kind) => named.includes(kind));
}

/** Detections of an event, divided by exceptions. */
export interface Excepted<Detection> {
  /** The detections that no exception covers. */
  readonly left: readonly Detection[];
  /** All exceptions that cover any of the other detections, each once, in their order. */
  readonly by: readonly Exception[];
}

/**
 * Removes from an event's detections those that exceptions cover. A correlation tells of more than this event: an exception covers it
 * where it names it.
 */
export function except<Detection extends { readonly rule: { readonly id: string }; readonly firing?: object | null }>(
  detections: readonly Detection[],
  exceptions: readonly Exception[],
  subject: ExceptionSubject,
  now: Date,
): Excepted<Detection> {
  const covering = exceptions.filter((exception) => whyNotCovered(exception, subject, now) === null);
  const isCovered = ({ scope }: Exception, { rule, firing }: Detection) =>
    scope.detections?.includes(rule.id) ?? !firing;
  return {
    left: detections.filter((detection) => !covering.some((exception) => isCovered(exception, detection))),
    by: covering.filter((exception) => detections.some((detection) => isCovered(exception, detection))),
  };
}

function isIn(cidr: string, ip: string | null): boolean {
  const network = parseCidr(cidr);
  return network !== null && ip !== null && createNetworkTest([network])(ip);
}

/** Names what an exception covers: `ada@example.com, operator NORD_VPN`. */
export function describeScope(scope: ExceptionScope): string {
  const { user, operator, asNumber, cidr, countryCode, kinds, detections } = scope;
  return [
    user ?? "anyone",
    operator === undefined ? null : `operator ${operator}`,
    asNumber === undefined ? null : `AS${asNumber}`,
    cidr === undefined ? null : `network ${cidr}`,
    countryCode === undefined ? null : `country ${countryCode}`,
    kinds === undefined ? null : `kind ${kinds.join(" or ")}`,
    detections === undefined ? null : `detections ${detections.join(", ")}`,
  ]
    .filter((part) => part !== null)
    .join(", ");
}
