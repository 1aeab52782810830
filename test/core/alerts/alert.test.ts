import { describe, expect, test } from "vitest";
import { createAlert } from "../../../lambda/core/alerts/alert.ts";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import type { AlertSource } from "../../../lambda/core/alerts/alert-source.ts";
import { entryOf } from "../../../lambda/core/alerts/incident-entry.ts";
import type { GeoJudgement } from "../../../lambda/core/profiles/judge-location.ts";
import type { Rule } from "../../../lambda/core/sigma/rule.ts";
import { logEvent } from "../../fixtures/events.ts";
import { rule } from "../../fixtures/rules.ts";

const low = rule("low", "00000000-0000-4000-8000-000000000001");
const high = rule("high", "00000000-0000-4000-8000-000000000002");
const alsoHigh = rule("high", "00000000-0000-4000-8000-000000000003");
const unknownLocation: GeoJudgement = {
  verdict: "unknown",
  reason: "No profile location is known for this user.",
  distanceKm: null,
  nearestProfileLocation: null,
};

function alert({ rules = [high], ...overrides }: Partial<AlertSource> & { rules?: readonly Rule[] } = {}): Alert {
  return createAlert({
    event: logEvent({ uuid: "event-1" }),
    delivery: { id: "delivery-1", org: "example.okta.com", eventHookId: "who1" },
    detections: rules.map((each) => ({ rule: each, matched: [] })),
    judgement: unknownLocation,
    thresholdKm: 500,
    detectedAt: new Date("2026-11-24T09:30:03Z"),
    ...overrides,
  });
}

describe("the alert's id", () => {
  test("is a UUIDv5, the same however often and in whatever order the detections come", () => {
    const { alertId } = alert({ rules: [low, high] });
    expect(alertId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(alert({ rules: [high, low], detectedAt: new Date(0) }).alertId).toBe(alertId);
  });

  test("differs by event and by detection", () => {
    const ids = [
      alert().alertId,
      alert({ rules: [low] }).alertId,
      alert({ event: logEvent({ uuid: "event-2" }) }).alertId,
    ];
    expect(new Set(ids).size).toBe(3);
  });
});

test.each([
  [
    "true-positive",
    /^Clear the user's sessions now: an incident of this person was judged a true positive\. Then call /,
  ],
  ["benign", /^Call /],
] as const)("of a person whose last incident was judged %s, the first step fits that", (verdict, step) => {
  const judged = { verdict, note: "", by: "ana", at: "2026-11-24T08:00:00.000Z" } as const;
  expect(alert({ incident: { id: "i", known: null, verdict: judged } }).triage[0]).toMatch(step);
});

test("an alert proposes an exception for a plain sign-in, and none for a person who may be under attack", () => {
  const proxied = logEvent({ uuid: "event-1", securityContext: { isProxy: true, asNumber: 64_500 } });
  const proposes = (options: Parameters<typeof alert>[0] = {}) =>
    alert({ event: proxied, ...options }).triage.some((step) => step.includes("exceptions add"));
  expect(proposes()).toBe(true);
  const verdict = { verdict: "true-positive", note: "", by: "ana", at: "2026-11-24T08:00:00.000Z" } as const;
  expect(proposes({ incident: { id: "i", known: null, verdict } })).toBe(false);
  const risky = { ...proxied.fields, debugContext: { debugData: { risk: "{level=HIGH}" } } };
  expect(proposes({ event: logEvent(risky) })).toBe(false);
  const after = (eventType: string) => {
    const before = { ...entryOf(alert({ event: proxied }), null), alertId: "earlier", eventType };
    const known = { id: "i", changed: before.detectedAt, user: null, alerts: [before], count: 1, verdict: null };
    return proposes({ incident: { id: "i", known, verdict: null } });
  };
  expect(after("user.session.start")).toBe(true);
  expect(after("user.mfa.factor.reset_all")).toBe(false);
});

test("the triage steps of the severest rules that have any, three at most, come after the most urgent step", () => {
  const stepOf = (level: "low" | "high", step: string) => ({ ...(level === "low" ? low : high), triage: [step] });
  const plain = alert({ rules: [alsoHigh] }).triage;
  const { triage } = alert({ rules: [stepOf("low", "Ask."), stepOf("high", "Restore the policy."), alsoHigh] });
  expect(triage).toEqual([plain[0], "Restore the policy.", ...plain.slice(1)]);
  const several = ["Restore the policy.", "Look at the device.", "Restore the policy.", "Block it.", "Too much."];
  expect(alert({ rules: several.map((step) => stepOf("high", step)) }).triage).toEqual([
    plain[0],
    "Restore the policy.",
    "Look at the device.",
    "Block it.",
    ...plain.slice(1),
  ]);
});

describe("detections", () => {
  test("stand severest first, and the severest decides the severity", () => {
    const { severity, detections } = alert({ rules: [low, alsoHigh, high] });
    expect(severity).toBe("high");
    expect(detections.map(({ id }) => id)).toEqual([high.id, alsoHigh.id, low.id]);
    expect(detections[0]).toEqual({
      id: high.id,
      title: "Rule of level high",
      level: "high",
      description: "Test",
      tags: ["attack.initial-access"],
      references: ["https://example.com/why"],
      falsePositives: ["A test"],
      correlation: null,
      matched: [],
    });
  });

  test("name what matched, in bounds for any event", () => {
    const fields = [
      { field: "target.displayName", values: ["x".repeat(2_000), 5, true, { deep: 1 }] },
      { field: "target.id", values: Array.from({ length: 1_000 }, (_, index) => String(index)) },
    ];
    const { detections } = alert({ detections: [{ rule: high, matched: [{ selection: "selection", fields }] }] });
    expect(detections[0]?.matched).toEqual([
      {
        selection: "selection",
        fields: [
          { field: "target.displayName", values: [`${"x".repeat(1_000)}…`, 5, true, null] },
          { field: "target.id", values: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] },
        ],
      },
    ]);
  });

  test("there has to be one", () => {
    expect(() => alert({ rules: [] })).toThrow(/event-1 needs at least one detection/);
  });
});

