import type { Alert, AlertCorrelation } from "../alerts/alert-schema.ts";
import { techniqueName } from "../alerts/attack-techniques.ts";
import { type InertAlert, inertAlert } from "../alerts/inert.ts";
import { type Output, reservedBytes } from "../alerts/output.ts";
import { storyOf, undoList } from "../alerts/story.ts";
import { isNamed } from "../alerts/wording.ts";
import { cutToFit, uniteCuts } from "../okta/cut-event.ts";
import { publishedTime } from "../okta/log-event.ts";
import { isUnknown } from "../okta/person.ts";
import { topicMessageBytes } from "../text/message-limits.ts";
import { wellFormedJson } from "../text/well-formed-json.ts";

/*
 * A Detection Finding (class 2004) of the Open Cybersecurity Schema Framework, for Amazon Security Lake and SIEMs:
 * https://schema.ocsf.io/1.5.0/classes/detection_finding. Unknown values are left out, as OCSF requires.
 */

const version = "1.5.0";
const typeUid = 200401;
const typeName = "Detection Finding: Create";

const severities = {
  informational: [1, "Informational"],
  low: [2, "Low"],
  medium: [3, "Medium"],
  high: [4, "High"],
  critical: [5, "Critical"],
} as const satisfies Record<Alert["severity"], readonly [number, string]>;

const riskLevels: Readonly<Record<string, readonly [number, string]>> = {
  LOW: [1, "Low"],
  MEDIUM: [2, "Medium"],
  HIGH: [3, "High"],
};

/** Alerts for Amazon Security Lake, and other readers of OCSF. */
export const output: Output = {
  description: "Amazon Security Lake and SIEMs, as OCSF Detection Finding",
  render: (alert) => {
    // Fields that a SIEM compares keep Okta's texts; fields that an analyst reads are inert.
    const data = inertAlert(alert, "data");
    const words = inertAlert(alert, "text");
    return cutToFit(alert.event, topicMessageBytes - reservedBytes, (event, eventCut) =>
      wellFormedJson(withoutUnknown(toFinding(data, words, event, uniteCuts(alert.eventCut, eventCut)))),
    );
  },
};

/**
 * @param alert the alert for the fields that a SIEM compares
 * @param words the alert for the fields that an analyst reads
 */
function toFinding(alert: InertAlert, words: InertAlert, event: Alert["event"], eventCut: readonly string[] | null) {
  const { user, actor, targets, session, device, network, client, geo, okta, detections, incident } = alert;
  const [severityId, severity] = severities[alert.severity];
  const [riskId, riskLevel] = riskLevels[alert.risk.level?.toUpperCase() ?? ""] ?? [];
  const [severest, ...others] = detections;
  const published = publishedTime(okta.published);
  const at = Number.isNaN(published) ? Date.parse(alert.detectedAt) : published;
  const storm = alert.storm?.report == null ? null : alert.storm;
  // Texts about the events that came together are for an analyst to read.
  const correlated = correlatedEvents(words);
  const accounts = storm?.users.map(({ login }) => ({ name: login, type: "Okta login" })) ?? [];
  const persons = [user, ...targets.filter(({ type, id }) => type?.toLowerCase() === "user" && id !== user.id)];
  return {
    activity_id: 1,
    activity_name: "Create",
    category_uid: 2,
    category_name: "Findings",
    class_uid: 2004,
    class_name: "Detection Finding",
    type_uid: typeUid,
    type_name: typeName,
    time: Date.parse(alert.detectedAt),
    severity_id: severityId,
    severity,
    status_id: 1,
    status: "New",
    is_alert: true,
    message: words.summary,
    count: storm?.attempts ?? 1 + (alert.heldBack?.count ?? 0),
    risk_level_id: riskId,
    risk_level: riskLevel,
    risk_details: alert.risk.reasons.length === 0 ? null : alert.risk.reasons.join("; "),
    metadata: {
      version,
      uid: alert.alertId,
      correlation_uid: incident.id,
      event_code: okta.eventType,
      log_name: "System Log",
      log_provider: "Okta",
      original_time: okta.published,
      tenant_uid: okta.org,
      labels: alert.test ? ["test"] : null,
      product: { name: "okta-proxy-watch", vendor_name: "okta-proxy-watch" },
    },
    finding_info: {
      uid: alert.alertId,
      title: severest?.title,
      desc: severest?.description || null,
      created_time: Date.parse(alert.detectedAt),
      first_seen_time: storm === null ? firstOf(correlated, at) : Date.parse(storm.since),
      last_seen_time: storm === null ? at : Date.parse(storm.until),
      data_sources: ["Okta System Log"],
      src_url: alert.links.event,
      analytic: severest && toAnalytic(severest),
      related_analytics: listOf(others.map(toAnalytic)),
      attacks: toAttacks(detections),
      related_events: listOf<object>([
        // The alerts before it in its incident, by the uid of their findings.
        ...incident.before.map(({ alertId }) => ({ uid: alertId, type_uid: typeUid, type: typeName })),
        ...correlated.map(toRelatedEvent),
      ]),
      related_events_count: (incident.before.length === 0 ? 0 : (incident.alerts ?? 0)) + correlated.length || null,
    },
    evidences: [
      {
        actor: someOf({
          user: toAccount(actor),
          session: someOf({
            uid: session.rootSessionId ?? session.externalSessionId,
            uid_alt: session.rootSessionId === null ? null : session.externalSessionId,
            issuer: session.credentialProvider,
          }),
        }),
        src_endpoint: someOf({
          ip: network.ip,
          domain: network.domain,
          autonomous_system: someOf({ number: network.asNumber, name: network.asOrg }),
          location: someOf({
            city: geo.exit.city,
            region: geo.exit.state,
            country: geo.exit.countryCode,
            lat: geo.exit.latitude,
            long: geo.exit.longitude,
          }),
        }),
        http_request: someOf({ user_agent: client.userAgent }),
        // Facts that OCSF has no attribute for.
        data: { eventUuid: okta.eventUuid, services: network.services, device },
      },
    ],
    // The account at stake, and the accounts that the act changed; of a storm, its logins.
    resources: listOf<object>([
      ...accounts,
      ...persons.filter(isNamed).map(({ id, login }) => ({ uid: id, name: login, type: "Okta user" })),
    ]),
    remediation: { desc: remediation(words) },
    unmapped: {
      test: alert.test,
      follow_up: alert.followUp,
      change: alert.change,
      age_seconds: alert.ageSeconds,
      anonymous_network: network.anonymous,
      outcome: session.outcome,
      outcome_reason: session.reason,
      geo_verdict: geo.verdict,
      geo_reason: geo.reason,
      distance_km: geo.distanceKm,
      ...(alert.travel !== null && { travel: alert.travel }),
      history: alert.history,
      verdict_of_last: incident.verdict,
      ...(correlated.length > 0 && { correlations: toCorrelations(alert) }),
      ...(alert.storm !== null && { storm: { ...alert.storm, users: undefined } }),
      event_cut: eventCut,
    },
    raw_data: wellFormedJson(event),
  };
}

