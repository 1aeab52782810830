import { hash } from "node:crypto";
import { positiveBehaviors } from "../okta/behaviors.ts";
import { changedThings } from "../okta/change.ts";
import { exitNode } from "../okta/exit-node.ts";
import { valueAt } from "../okta/lenient.ts";
import { type LogEvent, sessionStart } from "../okta/log-event.ts";
import { networkKey } from "../okta/network-key.ts";
import { succeeded } from "../okta/outcome.ts";
import { risk, suspectsThreat } from "../okta/risk.ts";

/** What {@link fingerprintOf} makes of an event: the key of a session start's window, and of a verdict on an alert. */
export type Fingerprint = string;

/**
 * The fingerprint of an event: the same for the same news only (128 bits of SHA-256, base64url). Two session starts of
 * one person are the same news where all of this is the same; anything that differs alerts.
 *
 * 1. outcome: whether they succeeded
 * 2. network (ASN, else /24 or /64), kinds and operators of anonymous network, country and region
 * 3. device (Okta's device id, else `dtHash`) and client (browser, operating system, kind of device)
 * 4. what Okta judges: risk level, a suspected threat, behaviors that occurred (a new address tells nothing new)
 * 5. detections that are alerted on
 *
 * That of another act, which opens no window, has its event type, its targets and what it changed too: a verdict on the
 * grant of a role to one person tells nothing about the grant to another.
 *
 * @param detections the ids of the detections
 * @returns null where Okta does not tell the network: what is unknown is not the same
 */
export function fingerprintOf(event: LogEvent, detections: readonly string[]): Fingerprint | null {
  const ids = detections.toSorted();
  // Its window, its alert and its incident need the same one.
  return event.once(`fingerprint ${ids.join("\n")}`, () => createFingerprint(event, ids));
}

function createFingerprint(event: LogEvent, detections: readonly string[]): Fingerprint | null {
  const network = networkKey(event);
  if (network === null) return null;
  const { client, outcome, device, debugData } = event.fields;
  const place = client?.geographicalContext ?? null;
  const { countryCode, network: anonymous } = exitNode(event);
  const parts = [
    succeeded(outcome?.result ?? null),
    network,
    anonymous.kinds.toSorted(),
    anonymous.operators.toSorted(),
    countryCode ?? fold(place?.country),
    fold(place?.state) ?? fold(place?.city),
    device?.id ?? textOrNull(valueAt(debugData, "dtHash")),
    [client?.userAgent?.browser, client?.userAgent?.os, client?.device].map(fold),
    fold(risk(event).level),
    suspectsThreat(event),
    positiveBehaviors(event)
      .map(fold)
      .filter((name) => name !== "new ip")
      .toSorted(),
    detections,
    ...(event.eventType === sessionStart ? [] : partsOfAct(event)),
  ];
  return hash("sha256", JSON.stringify(parts).toWellFormed(), "base64url").slice(0, 22);
}

/** What an act is beside where it came from: its type, whom and what it was done to, and what it changed. */
function partsOfAct(event: LogEvent): readonly unknown[] {
  const targets = event.fields.target.flatMap((each) =>
    each === null ? [] : [JSON.stringify([fold(each.type), each.id, fold(each.alternateId)])],
  );
  return [event.eventType, targets.toSorted(), changedThings(event).toSorted()];
}

/** A name as it is compared: letter case and space around it tell nothing. */
function fold(name: string | null | undefined): string | null {
  const text = name?.trim().toLowerCase() ?? "";
  return text === "" ? null : text;
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