test("what is unknown is null, and never left out", () => {
  const bare = logEvent({
    actor: null,
    client: null,
    outcome: null,
    authenticationContext: null,
    securityContext: null,
    debugContext: null,
  });
  const {
    user,
    actor,
    targets,
    change,
    storm,
    session,
    device,
    network,
    client,
    geo,
    history,
    heldBack,
    risk,
    behaviors,
    okta,
    links,
  } = alert({
    event: bare,
    delivery: { id: null, org: null, eventHookId: null },
  });
  const nullOf = (...names: string[]) => Object.fromEntries(names.map((name) => [name, null]));
  expect(user).toEqual(nullOf("id", "login", "displayName"));
  expect(actor).toEqual(nullOf("id", "type", "login", "displayName"));
  expect({ targets, change, storm }).toEqual({ targets: [], change: null, storm: null });
  expect(session).toEqual({
    ...nullOf("outcome", "reason", "externalSessionId", "rootSessionId"),
    ...nullOf("credentialType", "credentialProvider", "authenticationProvider"),
  });
  expect(device).toEqual(nullOf("id", "name", "platform", "registered", "managed"));
  expect(links).toEqual(nullOf("event", "user", "userProfile", "targetProfile", "session", "address", "map"));
  expect({ history, heldBack }).toEqual(nullOf("history", "heldBack"));
  expect(network).toEqual({
    ...nullOf("isProxy", "ip", "asNumber", "asOrg", "isp", "domain"),
    services: [],
    anonymous: { verdict: null, kinds: [], operators: [], signals: [] },
  });
  expect(client).toEqual(nullOf("browser", "os", "device", "userAgent", "zone"));
  expect(geo).toEqual({
    ...unknownLocation,
    thresholdKm: 500,
    exit: nullOf("city", "state", "country", "countryCode", "latitude", "longitude"),
  });
  expect(risk).toEqual({ ...nullOf("level", "previousLevel", "detectionName"), reasons: [] });
  expect(behaviors).toEqual([]);
  expect(okta).toMatchObject(nullOf("org", "eventHookId", "deliveryId", "systemLogUrl"));
});

test("text of any length is cut, so that the alert keeps within its size", () => {
  const { user } = alert({ event: logEvent({ actor: { id: "00u1", displayName: "😀".repeat(5_000) } }) });
  expect(user.displayName).toHaveLength(1_001);
  expect(user.displayName?.isWellFormed()).toBe(true);
});

