import { createHash } from "node:crypto";
import { exitNode } from "../okta/exit-node.ts";
import { valueAt } from "../okta/lenient.ts";
import type { LogEvent } from "../okta/log-event.ts";
import { networkKey } from "../okta/network-key.ts";
import { succeeded } from "../okta/outcome.ts";
import { risk } from "../okta/risk.ts";

/**
 * What two session starts of one person share to be the same news. Anything that differs alerts.
 *
 * 1. outcome: whether they succeeded
 * 2. network (ASN, else /24 or /64), kinds and operators of anonymous network, country and region
 * 3. device (Okta's device id, else `dtHash`) and client (browser, operating system, kind of device)
 * 4. Okta's risk level
 * 5. detections that are alerted on
 */
export interface News {
  readonly succeeded: boolean;
  readonly network: string;
  readonly kinds: readonly string[];
  readonly operators: readonly string[];
  readonly country: string | null;
  readonly region: string | null;
  readonly device: string | null;
  readonly client: readonly (string | null)[];
  readonly riskLevel: string | null;
  readonly detections: readonly string[];
}

/** The key of a window: what {@link fingerprintOf} makes of the news. */
export type Fingerprint = string;

/** Reads the news off an event; null where Okta does not tell its network: what is unknown is not the same. */
export function newsOf(event: LogEvent, detections: readonly string[]): News | null {
  const network = networkKey(event);
  if (network === null) return null;
  const { client, outcome, device, debugData } = event.fields;
  const place = client?.geographicalContext ?? null;
  const { countryCode, network: anonymous } = exitNode(event);
  return {
    succeeded: succeeded(outcome?.result ?? null),
    network,
    kinds: anonymous.kinds.toSorted(),
    operators: anonymous.operators.toSorted(),
    country: countryCode ?? fold(place?.country),
    region: fold(place?.state ?? place?.city),
    device: device?.id ?? textOrNull(valueAt(debugData, "dtHash")),
    client: [client?.userAgent?.browser, client?.userAgent?.os, client?.device].map(fold),
    riskLevel: fold(risk(event).level),
    detections: detections.toSorted(),
  };
}

/** The fingerprint of news: the same for the same news only (128 bits of SHA-256, base64url). */
export function fingerprintOf(news: News): Fingerprint {
  const { succeeded, network, kinds, operators, country, region, device, client, riskLevel, detections } = news;
  const components = [succeeded, network, kinds, operators, country, region, device, client, riskLevel, detections];
  return createHash("sha256").update(JSON.stringify(components).toWellFormed()).digest("base64url").slice(0, 22);
}

/** A name as it is compared: letter case and space around it tell nothing. */
function fold(name: string | null | undefined): string | null {
  const text = name?.trim().toLowerCase() ?? "";
  return text === "" ? null : text;
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
