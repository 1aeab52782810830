import { v5 as uuidv5 } from "uuid";
import { countryCode } from "../geo/country.ts";
import { coordinatesOfExit, type GeoJudgement } from "../geo/mismatch.ts";
import { summarizeHistory, type UserState } from "../history/history.ts";
import type { HeldBack } from "../history/suppression.ts";
import { anonymousNetwork } from "../okta/anonymous-network.ts";
import { behaviors } from "../okta/behaviors.ts";
import { changeOf } from "../okta/change.ts";
import type { Delivery } from "../okta/event-hook.ts";
import { mapStrings } from "../okta/json-strings.ts";
import { type LogEvent, publishedTime } from "../okta/log-event.ts";
import { type Principal, personOf } from "../okta/person.ts";
import { risk } from "../okta/risk.ts";
import { findMask, looksLikeLogin, maskEvent } from "../okta/stranger.ts";
import { adjustSeverity, type SeverityAdjustment } from "../severity/adjustment.ts";
import type { MatchedSelection } from "../sigma/compile.ts";
import type { Enrichment } from "../sigma/field.ts";
import { bySeverity, type Rule } from "../sigma/rule.ts";
import type { Alert, AlertDetection } from "./alert-schema.ts";
import { consoleLinks } from "./console-links.ts";
import { inertFacts } from "./inert.ts";
import { briefMatches } from "./matched.ts";
import { describeAction, summarize } from "./summary.ts";
import { triageSteps } from "./triage.ts";
import { shorten } from "./wording.ts";

export type { Alert, AlertDetection };

/** What an alert is made of. */
export interface AlertSource {
  readonly event: LogEvent;
  readonly delivery: Pick<Delivery, "id" | "org" | "eventHookId" | "source">;
  /** The rules that matched, and by what: at least one. */
  readonly detections: readonly { readonly rule: Rule; readonly matched: readonly MatchedSelection[] }[];
  readonly judgement: GeoJudgement;
  readonly thresholdKm: number;
  readonly detectedAt: Date;
  /** @default false */
  readonly followUp?: boolean;
  /** Why and since when the event waited. @default null, it did not */
  readonly delay?: { readonly reason: string; readonly since: Date } | null;
  /** Names of fields that the event lost while it waited. @default null, it is whole */
  readonly eventCut?: readonly string[] | null;
  /** What is remembered of the user. @default null, that is not known */
  readonly state?: UserState | null;
  /** Sessions that were held back before this. @default null, that is not known */
  readonly heldBack?: HeldBack | null;
  /** Whether a login is one of the org: that of a user whom Okta does not know is masked else. @default any e-mail address is */
  readonly isLogin?: (login: string) => boolean;
  /** What is asked for the severity. @default none */
  readonly severity?: { readonly adjustments: readonly SeverityAdjustment[]; readonly enrichment: Enrichment };
}

/** The namespace of our alert ids: a random UUID, fixed for ever. */
const alertNamespace = "6f6b5a54-1c0e-4d4b-9a56-5f7f0d5d9c3e";

/** The longest text that an alert takes over from an event, in UTF-16 code units. Names and addresses are far shorter. */
const maximumText = 1_000;

/** Services, operators, reasons, behaviors and targets that an alert names, each: the event has the others. */
const maximumItems = 20;

/** Writes the alert about one event. What a stranger typed is masked in it, before anything is made of the event. */
export function createAlert(source: AlertSource): Alert {
  const { isLogin = (login) => looksLikeLogin(login, []) } = source;
  const mask = findMask(source.event, isLogin);
  if (mask === null) return writeAlert(source);
  const detections = source.detections.map(({ rule, matched }) => ({ rule, matched: mapStrings(matched, mask) }));
  return writeAlert({ ...source, event: maskEvent(source.event, mask), detections });
}

