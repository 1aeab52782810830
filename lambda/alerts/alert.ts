import { v5 as uuidv5 } from "uuid";
import { countryCode } from "../geo/country.ts";
import { coordinatesOfExit, type GeoJudgement } from "../geo/mismatch.ts";
import type { Delivery } from "../okta/event-hook.ts";
import { type LogEvent, publishedTime } from "../okta/log-event.ts";
import {
  type Behavior,
  behaviors,
  type NetworkService,
  networkServices,
  type Risk,
  risk,
} from "../okta/security-signals.ts";
import type { ProfileLocation } from "../profiles/profile-location.ts";
import type { MatchedSelection } from "../sigma/compile.ts";
import { bySeverity, type Level, type Rule } from "../sigma/rule.ts";
import { describeAction, summarize, triageSteps } from "./wording.ts";

/** A rule that matched, as the alert tells of it. */
export interface AlertDetection {
  readonly id: string;
  readonly title: string;
  readonly level: Level;
  readonly description: string;
  readonly tags: readonly string[];
  readonly references: readonly string[];
  readonly falsePositives: readonly string[];
  /** Which selections of the rule the event met, and by which of its values. */
  readonly matched: readonly MatchedSelection[];
}

/** One event that at least one detection matched: the body of the SNS message. What is not known is null. */
export interface Alert {
  readonly schemaVersion: "1.0";
  /** UUIDv5 of the event's uuid and the detections' ids: the same, however often the event is handled. */
  readonly alertId: string;
  /** ISO 8601, UTC. */
  readonly detectedAt: string;
  /** Whether this alert adds to an earlier one about the same event. */
  readonly followUp: boolean;
  /** Seconds that the event waited on the retry queue; 0 when it was alerted on at once. */
  readonly delayedSeconds: number;
  /** Why it waited; null when it did not. */
  readonly delayReason: string | null;
  /** The highest level among the detections. */
  readonly severity: Level;
  /** Severest first. */
  readonly detections: readonly AlertDetection[];
  /** One sentence that a person can act on. */
  readonly summary: string;
  readonly user: { readonly id: string | null; readonly login: string | null; readonly displayName: string | null };
  readonly session: {
    readonly outcome: string | null;
    readonly reason: string | null;
    readonly externalSessionId: string | null;
    readonly rootSessionId: string | null;
  };
  readonly network: {
    /** Whether Okta knows the address as a proxy. */
    readonly isProxy: boolean | null;
    readonly ip: string | null;
    readonly asNumber: number | null;
    readonly asOrg: string | null;
    readonly isp: string | null;
    readonly domain: string | null;
    readonly services: readonly NetworkService[];
  };
  readonly client: {
    readonly browser: string | null;
    readonly os: string | null;
    readonly device: string | null;
    readonly userAgent: string | null;
    readonly zone: string | null;
  };
  readonly geo: {
    readonly verdict: GeoJudgement["verdict"];
    readonly reason: string;
    readonly distanceKm: number | null;
    readonly thresholdKm: number;
    readonly exit: {
      readonly city: string | null;
      readonly state: string | null;
      readonly country: string | null;
      readonly countryCode: string | null;
      readonly latitude: number | null;
      readonly longitude: number | null;
    };
    readonly nearestProfileLocation: ProfileLocation | null;
  };
  readonly risk: Risk;
  readonly behaviors: readonly Behavior[];
  readonly okta: {
    readonly org: string | null;
    readonly eventUuid: string;
    readonly eventHookId: string | null;
    readonly deliveryId: string | null;
    readonly published: string;
    readonly eventType: string;
    readonly systemLogUrl: string | null;
  };
  /** What to do, in order. */
  readonly triage: readonly string[];
  /** The LogEvent as received, but for the fields named in `eventCut`. */
  readonly event: Readonly<Record<string, unknown>>;
  /** Top-level fields that were left out of `event` to keep within SNS's limit; null when it is whole. */
  readonly eventCut: readonly string[] | null;
}

/** What an alert is made of. */
export interface AlertSource {
  readonly event: LogEvent;
  readonly delivery: Pick<Delivery, "id" | "org" | "eventHookId">;
  /** The rules that matched, and by what: at least one. */
  readonly detections: readonly { readonly rule: Rule; readonly matched: readonly MatchedSelection[] }[];
  readonly judgement: GeoJudgement;
  readonly thresholdKm: number;
  readonly detectedAt: Date;
  /** @default false */
  readonly followUp?: boolean;
  /** Why and since when the event waited. @default null, it did not */
  readonly delay?: { readonly reason: string; readonly since: Date } | null;
}

/** The namespace of our alert ids: a random UUID, fixed for ever. */
const alertNamespace = "6f6b5a54-1c0e-4d4b-9a56-5f7f0d5d9c3e";

/** The longest text that an alert takes over from an event, in UTF-16 code units. Names and addresses are far shorter. */
const maximumText = 1_000;