describe("the link to the System Log", () => {
  const linkFor = (org: string | null, published?: string) =>
    alert({
      delivery: { id: null, org, eventHookId: null },
      event: logEvent({ uuid: "event-1", ...(published === undefined ? {} : { published }) }),
    }).okta.systemLogUrl;

  test.each([
    ["example.okta.com", "example-admin.okta.com"],
    ["example-admin.okta.com", "example-admin.okta.com"],
    ["dev-1.oktapreview.com", "dev-1-admin.oktapreview.com"],
    ["example.okta-emea.com", "example-admin.okta-emea.com"],
  ])("of %s opens %s on the event, in the hour around it", (org, host) => {
    const link = new URL(linkFor(org) ?? "");
    expect(link.host).toBe(host);
    expect(link.searchParams.get("search")).toBe('uuid eq "event-1"');
    expect(link.searchParams.get("fromTime")).toBe("2026-11-24T08:30:00.412Z");
    expect(link.searchParams.get("toTime")).toBe("2026-11-24T10:30:00.412Z");
  });

  test.each([["login.example.com"], ["okta.com.evil.example"], ["{yourOktaDomain}"], [null]])(
    "of %j is not guessed",
    (org) => {
      expect(linkFor(org)).toBeNull();
    },
  );

  test("takes the times of exports, which are UTC too", () => {
    const link = new URL(linkFor("example.okta.com", "2022-06-22 18:18:29.015123") ?? "");
    expect(link.searchParams.get("fromTime")).toBe("2022-06-22T17:18:29.015Z");
  });

  test("goes without times when the event's is none", () => {
    expect([...new URL(linkFor("example.okta.com", "lately") ?? "").searchParams.keys()]).toEqual(["search"]);
  });
});

describe("the age", () => {
  test.each([
    ["2026-11-24T09:30:00.000Z", 3],
    ["2026-01-24T09:30:03.000Z", 304 * 86_400],
    ["2026-11-24T10:30:03.000Z", -3_600],
    ["no time", null],
  ])("of an event published at %s", (published, ageSeconds) => {
    expect(alert({ event: logEvent({ published }), detectedAt: new Date("2026-11-24T09:30:03Z") }).ageSeconds).toBe(
      ageSeconds,
    );
  });
});

describe("an alert about a text typed for a login", () => {
  const typed = "T3stPassw0rd-example!";
  const event = logEvent({
    actor: { id: "unknown", type: "User", alternateId: typed, displayName: "unknown" },
    outcome: { result: "FAILURE", reason: "VERIFICATION_ERROR" },
    debugContext: { debugData: { login: typed } },
  });
  const matched = [{ selection: "s", fields: [{ field: "actor.alternateId", values: [typed] }] }];
  const detections = [{ rule: rule("high", "00000000-0000-4000-8000-000000000001"), matched }];

  test("masks it everywhere, and says why", () => {
    const about = alert({ event, detections, delivery: { id: null, org: "example.okta.com", eventHookId: null } });
    expect(JSON.stringify(about)).not.toContain("Passw0rd");
    expect(about).toMatchObject({ user: { id: null, login: "[masked]" }, actor: { id: "unknown", login: "[masked]" } });
    expect(about.summary).toContain("An unknown user (the login is masked, as it may be a password) tried to start");
    expect(about.links.user).toBeNull();
    expect(about.event).toMatchObject({ uuid: event.uuid, actor: { alternateId: "[masked]" } });
  });

  test("shows it where it is a login of the org", () => {
    expect(alert({ event, detections, isLogin: () => true }).user.login).toBe(typed);
  });
});

describe("an alert about a person at risk", () => {
  const raised = {
    eventType: "user.risk.detect",
    displayMessage: "User risk detected",
    actor: { id: "00uSYSTEM", type: "SystemPrincipal", alternateId: "system@okta.com", displayName: "Okta System" },
    target: [{ id: "00u1ada", type: "User", alternateId: "ada@example.com", displayName: "Ada Lovelace" }],
    client: null,
    securityContext: { isProxy: null },
    debugContext: {
      debugData: {
        risk: "{previousLevel=LOW, level=HIGH, detectionName=Session Influenced User Risk, reasons=Associated sessionId is suspected to be hijacked, issuer=OKTA}",
      },
    },
  };

  test("is about the target, and names the actor beside", () => {
    const about = alert({
      event: logEvent(raised),
      delivery: { id: null, org: "example.okta.com", eventHookId: null },
    });
    expect(about.user).toEqual({ id: "00u1ada", login: "ada@example.com", displayName: "Ada Lovelace" });
    expect(about.actor).toMatchObject({ type: "SystemPrincipal", login: "system@okta.com" });
    expect(about.summary).toBe(
      'Okta raised the risk of Ada Lovelace (ada@example.com) from LOW to HIGH, by "Session Influenced User Risk": Associated sessionId is suspected to be hijacked.',
    );
    expect(about.triage.join("\n")).not.toContain("Okta System");
    expect(about.triage.join("\n")).toContain("Then call Ada Lovelace: which devices and places were theirs");
    expect(about.links.userProfile).toContain("/00u1ada");
  });
});

