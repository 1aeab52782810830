import { describe, expect, test } from "vitest";
import { entryOf } from "../../../lambda/core/alerts/incident-entry.ts";
import type { ExceptionScope } from "../../../lambda/core/exceptions/exception.ts";
import { isExcepted } from "../../../lambda/core/exceptions/is-excepted.ts";
import type { Verdict } from "../../../lambda/core/history/verdict.ts";
import type { Incident, IncidentAlert } from "../../../lambda/core/incidents/incident.ts";
import { scoreRules } from "../../../lambda/core/incidents/score.ts";
import { alertOf } from "../../fixtures/cases.ts";

const entry = entryOf(alertOf(), null);
const rule = { id: "r1", title: "A rule" };

/** An incident of one alert of the rule, judged an hour later. */
function incident(
  verdict: Verdict["verdict"] | null,
  own: Partial<IncidentAlert> = {},
  login = "ada@example.com",
): Incident {
  const alert = { ...entry, detections: [rule], kinds: ["vpn"], operator: "NORD_VPN", asNumber: 64500, ...own };
  return {
    id: crypto.randomUUID(),
    changed: alert.detectedAt,
    user: { id: "00u1", login, displayName: null },
    alerts: [alert],
    count: 1,
    verdict: verdict && { verdict, note: "", by: "ana", at: "2026-11-24T10:30:03.000Z" },
  };
}
const adviceOn = (...incidents: readonly Incident[]) => scoreRules(incidents)[0]?.advice;

test("a table counts the alerts of each detection by the verdicts of their incidents, the noisiest first", () => {
  const other = { id: "r2", title: "Another rule" };
  const both = incident("benign", { detections: [rule, other] });
  const late = {
    ...both,
    alerts: [...both.alerts, { ...entry, detections: [other], detectedAt: "2026-11-25T00:00Z" }],
  };
  expect(scoreRules([late, incident("expected"), incident("true-positive", { detections: [other] })])).toMatchObject([
    { ...rule, alerts: 2, truePositives: 0, benign: 1, expected: 1, open: 0 },
    // The alert that came after the verdict waits for another.
    { ...other, alerts: 3, truePositives: 1, benign: 1, expected: 0, open: 1 },
  ]);
  expect(scoreRules([])).toEqual([]);
});