function writeAlert(source: AlertSource): Alert {
  const { event, delivery, judgement, thresholdKm, detectedAt, followUp = false, state = null } = source;
  const delay = source.delay ?? missedDelay(event, delivery);
  const { actor, target, client, outcome, authenticationContext, securityContext, device } = event.fields;
  const exit = client?.geographicalContext ?? null;
  const coordinates = exit === null ? null : coordinatesOfExit(exit);
  const detections = source.detections
    .map(({ rule, matched }) => describeDetection(rule, matched))
    .sort((first, second) => bySeverity(first.level, second.level) || first.id.localeCompare(second.id));
  const [severest] = detections;
  if (severest === undefined) throw new RangeError(`an alert about ${event.uuid} needs at least one detection`);
  const person = personOf(event);
  const anonymous = anonymousNetwork(event);
  const found = risk(event);
  const links = consoleLinks(delivery.org, event);
  const facts = {
    test: event.isTest,
    ageSeconds: ageOf(event, detectedAt),
    user: { id: brief(person?.id), login: brief(person?.login), displayName: brief(person?.displayName) },
    actor: briefPrincipal(actor),
    targets: target.flatMap((each) => (each === null ? [] : [briefPrincipal(each)])).slice(0, maximumItems),
    change: brief(changeOf(event)),
    session: {
      outcome: brief(outcome?.result),
      reason: brief(outcome?.reason),
      externalSessionId: brief(authenticationContext?.externalSessionId),
      rootSessionId: brief(authenticationContext?.rootSessionId),
      credentialType: brief(authenticationContext?.credentialType),
      credentialProvider: brief(authenticationContext?.credentialProvider),
      authenticationProvider: brief(authenticationContext?.authenticationProvider),
    },
    device: {
      id: brief(device?.id),
      name: brief(device?.name),
      platform: brief(device?.os_platform),
      registered: device?.registered ?? null,
      managed: device?.managed ?? null,
    },
    network: {
      isProxy: securityContext?.isProxy ?? null,
      ip: brief(client?.ipAddress),
      asNumber: securityContext?.asNumber ?? null,
      asOrg: brief(securityContext?.asOrg),
      isp: brief(securityContext?.isp),
      domain: brief(securityContext?.domain),
      services: anonymous.services.slice(0, maximumItems).map((service) => ({
        type: brief(service.type),
        operator: brief(service.operator),
        isAnonymous: service.isAnonymous,
      })),
      anonymous: {
        verdict: anonymous.verdict,
        kinds: anonymous.kinds,
        operators: anonymous.operators.slice(0, maximumItems).map((operator) => brief(operator) ?? ""),
        signals: anonymous.signals,
      },
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
    risk: {
      level: brief(found.level),
      previousLevel: brief(found.previousLevel),
      reasons: found.reasons.slice(0, maximumItems).map((reason) => brief(reason) ?? ""),
      detectionName: brief(found.detectionName),
    },
    behaviors: behaviors(event)
      .slice(0, maximumItems)
      .map(({ name, result }) => ({ name: brief(name) ?? "", result: brief(result) })),
    okta: {
      org: brief(delivery.org),
      eventUuid: event.uuid,
      eventHookId: brief(delivery.eventHookId),
      deliveryId: brief(delivery.id),
      published: event.published,
      eventType: event.eventType,
      systemLogUrl: links.event,
    },
    links,
    history: state && summarizeHistory(state, event, detectedAt),
    heldBack: source.heldBack ?? null,
  };
  // Words are written from inert texts; what programs read stays as it is.
  const words = inertFacts({ ...facts, action: describeAction(event, facts) });
  const { adjustments = [], enrichment = {} } = source.severity ?? {};
  const severityAdjustments = adjustSeverity(severest.level, adjustments, event.received, enrichment);
  return {
    schemaVersion: "1.1",
    alertId: uuidv5([event.uuid.toWellFormed(), ...detections.map(({ id }) => id).sort()].join("\n"), alertNamespace),
    detectedAt: detectedAt.toISOString(),
    followUp,
    source: delivery.source ?? "hook",
    delayedSeconds:
      delay === null ? 0 : Math.max(0, Math.round((detectedAt.getTime() - delay.since.getTime()) / 1_000)),
    delayReason: brief(delay?.reason),
    severity: severityAdjustments.at(-1)?.to ?? severest.level,
    severityAdjustments,
    detections,
    summary: summarize(words, words.action),
    ...facts,
    triage: triageSteps(words, words.action),
    storm: null,
    event: event.received,
    eventCut: source.eventCut ? [...source.eventCut] : null,
  };
}

/** An event that no hook delivered waited since it was published. */
function missedDelay(
  { published }: LogEvent,
  { source }: AlertSource["delivery"],
): NonNullable<AlertSource["delay"]> | null {
  const time = publishedTime(published);
  if (source !== "reconciled" || Number.isNaN(time)) return null;
  return { reason: "the event hook did not deliver it; it was found in Okta's System Log", since: new Date(time) };
}

/** What the words of an alert are made of. */
export type AlertFacts = Pick<
  Alert,
  | "test"
  | "user"
  | "actor"
  | "targets"
  | "change"
  | "session"
  | "device"
  | "network"
  | "client"
  | "geo"
  | "history"
  | "heldBack"
  | "risk"
  | "behaviors"
  | "okta"
  | "ageSeconds"
>;

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
    matched: briefMatches(matched),
    correlation: null,
  };
}

function brief(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : shorten(text.toWellFormed(), maximumText);
}

function briefPrincipal(principal: Principal | null) {
  const { id = null, type = null, alternateId = null, displayName = null } = principal ?? {};
  return { id: brief(id), type: brief(type), login: brief(alternateId), displayName: brief(displayName) };
}

/** Seconds since an event was published; negative for one of the future, null for one without a time. */
function ageOf({ published }: LogEvent, now: Date): number | null {
  const time = publishedTime(published);
  return Number.isNaN(time) ? null : Math.round((now.getTime() - time) / 1_000);
}