/** Writes the alert about one event. */
export function createAlert(source: AlertSource): Alert {
  const { event, delivery, judgement, thresholdKm, detectedAt, followUp = false, delay = null } = source;
  const { actor, client, outcome, authenticationContext, securityContext } = event.fields;
  const exit = client?.geographicalContext ?? null;
  const coordinates = exit === null ? null : coordinatesOfExit(exit);
  const detections = source.detections
    .map(({ rule, matched }) => describeDetection(rule, matched))
    .sort((first, second) => bySeverity(first.level, second.level) || first.id.localeCompare(second.id));
  const [severest] = detections;
  if (severest === undefined) throw new RangeError(`an alert about ${event.uuid} needs at least one detection`);
  const user = {
    id: brief(actor?.id),
    login: brief(actor?.alternateId),
    displayName: brief(actor?.displayName),
  };
  const facts = {
    user,
    session: {
      outcome: brief(outcome?.result),
      reason: brief(outcome?.reason),
      externalSessionId: brief(authenticationContext?.externalSessionId),
      rootSessionId: brief(authenticationContext?.rootSessionId),
    },
    network: {
      isProxy: securityContext?.isProxy ?? null,
      ip: brief(client?.ipAddress),
      asNumber: securityContext?.asNumber ?? null,
      asOrg: brief(securityContext?.asOrg),
      isp: brief(securityContext?.isp),
      domain: brief(securityContext?.domain),
      services: networkServices(event).map((service) => ({
        type: brief(service.type),
        operator: brief(service.operator),
        isAnonymous: service.isAnonymous,
      })),
    },
    client: {
      browser: brief(client?.userAgent?.browser),
      os: brief(client?.userAgent?.os),
      device: brief(client?.device),
      userAgent: brief(client?.userAgent?.rawUserAgent),
      zone: brief(client?.zone),
    },
    geo: {
      verdict: judgement.verdict,
      reason: brief(judgement.reason) ?? "",
      distanceKm: judgement.distanceKm,
      thresholdKm,
      exit: {
        city: brief(exit?.city),
        state: brief(exit?.state),
        country: brief(exit?.country),
        countryCode: countryCode(exit?.country),
        latitude: coordinates?.latitude ?? null,
        longitude: coordinates?.longitude ?? null,
      },
      nearestProfileLocation: judgement.nearestProfileLocation,
    },
    risk: briefRisk(risk(event)),
    behaviors: behaviors(event).map(({ name, result }) => ({ name: brief(name) ?? "", result: brief(result) })),
    okta: {
      org: brief(delivery.org),
      eventUuid: event.uuid,
      eventHookId: brief(delivery.eventHookId),
      deliveryId: brief(delivery.id),
      published: event.published,
      eventType: event.eventType,
      systemLogUrl: systemLogUrl(delivery.org, event),
    },
  };
  const action = describeAction(event);
  return {
    schemaVersion: "1.0",
    alertId: uuidv5([event.uuid, ...detections.map(({ id }) => id).sort()].join("\n"), alertNamespace),
    detectedAt: detectedAt.toISOString(),
    followUp,
    delayedSeconds:
      delay === null ? 0 : Math.max(0, Math.round((detectedAt.getTime() - delay.since.getTime()) / 1_000)),
    delayReason: brief(delay?.reason),
    severity: severest.level,
    detections,
    summary: summarize(facts, action),
    ...facts,
    triage: triageSteps(facts, action),
    event: event.received,
    eventCut: null,
  };
}

/** What the words of an alert are made of. */
export type AlertFacts = Pick<Alert, "user" | "session" | "network" | "client" | "geo" | "risk" | "behaviors" | "okta">;

/** Values that an explanation lists of one field at most: a target may be one of thousands. */
const maximumValues = 10;

function describeDetection(rule: Rule, matched: readonly MatchedSelection[]): AlertDetection {
  const { id, title, level, description, tags, references, falsePositives } = rule;
  return {
    id,
    title,
    level,
    description,
    tags,
    references,
    falsePositives,
    matched: matched.map(({ selection, fields }) => ({
      selection,
      fields: fields.map(({ field, values }) => ({
        field,
        values: values
          .slice(0, maximumValues)
          .map((value) => (typeof value === "string" ? brief(value) : isPlain(value) ? value : null)),
      })),
    })),
  };
}

/** An object may be of any size, and stands in the event. */
function isPlain(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean";
}

function brief(text: string | null | undefined): string | null {
  if (text === null || text === undefined) return null;
  return text.length <= maximumText ? text : `${text.slice(0, maximumText).toWellFormed()}…`;
}

function briefRisk(found: Risk | null): Risk {
  return { level: brief(found?.level), reasons: (found?.reasons ?? []).map((reason) => brief(reason) ?? "") };
}

/**
 * A link that opens the event in the admin console's System Log. Okta's own domains have their console at
 * `{org}-admin`; of a custom domain it cannot be told.
 */
function systemLogUrl(org: string | null, event: LogEvent): string | null {
  const [, name, domain] =
    /^([a-z0-9-]+?)(?:-admin)?\.((?:okta|oktapreview|okta-emea|okta-gov)\.com|okta\.mil)$/i.exec(org ?? "") ?? [];
  if (name === undefined) return null;
  const query = new URLSearchParams({ search: `uuid eq "${event.uuid.slice(0, 100)}"` });
  const time = publishedTime(event.published);
  const hour = 3_600_000;
  if (Math.abs(time) < 8.64e15 - hour) {
    query.set("fromTime", new Date(time - hour).toISOString());
    query.set("toTime", new Date(time + hour).toISOString());
  }
  return `https://${name}-admin.${domain}/report/system_log_2?${query}`;
}
