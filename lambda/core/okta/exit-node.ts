import { countryCode } from "../geo/country.ts";
import { type AnonymousNetwork, anonymousNetwork } from "./anonymous-network.ts";
import type { LogEvent } from "./log-event.ts";

/** The address that Okta saw a request come from, and what Okta knows about that address. */
export interface ExitNode {
  readonly ip: string | null;
  /** Null where Okta does not know it: RFC 7607 reserves the number zero, so that no system has it. */
  readonly asNumber: number | null;
  /** ISO 3166-1 alpha-2. */
  readonly countryCode: string | null;
  readonly network: AnonymousNetwork;
}

/** The exit node of an event's request. */
export function exitNode(event: LogEvent): ExitNode {
  return event.once("exit", readExit);
}

function readExit(event: LogEvent): ExitNode {
  const { client, securityContext } = event.fields;
  return {
    ip: client?.ipAddress ?? null,
    asNumber: securityContext?.asNumber || null,
    countryCode: countryCode(client?.geographicalContext?.country),
    network: anonymousNetwork(event),
  };
}