type CorrelatedEvent = AlertCorrelation["events"][number];

/** The events that came together in any of the correlations, each once, in order of time. */
function correlatedEvents({ detections }: InertAlert): readonly CorrelatedEvent[] {
  const events = detections.flatMap(({ correlation }) => correlation?.events ?? []);
  const byUuid = new Map(events.map((event) => [event.eventUuid, event]));
  return [...byUuid.values()].sort((a, b) => Date.parse(a.published) - Date.parse(b.published));
}

/** An event of Okta's System Log, which is none of OCSF and has no type there. */
function toRelatedEvent({ eventUuid, published, eventType, rule, summary }: CorrelatedEvent) {
  return {
    uid: eventUuid,
    type: eventType,
    title: rule.title,
    desc: summary,
    first_seen_time: Date.parse(published),
    product: { name: "Okta System Log", vendor_name: "Okta" },
  };
}

function firstOf(correlated: readonly CorrelatedEvent[], at: number): number {
  return Math.min(at, ...correlated.map(({ published }) => Date.parse(published)));
}

/** What came together, without the events, which are among the related ones. */
function toCorrelations({ detections }: InertAlert) {
  return detections.flatMap(({ id, correlation }) => {
    if (correlation === null) return [];
    const { type, groupBy, timespan, events, more } = correlation;
    return [{ rule: id, type, group_by: groupBy, timespan, events: events.map(({ eventUuid }) => eventUuid), more }];
  });
}

/** The most acts of which a finding says how to undo them. */
const maximumUndo = 20;

/** The steps, numbered, and what to undo. */
function remediation(words: InertAlert): string {
  const story = storyOf(words);
  const undo = story === null ? [] : undoList(story, maximumUndo).map(({ text }) => `- ${text}`);
  const steps = words.triage.map((step, index) => `${index + 1}. ${step}`);
  return [...steps, ...(undo.length === 0 ? [] : ["What to undo:", ...undo])].join("\n");
}

/** An actor as a user of OCSF, which has types for users and systems. */
function toAccount(actor: Alert["actor"]) {
  if (!isNamed(actor)) return null;
  const type = actor.type?.toLowerCase() ?? "user";
  return {
    uid: isUnknown(actor.id) ? null : actor.id,
    name: isUnknown(actor.login) ? null : actor.login,
    full_name: isUnknown(actor.displayName) ? null : actor.displayName,
    type_id: type === "user" ? 1 : type === "systemprincipal" ? 3 : 99,
    type: type === "user" || type === "systemprincipal" ? null : actor.type,
  };
}

function listOf<Item>(items: readonly Item[]): readonly Item[] | null {
  return items.length === 0 ? null : items;
}

function toAnalytic({ id, title }: Alert["detections"][number]) {
  return { uid: id, name: title, type_id: 1, type: "Rule" };
}

/** Sigma's tags `attack.t1078.004` name techniques of MITRE ATT&CK. */
function toAttacks(detections: Alert["detections"]) {
  const tags = new Set(detections.flatMap(({ tags }) => tags));
  const attacks = [...tags].flatMap((tag) => {
    const [, technique, sub] = /^attack\.(t\d{4})(?:\.(\d{3}))?$/i.exec(tag) ?? [];
    if (technique === undefined) return [];
    const uid = technique.toUpperCase();
    const named = { name: techniqueName(uid), uid };
    return [{ technique: named, ...(sub === undefined ? {} : { sub_technique: { uid: `${uid}.${sub}` } }) }];
  });
  return listOf(attacks);
}

/** Null for an object without known attributes: OCSF requires at least one. */
function someOf<Value extends object>(value: Value): Value | null {
  return Object.values(value).some((each) => each !== null && each !== undefined) ? value : null;
}

/** Removes unknown values from the finding, except those under `unmapped` and `data`. */
function withoutUnknown(value: object): object {
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => {
      if (each === null || each === undefined) return [];
      if (name === "unmapped" || name === "data" || typeof each !== "object") return [[name, each]];
      if (Array.isArray(each)) {
        return [[name, each.map((item) => (typeof item === "object" && item !== null ? withoutUnknown(item) : item))]];
      }
      return [[name, withoutUnknown(each)]];
    }),
  );
}
