import { expect, test } from "vitest";
import { entryOf } from "../../../lambda/core/alerts/incident-entry.ts";
import type { Incident, IncidentAlert } from "../../../lambda/core/incidents/incident.ts";
import { noiseOf } from "../../../lambda/core/incidents/noise.ts";
import { alertOf } from "../../fixtures/cases.ts";

const entry = entryOf(alertOf(), null);
const rule = { id: "r1", title: "A rule" };
const since = "2026-11-16";

function incident(
  login: string,
  own: Partial<IncidentAlert> = {},
  verdict: NonNullable<Incident["verdict"]>["verdict"] | null = null,
): Incident {
  const network = { kinds: ["vpn"], operator: "NORD_VPN", asNumber: 64_500, storm: null };
  const alert = { ...entry, severity: "high" as const, detections: [rule], ...network, ...own };
  return {
    id: crypto.randomUUID(),
    changed: alert.detectedAt,
    user: { id: `00u-${login}`, login: `${login}@example.com`, displayName: null },
    alerts: [alert],
    count: 1,
    verdict: verdict && { verdict, note: "", by: "ana", at: "2026-11-25T00:00:00.000Z" },
  };
}
const many = (login: string, count: number, own?: Partial<IncidentAlert>) =>
  Array.from({ length: count }, () => incident(login, own));
const nord = { operator: "NORD_VPN", asNumber: null, detection: null };

test("a detection's noise is its alerts since the time, with their persons, and the exception that halves them", () => {
  const old = incident("ada", { detectedAt: "2026-11-15T23:59:59.999Z" });
  expect(noiseOf([...many("ada", 3), ...many("bob", 2), old], since)).toEqual([
    {
      ...rule,
      alerts: 5,
      persons: 2,
      except: { scope: { user: "ada@example.com", ...nord }, covers: 3, inDoubt: [] },
      doubt: null,
    },
  ]);
  const act = { eventType: "user.account.privilege.grant" };
  expect(noiseOf(many("ada", 3, act), since)[0]?.except?.scope).toMatchObject({ detection: "r1" });
  const correlated = { detections: [{ ...rule, correlation: true }] };
  expect(noiseOf(many("ada", 3, correlated), since)[0]?.except?.scope).toMatchObject({ detection: "r1" });
});

test("an alert about a storm names no person: it counts as an alert, and as none of the persons", () => {
  const storm = { ...incident("ada", { storm: "s" }), user: null };
  expect(noiseOf([...many("ada", 3), storm], since)[0]).toMatchObject({ alerts: 4, persons: 1 });
});

test("no exception is proposed that covers less than half, a hostile network, or a true positive", () => {
  const spread = ["a", "b", "c"].map((login, index) => incident(login, { operator: null, asNumber: index + 1 }));
  expect(noiseOf(spread, since)[0]).toMatchObject({ alerts: 3, except: null });
  expect(noiseOf(many("ada", 3, { kinds: ["tor"] }), since)[0]).toMatchObject({ alerts: 3, except: null });
  // However old it is, and by whatever detection.
  const attack = incident(
    "ada",
    { detectedAt: "2026-09-01T00:00:00.000Z", detections: [{ id: "r2", title: "Another" }] },
    "true-positive",
  );
  expect(noiseOf([...many("ada", 3), attack], since)).toEqual([
    {
      ...rule,
      alerts: 3,
      persons: 1,
      except: null,
      doubt: { why: "true-positive", person: "ada@example.com", incident: attack.id },
    },
  ]);
  expect(noiseOf([...many("ada", 3), incident("ada", {}, "true-positive")], since)[0]?.alerts).toBe(3);
});

test("the loudest detection comes first, by its latest title; half of the alerts is enough, and a day counts from its start", () => {
  const other = { id: "r2", title: "Another rule" };
  const renamed = incident("ada", {
    detectedAt: "2026-11-24T12:00:00.000Z",
    detections: [{ ...rule, title: "New title" }],
  });
  const atStart = incident("bob", { detectedAt: since, operator: "MULLVAD_VPN", detections: [rule, other] });
  const found = noiseOf(
    [
      incident("ada", { detectedAt: "2026-11-20T00:00:00.000Z" }),
      renamed,
      atStart,
      incident("cleo", { operator: "SURFSHARK_VPN" }),
    ],
    since,
  );
  expect(found.map(({ id, title, alerts, except }) => [id, title, alerts, except?.covers ?? null])).toEqual([
    ["r1", "New title", 4, 2],
    ["r2", "Another rule", 1, 1],
  ]);
});

test("an exception for everyone is proposed for most of a detection's alerts, not for all of them", () => {
  const three = [...many("ada", 3), ...many("bob", 2), ...many("cleo", 2)];
  expect(noiseOf(three, since)[0]).toMatchObject({ alerts: 7, except: null });
  const elsewhere = { operator: null, asNumber: 64_501 };
  const except = noiseOf([...three, incident("dora", elsewhere)], since)[0]?.except;
  expect(except).toEqual({ scope: { user: null, ...nord }, covers: 7, inDoubt: [] });
  const [bea, doubted] = [incident("bea"), incident("bea", elsewhere)];
  expect(noiseOf([...three, bea, doubted], since)[0]?.except).toMatchObject({
    covers: 8,
    inDoubt: [{ person: "bea@example.com", alerts: 1 }],
  });
  // Another alert about ada waits for a verdict: two persons are left who speak for it.
  expect(noiseOf([...three, incident("ada", elsewhere)], since)[0]?.except).toBeNull();
});

test("what waits for a verdict may be an attack where it is critical or stands in a storm; judged benign, it is none", () => {
  const critical = { severity: "critical" as const };
  const exceptOf = (last: Incident) => noiseOf([...many("ada", 3), last], since)[0]?.except ?? null;
  expect(exceptOf(incident("ada", critical))).toBeNull();
  expect(exceptOf(incident("ada", { storm: "s" }))).toBeNull();
  expect(exceptOf(incident("ada", critical, "benign"))).toMatchObject({ covers: 4 });
});
