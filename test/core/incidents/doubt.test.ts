import { expect, test } from "vitest";
import { entryOf } from "../../../lambda/core/alerts/incident-entry.ts";
import { doubtedScopes } from "../../../lambda/core/incidents/common-scope.ts";
import { createDoubtTest, type Doubt, describeDoubt } from "../../../lambda/core/incidents/doubt.ts";
import type { Incident, IncidentAlert } from "../../../lambda/core/incidents/incident.ts";
import { masked } from "../../../lambda/core/okta/stranger.ts";
import { alertOf } from "../../fixtures/cases.ts";

const entry = entryOf(alertOf(), null);
const user = { id: "00u1", login: "ada@example.com", displayName: null };
const network = { kinds: ["vpn"], operator: "NORD_VPN", asNumber: 64_500, storm: null };

function incident(
  own: Partial<IncidentAlert> = {},
  verdict: NonNullable<Incident["verdict"]>["verdict"] | null = null,
  person: Incident["user"] = user,
): Incident {
  const alert = {
    ...entry,
    severity: "high" as const,
    detections: [{ id: "r1", title: "A rule" }],
    ...network,
    ...own,
  };
  return {
    id: crypto.randomUUID(),
    changed: alert.detectedAt,
    user: person,
    alerts: [alert],
    count: 1,
    verdict: verdict && { verdict, note: "", by: "ana", at: "2026-11-25T00:00:00.000Z" },
  };
}

const scope = { user: "ada@example.com", operator: "NORD_VPN", asNumber: null };
const everyone = { ...scope, user: null };
const of = { alert: network, user };
const tor = { kinds: ["tor"], operator: null, asNumber: 64_501 };

test("a person of whom an incident was judged a true positive is under attack through every network", () => {
  const attack = incident(tor, "true-positive", { ...user, id: null, login: "Ada@example.com" });
  const doubtOf = createDoubtTest([incident(), attack]);
  expect(doubtOf(scope, of)).toEqual({ why: "true-positive", person: "ada@example.com", incident: attack.id });
  // An exception for everyone would cover the person's sign-ins as well.
  expect(doubtOf(everyone, of)).toMatchObject({ why: "true-positive", incident: attack.id });
  expect(doubtOf({ ...everyone, operator: "MULLVAD_VPN" }, of)).toBeNull();
  const bob = { id: "00u2", login: "bob@example.com", displayName: null };
  expect(doubtOf({ ...scope, user: "bob@example.com" }, { ...of, user: bob })).toBeNull();
});

test("an alert that waits for a verdict speaks against an exception for its person, where the exception does not cover it", () => {
  const doubtWith = (other: Incident) => createDoubtTest([incident(), other])(scope, of);
  expect(doubtWith(incident())).toBeNull();
  for (const other of [
    tor,
    { operator: "MULLVAD_VPN" },
    { kinds: ["residential_proxy"] },
    { eventType: "user.mfa.factor.reset_all" },
    { detections: [{ id: "r2", title: "A correlation", correlation: true }] },
  ]) {
    const waiting = incident(other);
    expect(doubtWith(waiting)).toEqual({ why: "open", person: "ada@example.com", incident: waiting.id });
    expect(doubtWith(incident(other, "benign"))).toBeNull();
  }
  // An alert that came after the verdict waits for one.
  expect(doubtWith(incident({ ...tor, detectedAt: "2026-11-26T00:00:00.000Z" }, "benign"))).toMatchObject({
    why: "open",
  });
  // Others may use the network all the same.
  expect(createDoubtTest([incident(), incident(tor)])(everyone, of)).toBeNull();
});

test("a grave alert that came after the verdict on its incident speaks against what would cover it", () => {
  const later = { severity: "critical" as const, detectedAt: "2026-11-26T00:00:00.000Z" };
  const judged = incident({}, "benign");
  const attack = incident(later, "benign");
  const doubtOf = createDoubtTest([judged, attack]);
  for (const each of [scope, everyone]) {
    expect(doubtOf(each, of)).toEqual({ why: "open", person: "ada@example.com", incident: attack.id });
  }
  // What was judged harmless is harmless, however severe.
  const known = incident({ ...later, detectedAt: "2026-11-24T00:00:00.000Z" }, "benign");
  expect(createDoubtTest([judged, known])(scope, of)).toBeNull();
});

test("an act that the exception names does not speak against it", () => {
  const act = { eventType: "user.session.access_admin_app" };
  expect(createDoubtTest([incident(act)])(scope, { ...of, rules: ["r1"] })).toBeNull();
  expect(createDoubtTest([incident(act)])(scope, { ...of, rules: ["r2"] })).toMatchObject({ why: "open" });
});

test("a person of a replay who came through a hostile network, or of whom an alert is grave, has no exception", () => {
  expect(createDoubtTest([], [], [user])(scope, of)).toEqual({
    why: "grave",
    person: "ada@example.com",
    incident: null,
  });
  expect(createDoubtTest([], [], [user])(everyone, of)).toBeNull();
  const elsewhere = { alert: { ...network, operator: "MULLVAD_VPN" }, user };
  expect(createDoubtTest([], [elsewhere])(scope, of)).toMatchObject({ why: "grave" });
  expect(createDoubtTest([], [elsewhere])(everyone, of)).toBeNull();
});

test("a doubt says of whom, and which incident", () => {
  const doubt: Doubt = { why: "open", person: "ada@example.com", incident: "0a1b2c3d-0000-4000-8000-000000000000" };
  expect(describeDoubt(doubt)).toBe("another alert about ada@example.com waits for a verdict (0a1b2c3d)");
  expect(describeDoubt({ ...doubt, why: "true-positive", person: null })).toBe(
    "a storm was judged a true positive (0a1b2c3d)",
  );
  expect(describeDoubt({ why: "grave", person: "ada@example.com", incident: null })).toBe(
    "an alert about ada@example.com may be about an attack",
  );
});

test("a person whom alerts mask has no exception: one could not name the person", () => {
  const stranger = { id: null, login: masked, displayName: masked };
  const scopes = doubtedScopes({ alert: network, user: stranger }, createDoubtTest([])).map(({ scope }) => scope);
  expect(scopes).toEqual([{ ...everyone, detection: null }]);
});
