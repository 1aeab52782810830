import type { Json } from "../values/object.ts";
import { decodeJson } from "./encoded-value.ts";
import { boolean, type Get, list, object, text, valueAt } from "./lenient.ts";

/** The fields of an event about the network that its request came from, as received. */
export interface NetworkSignals {
  /** Null where the event has none, {@link unreadable} for a value that Okta does not document. */
  readonly isProxy: boolean | null | typeof unreadable;
  readonly ipDetails: unknown;
  readonly tunnels: unknown;
  /** The `ipDetails` of each address of the request's chains. */
  readonly ipChain: readonly unknown[];
  readonly clientIpChain: readonly unknown[];
  readonly debugData: Json;
}

/** Stands for a value that Okta does not document. */
export const unreadable = Symbol.for("okta-proxy-watch: unreadable");

/**
 * Reads only the network signals of an event: rules need them for every session start. Event hooks have the chain of
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

/** The security context of an event, also where an export wrote it as text; null for none. */
export function securityContextOf(received: Json): Json | null {
  return object(decodeJson(valueAt(received, "securityContext")));
}

/** The debug data of an event, also where an export wrote it as text. */
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

/** Okta's help names a field `isProxy.tunnels`: where `isProxy` is an object, its tunnels are the signal. */
function tunnelsOf(isProxy: unknown): unknown {
  const json = object(isProxy);
  return json === null ? undefined : valueAt(json, "tunnels");
}

/** Reads `isProxy`, which exports write as text. */
export function readIsProxy(value: unknown): NetworkSignals["isProxy"] {
  if (value === null || value === undefined || tunnelsOf(value) !== undefined) return null;
  if (typeof value === "string" && text(value) === null) return null;
  return boolean(value) ?? unreadable;
}
