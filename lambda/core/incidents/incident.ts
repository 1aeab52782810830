import * as v from "valibot";
import { judgedUntil, type Verdict } from "../history/verdict.ts";
import { levels } from "../sigma/rule.ts";
import { finiteNumber } from "../values/stored.ts";

/*
 * All alerts about one person and session, or about one storm, are one incident. It keeps what its timeline shows of each
 * alert, and the verdict of the person who closed it.
 */

/** The days that an incident is kept after its last change: as long as Okta keeps its System Log. */
export const incidentDays = 90;

/** The alerts that an incident keeps one by one, from the first. Further ones are counted, and the latest is kept. */
export const maximumIncidentAlerts = 50;

/** The alerts before it that an alert names. */
export const maximumShown = 10;

const text = v.nullable(v.string());

/** What an incident keeps of an alert: texts are masked as the alert's are, and short. */
export const incidentAlertSchema = v.object({
  alertId: v.string(),
  eventUuid: v.string(),
  /** ISO 8601, UTC. */
  detectedAt: v.string(),
  /** When Okta published the event, as Okta writes it. */
  published: v.string(),
  eventType: v.string(),
  /** What was done, in few words; null in alerts of earlier versions. @default null */
  deed: v.optional(text, null),
  summary: v.string(),
  severity: v.picklist(levels),
  /** Okta's outcome: `SUCCESS`, `FAILURE`. */
  outcome: text,
  /** `correlation` is true for a correlation, which an exception covers only where it names it; left out for a rule. */
  detections: v.array(v.object({ id: v.string(), title: v.string(), correlation: v.exactOptional(v.boolean()) })),
  /** Where it came from: `Toronto, Ontario, Canada`; null where the event has no address. */
  from: text,
  /** The anonymous network: `Tor (TOR_EXIT)`; null for none. */
  through: text,
  /** The kinds of anonymous network: `tor`, `vpn`… */
  kinds: v.array(v.string()),
  /** Address and autonomous system: `203.0.113.7, AS64500 Example Hosting`; null where the event has no address. */
  network: text,
  /** The one operator of an anonymous network that Okta names; null for none, or several. */
  operator: text,
  asNumber: v.nullable(finiteNumber()),
  /** The first of the alert's triage steps. */
  nextStep: text,
  /** The fingerprint that its verdict is kept by; null where the network is not known. */
  fingerprint: text,
  /** The incident of the storm that it reports, or that its sign-in stands in; null for none. @default null */
  storm: v.optional(text, null),
});
export type IncidentAlert = v.InferOutput<typeof incidentAlertSchema>;

/** A detection that an alert of an incident names. */
export type IncidentDetection = IncidentAlert["detections"][number];

/** The person of an incident, as its alerts name the person. */
export const incidentUserSchema = v.object({ id: text, login: text, displayName: text });
export type IncidentUser = v.InferOutput<typeof incidentUserSchema>;

/** An incident, as it is kept. */
export interface Incident {
  readonly id: string;
  /** When it last changed: by an alert, or by a verdict (ISO 8601, UTC). */
  readonly changed: string;
  /** Null for a storm, which is about many persons, and where no alert names a person. */
  readonly user: IncidentUser | null;
  /** The alerts that are kept, in order of `detectedAt`. */
  readonly alerts: readonly IncidentAlert[];
  /** The number of all alerts. */
  readonly count: number;
  /** Null for an incident that was never closed. */
  readonly verdict: Verdict | null;
}

/** When an incident was opened: the time of its first alert (ISO 8601, UTC). */
export function openedAt({ alerts, changed }: Incident): string {
  return alerts[0]?.detectedAt ?? changed;
}

/** Whether an incident waits for a verdict: it has none, or an alert came after it. */
export function isOpen({ verdict, alerts }: Incident): boolean {
  return verdict === null || alerts.some(({ detectedAt }) => detectedAt > judgedUntil(verdict));
}
