import type { LogEvent } from "./log-event.ts";

/*
 * What Okta thinks of a request. Each signal has a structured place and an older one, text in debugContext.debugData;
 * the structured one wins. The text is not always JSON, and is read leniently: what cannot be read is left out.
 */

/** A service that the request's address belongs to. */
export interface NetworkService {
  /** `VPN`, `Proxy`, `Tor`, `Residential Proxy`, `Blockchain VPN`; older events say `PROXY`. */
  readonly type: string | null;
  /** For example `NORDVPN`, `APPLE_ICLOUD_RELAY_PROXY`. */
  readonly operator: string | null;
  readonly isAnonymous: boolean | null;
}

/** How risky Okta takes the sign-in to be. */
export interface Risk {
  /** `LOW`, `MEDIUM` or `HIGH`. */
  readonly level: string | null;
  readonly reasons: readonly string[];
}

/** What a behavior detection said. */
export interface Behavior {
  readonly name: string;
  /** `POSITIVE` when the behavior occurred; `NEGATIVE`, `UNKNOWN` or `BAD_REQUEST`. */
  readonly result: string | null;
}

/** Nobody reads further than this, and an alert has a size to keep. */
const maximumItems = 20;

/** The services behind the request's address: from `ipServiceCategories`, else from the older `tunnels`. */
export function networkServices(event: LogEvent): readonly NetworkService[] {
  const { securityContext, debugContext } = event.fields;
  const categories = securityContext?.ipDetails?.ipServiceCategories.filter((category) => category !== null) ?? [];
  if (categories.length > 0) return categories.slice(0, maximumItems);
  const tunnels = securityContext?.tunnels ?? debugContext?.debugData?.tunnels;
  return parseTunnels(typeof tunnels === "string" ? tunnels : JSON.stringify(tunnels ?? null)).slice(0, maximumItems);
}

/** The risk of the sign-in; null when the event tells of none. */
export function risk(event: LogEvent): Risk | null {
  const { securityContext, debugContext } = event.fields;
  const structured = securityContext?.risk;
  if (structured) return { level: structured.level, reasons: reasonsOf(structured.reasons) };
  const debugData = debugContext?.debugData ?? {};
  const text = debugData.risk;
  if (typeof text === "string") {
    const pairs = new Map(parsePairs(text));
    const level = pairs.get("level") ?? null;
    if (level !== null) return { level, reasons: reasonsOf(pairs.get("reasons")) };
  }
  const logged = parseJsonObject(debugData.logOnlySecurityData)?.risk;
  if (!isObject(logged) || typeof logged.level !== "string") return null;
  return { level: logged.level, reasons: reasonsOf(logged.reasons) };
}

/** What the org's behavior detections said. */
export function behaviors(event: LogEvent): readonly Behavior[] {
  const { securityContext, debugContext } = event.fields;
  const structured = (securityContext?.userBehaviors ?? []).flatMap((behavior) =>
    behavior?.name ? [{ name: behavior.name, result: behavior.result }] : [],
  );
  if (structured.length > 0) return structured.slice(0, maximumItems);
  const debugData = debugContext?.debugData ?? {};
  const text = debugData.behaviors;
  const logged = parseJsonObject(debugData.logOnlySecurityData)?.behaviors;
  const pairs = typeof text === "string" ? parsePairs(text) : isObject(logged) ? Object.entries(logged) : [];
  return pairs
    .map(([name, result]) => ({ name, result: typeof result === "string" ? result : null }))
    .slice(0, maximumItems);
}

/** Names of the behaviors that occurred. */
export function positiveBehaviors(event: LogEvent): readonly string[] {
  return behaviors(event)
    .filter(({ result }) => result?.toUpperCase() === "POSITIVE")
    .map(({ name }) => name);
}

function reasonsOf(reasons: unknown): string[] {
  const list = typeof reasons === "string" ? reasons.split(",") : Array.isArray(reasons) ? reasons : [];
  return list
    .filter((reason): reason is string => typeof reason === "string")
    .map((reason) => reason.trim())
    .filter((reason) => reason !== "")
    .slice(0, maximumItems);
}

/**
 * Reads `{New Device=POSITIVE, New IP=NEGATIVE}`. A comma divides pairs only where a new pair begins, so that
 * `{reasons=Anomalous Device, Anomalous Location, level=MEDIUM}` has two pairs.
 */
function parsePairs(text: string): [name: string, value: string][] {
  const inner = text.trim().replace(/^\{/, "").replace(/\}$/, "");
  const pairs: [name: string, value: string][] = [];
  for (const part of inner.split(",")) {
    const equals = part.indexOf("=");
    const last = pairs.at(-1);
    if (equals > 0) pairs.push([part.slice(0, equals).trim(), part.slice(equals + 1).trim()]);
    else if (last !== undefined) last[1] += `,${part}`;
  }
  return pairs;
}

/** Reads `[{"anonymous":true,"operator":NORD_VPN,"type":"VPN"}]`, one object or several, quoted or not. */
function parseTunnels(text: string): NetworkService[] {
  return [...text.slice(0, 10_000).matchAll(/\{[^{}]*\}/g)].flatMap(([object]) => {
    const value = (name: string): string | null => {
      const found = new RegExp(`"${name}"\\s*:\\s*(?:"([^"]*)"|([^",{}\\s]+))`).exec(object);
      const read = found?.[1] ?? found?.[2] ?? null;
      return read === "null" || read === "" ? null : read;
    };
    const anonymous = value("anonymous");
    const service = {
      type: value("type"),
      operator: value("operator"),
      isAnonymous: anonymous === null ? null : anonymous === "true",
    };
    return service.type === null && service.operator === null ? [] : [service];
  });
}

function parseJsonObject(text: unknown): Record<string, unknown> | null {
  if (typeof text !== "string") return null;
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
