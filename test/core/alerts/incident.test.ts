import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import { describeBefore, describeIncident, describePlace } from "../../../lambda/core/alerts/incident.ts";
import { entryOf } from "../../../lambda/core/alerts/incident-entry.ts";
import { type Incident, maximumShown, openedAt } from "../../../lambda/core/incidents/incident.ts";
import { output as chat } from "../../../lambda/core/outputs/chat.ts";
import { output as ocsf } from "../../../lambda/core/outputs/ocsf.ts";
import { output as pagerduty } from "../../../lambda/core/outputs/pagerduty.ts";
import { levels } from "../../../lambda/core/sigma/rule.ts";
import { alertOf } from "../../fixtures/cases.ts";
import type { Json } from "../../fixtures/events.ts";
import { renderEmail } from "../../fixtures/rendered.ts";

const entry = entryOf(alertOf(), null);
const start = Date.parse("2026-11-24T00:00:00Z");

/** An incident of so many alerts, a minute apart, of which the first are kept. */
function incidentOf(count: number, kept = count): Incident {
  const alerts = Array.from({ length: kept }, (_, index) => ({
    ...entry,
    alertId: `alert-${index}`,
    detectedAt: new Date(start + index * 60_000).toISOString(),
  }));
  return { id: "i", changed: "2026-11-24T09:00:00.000Z", user: null, alerts, count, verdict: null };
}
const detectedAt = new Date("2026-11-24T09:30:00Z");
const described = (known: Incident | null | undefined, alertId = "new") =>
  describeIncident({ id: "i", known, verdict: null }, alertId, detectedAt);
const withIncident = (incident: Alert["incident"], own: Partial<Alert> = {}): Alert => ({
  ...alertOf(),
  incident,
  ...own,
});

describe("what an alert says of its incident", () => {
  test("is the number of alerts before it, and the last ten in order of time", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.boolean(), (count, isRecorded) => {
        const known = incidentOf(count);
        const alertId = isRecorded ? `alert-${count - 1}` : "new";
        const { alerts, before, opened } = described(known, alertId);
        expect(alerts).toBe(isRecorded ? count - 1 : count);
        expect(before.map((each) => each.alertId)).toEqual(
          known.alerts
            .map((each) => each.alertId)
            .filter((each) => each !== alertId)
            .slice(-maximumShown),
        );
        expect(opened).toBe(openedAt(known));
      }),
    );
  });

  test("tells the first alert from one of which it is not known what came before", () => {
    expect(described(null)).toMatchObject({ opened: detectedAt.toISOString(), alerts: 0, before: [] });
    expect(described(undefined)).toMatchObject({ opened: null, alerts: null, before: [] });
    for (const known of [null, undefined]) expect(describePlace(withIncident(described(known)))).toBeNull();
  });

  test("names the last three in words, and counts the others", () => {
    const said = (count: number, kept = count) => describeBefore(withIncident(described(incidentOf(count, kept))));
    expect(said(1)).toBe("2nd alert of this session: at 00:00 UTC a sign-in (high)");
    expect(said(2)).toMatch(/^3rd alert of this session: at 00:00 UTC .*, at 00:01 UTC /);
    expect(said(10)).toMatch(/^11th alert of this session: 7 more before, at 00:07 UTC /);
    expect(said(21)).toMatch(/^22nd alert /);
    expect(said(70, 51)).toMatch(/^71st alert of this session: 67 more before, /);
    const sessionless = { session: { ...alertOf().session, externalSessionId: null, rootSessionId: "unknown" } };
    expect(describeBefore(withIncident(described(incidentOf(1)), sessionless))).toMatch(
      /^2nd alert of this incident: /,
    );
  });
});

describe("the alerts of one incident", () => {
  const keyOf = (alert: Alert) => (JSON.parse(pagerduty.render(alert)) as Json).dedup_key;
  const incident = described(incidentOf(2));

  test("are one incident of PagerDuty, but for one severer than all before it, which has to page anew", () => {
    for (const severity of levels) {
      const isSeverer = severity === "critical";
      expect(keyOf(withIncident(incident, { severity }))).toBe(isSeverer ? "i-critical" : "i");
    }
    expect(keyOf(withIncident(described(null), { severity: "critical" }))).toBe("i");
    expect(keyOf(withIncident(described(undefined)))).toBe("i-high");
  });

  test("name the command that shows it, in mail and chat; a test is of no incident", () => {
    const command = "npx okta-proxy-watch incidents show i";
    const texts = (alert: Alert) => [renderEmail(alert), chat.render(alert)];
    for (const text of texts(withIncident(incident))) expect(text).toContain(command);
    for (const text of texts(withIncident(incident, { test: true })))
      expect(text).not.toContain("npx okta-proxy-watch incidents");
  });

  test("are one thread of a chat, and findings of OCSF that are related", () => {
    const notification = JSON.parse(chat.render(withIncident(incident))) as { metadata: Json };
    expect(notification.metadata.threadId).toBe("i");
    const finding = JSON.parse(ocsf.render(withIncident(incident))) as { metadata: Json; finding_info: Json };
    expect(finding.metadata.correlation_uid).toBe("i");
    const related = { type_uid: 200401, type: "Detection Finding: Create" };
    expect(finding.finding_info).toMatchObject({
      uid: alertOf().alertId,
      related_events: [
        { uid: "alert-0", ...related },
        { uid: "alert-1", ...related },
      ],
      related_events_count: 2,
    });
  });
});
