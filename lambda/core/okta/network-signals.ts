import { decodeJson } from "./encoded-value.ts";
import { boolean, type Get, type Json, list, object, text, valueAt } from "./lenient.ts";

/** The fields of an event that tell of the network that its request came out of, as they stand in it. */
export interface NetworkSignals {
  /** Null where the event tells neither, {@link unreadable} where it cannot be understood. */
  readonly isProxy: boolean | null | typeof unreadable;
  readonly ipDetails: unknown;
  readonly tunnels: unknown;
  /** Of the chains of addresses that a request came by, the `ipDetails` of each. */
  readonly ipChain: readonly unknown[];
  readonly clientIpChain: readonly unknown[];
  readonly debugData: Json;
}

/** Stands for a value that is none of those that Okta documents. */
export const unreadable = Symbol("unreadable");

/**
 * Reads the signals of a network, and nothing else of an event: rules ask for them of every session start. Hooks have the chain of
 * addresses at `client.ipChain`, the System Log at `request.ipChain`.
 */
export function readSignals(received: Json): NetworkSignals {
  const context = securityContextOf(received);
  const get: Get = (name) => (context === null ? undefined : valueAt(context, name));
  return {
    isProxy: readIsProxy(get("isProxy")),
    ipDetails: get("ipDetails"),
    tunnels: get("tunnels") ?? tunnelsOf(get("isProxy")),
    ipChain: chainOf(received, "request"),
    clientIpChain: chainOf(received, "client"),
    debugData: debugDataOf(received),
  };
}

/** The security context of an event, also where an export made text of it; null for none. */
export function securityContextOf(received: Json): Json | null {
  return object(decodeJson(valueAt(received, "securityContext")));
}

/** The debug data of an event, also where an export made text of it. */
export function debugDataOf(received: Json): Json {
  const context = object(decodeJson(valueAt(received, "debugContext")));
  return object(decodeJson(context && valueAt(context, "debugData"))) ?? {};
}

function chainOf(received: Json, name: string): readonly unknown[] {
  const holder = object(decodeJson(valueAt(received, name)));
  const chain = decodeJson(holder && valueAt(holder, "ipChain"));
  const hops = Array.isArray(chain) ? chain.map(decodeJson) : [chain];
  return list(hops, (hop) => hop("ipDetails"));
}

/** Okta's help names a field `isProxy.tunnels`; where `isProxy` is an object of them, they tell. */
function tunnelsOf(isProxy: unknown): unknown {
  const json = object(isProxy);
  return json === null ? undefined : valueAt(json, "tunnels");
}

/** Reads `isProxy`: true and false are text in exports. */
export function readIsProxy(value: unknown): NetworkSignals["isProxy"] {
  if (value === null || value === undefined || tunnelsOf(value) !== undefined) return null;
  if (typeof value === "string" && text(value) === null) return null;
  return boolean(value) ?? unreadable;
}