describe("the advice on a detection", () => {
  test("is to keep it where it found anything, and to judge more where too few are judged", () => {
    const three = ["benign", "benign", "expected"].map((verdict) => incident(verdict as Verdict["verdict"]));
    expect(adviceOn(...three, incident("true-positive"))).toEqual({ kind: "keep" });
    expect(adviceOn(incident("benign"), incident("benign"), incident(null))).toEqual({ kind: "judge" });
    expect(adviceOn(incident("benign"), incident("benign"))).toEqual({ kind: "keep" });
  });

  test("is the narrowest exception that covers most of what was harmless", () => {
    const network = { operator: "NORD_VPN", asNumber: null, detection: null };
    const ada = [incident("benign"), incident("benign"), incident("expected")];
    expect(adviceOn(...ada)).toEqual({
      kind: "except",
      scope: { user: "ada@example.com", ...network },
      covers: 3,
    });
    const [bob, cleo] = [incident("benign", {}, "bob@example.com"), incident("benign", {}, "cleo@example.com")];
    expect(adviceOn(...ada, bob)).toMatchObject({ scope: { user: "ada@example.com" }, covers: 3 });
    expect(adviceOn(...ada, bob, cleo)).toEqual({ kind: "except", scope: { user: null, ...network }, covers: 5 });
    const byAsn = [1, 2, 3].map((number) => incident("benign", { operator: null }, `user${number}@example.com`));
    expect(adviceOn(...byAsn)).toMatchObject({ scope: { user: null, operator: null, asNumber: 64500 } });
    const act = { eventType: "user.account.privilege.grant" };
    expect(adviceOn(...[1, 2, 3].map(() => incident("benign", act)))).toMatchObject({ scope: { detection: "r1" } });
    // No exception covers a correlation that it does not name.
    const correlated = { detections: [{ ...rule, correlation: true }] };
    expect(adviceOn(...[1, 2, 3].map(() => incident("benign", correlated)))).toMatchObject({
      scope: { detection: "r1" },
    });
  });

  test("is never an exception that would cover a true positive, of whatever detection", () => {
    const ada = [incident("benign"), incident("benign"), incident("expected")];
    const elsewhere = { detections: [{ id: "r2", title: "Another rule" }], eventType: "user.mfa.factor.update" };
    const adviceWith = (...attacks: readonly Incident[]) =>
      scoreRules([...ada, ...attacks]).find(({ id }) => id === "r1")?.advice;
    const attack = incident("true-positive", elsewhere);
    const doubt = { why: "true-positive", person: "ada@example.com", incident: attack.id };
    expect(adviceWith(attack)).toEqual({ kind: "doubt", doubt });
    // What comes after the verdict is the attacker's as well.
    const late = { ...elsewhere, detectedAt: "2026-11-25T00:00:00.000Z" };
    expect(adviceWith(incident("true-positive", late, "ADA@example.com"))).toMatchObject({ kind: "doubt" });
    // A storm is about many persons.
    expect(adviceWith({ ...incident("true-positive", elsewhere), user: null })).toMatchObject({
      kind: "doubt",
      doubt: { person: null },
    });
    const anotherPerson = {
      ...incident("true-positive", elsewhere),
      user: { id: "00u2", login: "bob@example.com", displayName: null },
    };
    expect(adviceWith(anotherPerson)).toMatchObject({ kind: "except", scope: { user: "ada@example.com" } });
    // Nor for a person who is under attack through another network.
    const anotherOperator = incident("true-positive", { ...elsewhere, operator: "MULLVAD_VPN" });
    expect(adviceWith(anotherOperator)).toMatchObject({ kind: "doubt", doubt: { person: "ada@example.com" } });
    // Nor is it one for everyone, of an operator through which one of them was attacked.
    const others = ["bob", "cleo", "dan"].map((name) => ({
      ...incident("benign", {}, `${name}@example.com`),
      user: { id: `00u${name}`, login: `${name}@example.com`, displayName: null },
    }));
    expect(adviceWith(...others, anotherPerson)).toEqual({
      kind: "except",
      scope: expect.objectContaining({ user: "ada@example.com" }),
      covers: 3,
    });
  });

  test("tells networks, spellings of an operator, and keys of a person apart as exceptions do", () => {
    const attack = (own: Partial<IncidentAlert>, login?: string) =>
      incident("true-positive", { detections: [{ id: "r2", title: "Another rule" }], ...own }, login);
    const adviceBeside = (own: Partial<IncidentAlert>, ...attacks: readonly Incident[]) =>
      scoreRules([...[1, 2, 3].map(() => incident("benign", own)), ...attacks]).find(({ id }) => id === "r1")?.advice;
    // A person was attacked through another autonomous system of no named operator.
    const through = (asNumber: number) => ({ operator: null, asNumber });
    const own = [64_501, 64_501, 64_501].map((asNumber) => incident("benign", through(asNumber)));
    const bob = { id: "00u2", login: "bob@example.com", displayName: null };
    const other = { ...attack(through(64_502)), user: bob };
    expect(scoreRules([...own, other]).find(({ id }) => id === "r1")?.advice).toMatchObject({
      kind: "except",
      scope: { asNumber: 64_501 },
    });
    expect(adviceBeside({ operator: "NordVPN" }, attack({ operator: "NORD_VPN" }))).toMatchObject({ kind: "doubt" });
    const byLogin = {
      ...attack({}, "ADA@Example.com"),
      user: { id: null, login: "ADA@Example.com", displayName: null },
    };
    expect(adviceBeside({}, byLogin)).toMatchObject({ kind: "doubt" });
    // Without a network, an exception would cover whatever the person does.
    expect(adviceBeside({ operator: null, asNumber: null })).toEqual({ kind: "switchOff" });
  });

  test("counts an alert as judged that came in the moment of the verdict, and true positives of all that are known", () => {
    const at = "2026-11-24T10:30:03.000Z";
    expect(scoreRules([incident("benign", { detectedAt: at })])[0]).toMatchObject({ benign: 1, open: 0 });
    const harmless = [1, 2, 3].map(() => incident("benign"));
    const old = incident("true-positive", { detections: [{ id: "r2", title: "Another rule" }] });
    expect(scoreRules(harmless, [...harmless, old])[0]?.advice).toMatchObject({ kind: "doubt" });
  });

  test("leaves out what an exception in force covers", () => {
    const scored = (incidents: readonly Incident[], ...inForce: readonly ExceptionScope[]) =>
      scoreRules(incidents, incidents, (each) => inForce.some((scope) => isExcepted(scope, each)))[0]?.advice;
    const ada = [1, 2, 3].map(() => incident("benign"));
    const bob = [1, 2, 3].map(() => incident("benign", { operator: "MULLVAD_VPN" }, "Bob@example.com"));
    expect(scored(ada, { user: "ada@example.com", operator: "nord" })).toEqual({ kind: "keep" });
    expect(scored(ada, { asNumber: 64_500, kinds: ["vpn"], detections: ["r1"] })).toEqual({ kind: "keep" });
    for (const user of ["bob@example.com", "00u1"]) {
      const left = scored([...ada, ...bob], { user, operator: "MULLVAD_VPN" });
      expect(left).toMatchObject({ kind: "except", covers: 3, scope: { user: "ada@example.com" } });
    }
    for (const other of [
      { user: "bob@example.com" },
      { operator: "MULLVAD_VPN" },
      { asNumber: 64_501 },
      { user: "ada@example.com", detections: ["r2"] },
      { user: "ada@example.com", kinds: ["tor" as const] },
      { cidr: "192.0.2.0/24" },
      { user: "ada@example.com", countryCode: "PT" },
    ]) {
      expect(scored(ada, other)).toMatchObject({ kind: "except", covers: 3 });
    }
    // An exception that names no detection covers neither another act than a session start nor a correlation.
    const act = [1, 2, 3].map(() => incident("benign", { eventType: "user.mfa.factor.update" }));
    expect(scored(act, { user: "ada@example.com" })).toMatchObject({ kind: "except" });
    // What is left has nothing in common: the detection is not to be switched off for that.
    const spread = [1, 2, 3].map((number) =>
      incident("benign", { operator: null, asNumber: number }, `user${number}@example.com`),
    );
    expect(scored([...ada, ...spread], { user: "ada@example.com" })).toEqual({ kind: "keep" });
  });

  test("is to keep what found an attacker, though an exception would cover most of the rest", () => {
    const others = [1, 2, 3].map(() => incident("benign", { operator: "MULLVAD_VPN" }));
    expect(adviceOn(...others, incident("true-positive", {}, "bob@example.com"))).toEqual({ kind: "keep" });
  });

  test("is to switch it off where nothing is in common, and never an exception for Tor", () => {
    const spread = [1, 2, 3].map((number) =>
      incident("benign", { operator: null, asNumber: number }, `user${number}@example.com`),
    );
    expect(adviceOn(...spread)).toEqual({ kind: "switchOff" });
    for (const kind of ["tor", "residential_proxy", "blockchain_vpn"]) {
      const hostile = [1, 2, 3].map(() => incident("benign", { kinds: [kind], operator: "SOME_OPERATOR" }));
      expect(adviceOn(...hostile)).toEqual({ kind: "keep" });
    }
  });
});