test("an alert about an act names who did it, what exactly, and to whom", () => {
  const about = alert({
    event: logEvent({
      eventType: "user.account.privilege.grant",
      displayMessage: "Grant user privilege",
      actor: { id: "00u1admin", type: "User", alternateId: "admin@example.com", displayName: "An Admin" },
      target: [{ id: "00u1ada", type: "User", alternateId: "ada@example.com", displayName: "Ada" }],
      debugContext: { debugData: { privilegeGranted: "Super administrator" } },
    }),
  });
  expect(about.user.id).toBe("00u1admin");
  expect(about.targets).toEqual([{ type: "User", id: "00u1ada", login: "ada@example.com", displayName: "Ada" }]);
  expect(about.change).toBe("granted Super administrator");
  expect(about.summary).toContain(
    'An Admin (admin@example.com) did "Grant user privilege": granted Super administrator, to Ada (ada@example.com)',
  );
  expect(about.triage.join("\n")).toContain('Did they do "Grant user privilege" to Ada (ada@example.com)?');
});

test.each([
  [{ id: "okta.1", type: "SystemPrincipal", alternateId: "system@okta.com", displayName: "Okta System" }],
  [{ id: "0oa1", type: "PublicClientApp", alternateId: "0oa1", displayName: "Sync" }],
])("an actor that is no person and starts a session is asked nothing, and has no password: %j", (actor) => {
  const { triage, user } = alert({ event: logEvent({ actor }) });
  expect(user).toEqual({ id: null, login: null, displayName: null });
  expect(triage.join("\n")).not.toMatch(/[Cc]all |password|clear the user's sessions/);
  expect(triage.join("\n")).toContain("Find out why");
});

test("a change of risk without a target asks no one, and names no wrong person", () => {
  const actor = {
    id: "00uSYSTEM",
    type: "SystemPrincipal",
    alternateId: "system@okta.com",
    displayName: "Okta System",
  };
  const debugContext = { debugData: { risk: "{previousLevel=LOW, level=HIGH}" } };
  const about = alert({
    event: logEvent({
      eventType: "user.risk.detect",
      actor,
      target: null,
      debugContext,
      client: null,
      securityContext: null,
    }),
  });
  expect(about.summary).toBe("Okta raised the risk of a user whom the event does not name from LOW to HIGH.");
  expect(about.triage.join("\n")).not.toMatch(/[Cc]all |Okta System/);
});

test("Okta's own actor that starts a session is named as what it is", () => {
  const actor = { id: "okta.1", type: "SystemPrincipal", alternateId: "system@okta.com", displayName: "Okta System" };
  const about = alert({ event: logEvent({ actor }) });
  expect(about.user).toEqual({ id: null, login: null, displayName: null });
  expect(about.summary).toMatch(/^Okta System \(SystemPrincipal system@okta.com\) started an Okta session/);
});

test("what differs from the session's start is a sentence and a field; nothing is said where nothing does, or it is not known", () => {
  const of = (sessionChanged: AlertSource["sessionChanged"]) => {
    const found = alert({ sessionChanged: sessionChanged ?? null });
    return [found.sessionChanged, / Since the session started, .*?\./.exec(found.summary)?.[0] ?? null];
  };
  expect(of(["asn", "country", "client"])).toEqual([
    ["asn", "country", "client"],
    " Since the session started, the network (autonomous system), the country and the system or browser have changed.",
  ]);
  expect(of(["device"])).toEqual([["device"], " Since the session started, the device has changed."]);
  expect(of([])).toEqual([[], null]);
  expect(of(null)).toEqual([null, null]);
});
