import { countryCode } from "../geo/country.ts";
import { summarizeHistory } from "../history/history.ts";
import { anonymousNetwork } from "../okta/anonymous-network.ts";
import { behaviors as behaviorsOf } from "../okta/behaviors.ts";
import { changeOf } from "../okta/change.ts";
import { type LogEvent, publishedTime } from "../okta/log-event.ts";
import { type Principal, personOf } from "../okta/person.ts";
import { risk as readRisk } from "../okta/risk.ts";
import { coordinatesOfExit } from "../profiles/judge-location.ts";
import { shorten } from "../text/shorten.ts";
import type { Alert } from "./alert-schema.ts";
import type { AlertSource } from "./alert-source.ts";
import { consoleLinks } from "./console-links.ts";
import { mapLink } from "./map-link.ts";
import { toAlertTravel } from "./travel.ts";

/** The longest text that an alert copies from an event, in UTF-16 code units. Names and addresses are far shorter. */
const maximumText = 1_000;

/** Services, operators, reasons, behaviors and targets that an alert names, each: the event has the others. */
const maximumItems = 20;

/** The facts of an alert: its fields about the event, from which its sentences are written. */
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
  | "travel"
  | "sessionChanged"
  | "history"
  | "heldBack"
  | "risk"
  | "behaviors"
  | "okta"
  | "links"
  | "ageSeconds"
>;

/** Reads the facts of an alert from its event: unknown facts are null, texts and lists are cut to a bound. */
export function alertFacts(source: Omit<AlertSource, "detections">): AlertFacts {
  const { event, delivery, detectedAt, judgement, state = null } = source;
  const { test, user, actor, targets, change, session, device, network, client, exit, risk, behaviors } =
    eventFacts(event);
  const map = mapLink(event.fields.client?.geographicalContext ?? null);
  const links = { ...consoleLinks(delivery.org, event), map };
  return {
    test,
    ageSeconds: ageOf(event, detectedAt),
    user,
    actor,
    targets,
    change,
    session,
    device,
    network,
    client,
    geo: {
      verdict: judgement.verdict,
      reason: brief(judgement.reason) ?? "",
      distanceKm: judgement.distanceKm,
      thresholdKm: source.thresholdKm,
      exit,
      nearestProfileLocation: judgement.nearestProfileLocation,
    },
    travel: toAlertTravel(source.travel ?? null),
    sessionChanged: source.sessionChanged == null ? null : [...source.sessionChanged],
    risk,
    behaviors,
    okta: oktaOf(source, links.event),
    links,
    history: source.withWords === false ? null : state && summarizeHistory(state, event, detectedAt),
    heldBack: source.suppressed ?? null,
  };
}

/** The facts that an event gives alone. */
export type EventFacts = Pick<
  AlertFacts,
  "test" | "user" | "actor" | "targets" | "change" | "session" | "device" | "network" | "client" | "risk" | "behaviors"
> & { readonly exit: Alert["geo"]["exit"] };

/** The facts of an event, read once: its alert needs them, and the note that groups of correlations keep of it. */
export function eventFacts(event: LogEvent): EventFacts {
  return event.once("facts", readFacts);
}

function readFacts(event: LogEvent): EventFacts {
  const { actor, target } = event.fields;
  const person = personOf(event);
  return {
    test: event.isTest,
    user: { id: brief(person?.id), login: brief(person?.login), displayName: brief(person?.displayName) },
    actor: briefPrincipal(actor),
    targets: target.flatMap((each) => (each === null ? [] : [briefPrincipal(each)])).slice(0, maximumItems),
    change: brief(changeOf(event)),
    session: sessionOf(event.fields),
    device: deviceOf(event.fields),
    network: networkOf(event),
    client: clientOf(event.fields),
    exit: exitOf(event.fields),
    risk: riskOf(event),
    behaviors: behaviorsOf(event)
      .slice(0, maximumItems)
      .map(({ name, result }) => ({ name: brief(name) ?? "", result: brief(result) })),
  };
}

function sessionOf({ outcome, authenticationContext }: LogEvent["fields"]): Alert["session"] {
  return {
    outcome: brief(outcome?.result),
    reason: brief(outcome?.reason),
    externalSessionId: brief(authenticationContext?.externalSessionId),
    rootSessionId: brief(authenticationContext?.rootSessionId),
    credentialType: brief(authenticationContext?.credentialType),
    credentialProvider: brief(authenticationContext?.credentialProvider),
    authenticationProvider: brief(authenticationContext?.authenticationProvider),
  };
}

function deviceOf({ device }: LogEvent["fields"]): Alert["device"] {
  return {
    id: brief(device?.id),
    name: brief(device?.name),
    platform: brief(device?.os_platform),
    registered: device?.registered ?? null,
    managed: device?.managed ?? null,
  };
}

function networkOf(event: LogEvent): Alert["network"] {
  const { client, securityContext } = event.fields;
  const anonymous = anonymousNetwork(event);
  return {
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
  };
}

function clientOf({ client }: LogEvent["fields"]): Alert["client"] {
  return {
    browser: brief(client?.userAgent?.browser),
    os: brief(client?.userAgent?.os),
    device: brief(client?.device),
    userAgent: brief(client?.userAgent?.rawUserAgent),
    zone: brief(client?.zone),
  };
}

function exitOf({ client }: LogEvent["fields"]): Alert["geo"]["exit"] {
  const exit = client?.geographicalContext ?? null;
  const coordinates = exit === null ? null : coordinatesOfExit(exit);
  return {
    city: brief(exit?.city),
    state: brief(exit?.state),
    country: brief(exit?.country),
    countryCode: countryCode(exit?.country),
    latitude: coordinates?.latitude ?? null,
    longitude: coordinates?.longitude ?? null,
  };
}

function riskOf(event: LogEvent): Alert["risk"] {
  const found = readRisk(event);
  return {
    level: brief(found.level),
    previousLevel: brief(found.previousLevel),
    reasons: found.reasons.slice(0, maximumItems).map((reason) => brief(reason) ?? ""),
    detectionName: brief(found.detectionName),
  };
}

function oktaOf(
  { event, delivery }: Pick<AlertSource, "event" | "delivery">,
  systemLogUrl: string | null,
): Alert["okta"] {
  return {
    org: brief(delivery.org),
    eventUuid: event.uuid,
    eventHookId: brief(delivery.eventHookId),
    deliveryId: brief(delivery.id),
    published: event.published,
    eventType: event.eventType,
    systemLogUrl,
  };
}

/** A text of an event, within the bound of an alert; null for none. */
export function brief(text: string | null | undefined): string | null {
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
