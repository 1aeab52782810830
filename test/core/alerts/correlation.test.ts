import { describe, expect, test } from "vitest";
import { createAlert } from "../../../lambda/core/alerts/alert.ts";
import { type Alert, alertSchema } from "../../../lambda/core/alerts/alert-schema.ts";
import { noteOf } from "../../../lambda/core/alerts/event-note.ts";
import { undoOf } from "../../../lambda/core/alerts/undo.ts";
import { hookEligibleNames } from "../../../lambda/core/okta/event-type-catalog.ts";
import type { LogEvent } from "../../../lambda/core/okta/log-event.ts";
import { correlationsOf, firingsOf, takeover } from "../../fixtures/chains.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";

const session = { authenticationContext: { externalSessionId: "idx1", rootSessionId: "root1" } };
const bea = { id: "00u2exampleuser00002", type: "User", alternateId: "bea@example.com", displayName: "Bea Okafor" };

/** The events of an attack in one session, minutes after nine. */
function attack(): readonly LogEvent[] {
  const at = (minutes: number, overrides: Json) =>
    logEvent({
      uuid: `5c0f3a52-c9c5-11f1-9d3e-0000000000${minutes}`,
      published: `2026-11-24T09:${minutes}:00.000Z`,
      ...session,
      ...overrides,
    });
  return [
    at(31, {}),
    at(38, {
      eventType: "user.account.privilege.grant",
      target: [bea],
      debugContext: { debugData: { privilegeGranted: "Super administrator" } },
    }),
    at(41, {
      eventType: "system.api_token.create",
      target: [{ id: "00T1", type: "Token", alternateId: null, displayName: "deploy" }],
    }),
    at(47, { eventType: "user.mfa.factor.reset_all", target: [bea] }),
  ];
}

function alertOf(yaml: readonly string[], events: readonly LogEvent[], org: string | null = "example.okta.com"): Alert {
  const firing = firingsOf(correlationsOf(...yaml), events).at(-1);
  const event = events.at(-1);
  if (firing === undefined || event === undefined) throw new Error("no correlation fires");
  return createAlert({
    event,
    delivery: { id: "delivery-1", org, eventHookId: "who1" },
    detections: [{ rule: firing.correlation, matched: [], firing }],
    judgement: { verdict: "unknown", reason: "", distanceKm: null, nearestProfileLocation: null },
    thresholdKm: 500,
    detectedAt: new Date("2026-11-24T09:47:03Z"),
    isLogin: (login) => login.endsWith("@example.com"),
  });
}

const correlationOf = (alert: Alert) => alert.detections[0]?.correlation ?? null;

describe("an alert about a correlation", () => {
  test("names its type, group and timespan, and its events in order of time", () => {
    const correlation = correlationOf(alertOf([takeover], attack()));
    expect(correlation).toMatchObject({
      type: "temporal_ordered",
      groupBy: { "authenticationContext.rootSessionId": "root1" },
      timespan: "24h",
      more: 0,
    });
    expect(correlation?.events.map(({ published, eventType, rule }) => [published, eventType, rule.title])).toEqual([
      ["2026-11-24T09:31:00.000Z", "user.session.start", "Okta User Session Start Via Anonymizing Proxy"],
      ["2026-11-24T09:38:00.000Z", "user.account.privilege.grant", "Okta Admin Privilege Granted"],
      ["2026-11-24T09:41:00.000Z", "system.api_token.create", "Okta API Token Created"],
      ["2026-11-24T09:47:00.000Z", "user.mfa.factor.reset_all", "All Okta MFA Factors of a User Reset"],
    ]);
  });

  test("says of each event who did what from where through what, and what undoes it", () => {
    const { events = [] } = correlationOf(alertOf([takeover], attack())) ?? {};
    const from = "from Toronto, Canada, 203.0.113.77, through a proxy, with FIREFOX on Windows 10";
    expect(events.map(({ summary, undo }) => [summary, undo])).toEqual([
      [`Ada@Example.com started an Okta session ${from}`, "clear the user's sessions"],
      [
        `Ada@Example.com granted Super administrator to bea@example.com ${from}`,
        "revoke the privilege, in Security / Administrators",
      ],
      [`Ada@Example.com created token deploy ${from}`, "revoke the token, in Security / API / Tokens"],
      [
        `Ada@Example.com reset all MFA factors of bea@example.com ${from}`,
        "ask the person by phone, and have the factors enrolled again",
      ],
    ]);
  });

  test("links to the page of the user whom an act changed, or else to the event in the System Log", () => {
    const { events = [] } = correlationOf(alertOf([takeover], attack())) ?? {};
    expect(events.map(({ link }) => link?.replace(/&fromTime.*/, ""))).toEqual([
      "https://example-admin.okta.com/admin/user/profile/view/00u1lisbon",
      "https://example-admin.okta.com/admin/user/profile/view/00u2exampleuser00002",
      "https://example-admin.okta.com/report/system_log_2?search=uuid+eq+%225c0f3a52-c9c5-11f1-9d3e-000000000041%22",
      "https://example-admin.okta.com/admin/user/profile/view/00u2exampleuser00002",
    ]);
    const unknown = correlationOf(alertOf([takeover], attack(), null));
    expect(unknown?.events.map(({ link }) => link)).toEqual([null, null, null, null]);
  });

  test("is as the schema says", () => {
    const alert = alertOf([takeover], attack());
    expect(alertSchema.parse(alert)).toEqual(alert);
  });

  test("names the first and the last twenty of many events, and how many lie between", () => {
    const many = `
title: Many Failed Sign-Ins
correlation: { type: event_count, rules: [failed_start], group-by: [client.ipAddress], timespan: 1h, condition: { gte: 60 } }
level: high`;
    const events = Array.from({ length: 60 }, (_, index) =>
      logEvent({
        uuid: `event-${index}`,
        published: `2026-11-24T09:00:${String(index).padStart(2, "0")}.000Z`,
        outcome: { result: "FAILURE", reason: "INVALID_CREDENTIALS" },
      }),
    );
    const correlation = correlationOf(alertOf([many], events));
    expect(correlation?.more).toBe(20);
    expect(correlation?.events.map(({ eventUuid }) => eventUuid)).toEqual(
      [...Array.from({ length: 20 }, (_, index) => index), ...Array.from({ length: 20 }, (_, index) => 40 + index)].map(
        (index) => `event-${index}`,
      ),
    );
    // A count of so many keeps the notes of the first event, and of what is the last when the next one arrives.
    const noted =
      "Ada@Example.com tried to start an Okta session (INVALID_CREDENTIALS) from Toronto, Canada, 203.0.113.77, through a proxy, with FIREFOX on Windows 10";
    const summaries = correlation?.events.map(({ summary }) => summary) ?? [];
    expect(summaries.map((each, index) => (each === noted ? index : -1)).filter((index) => index >= 0)).toEqual([
      0, 38, 39,
    ]);
    expect(new Set(summaries)).toEqual(new Set([noted, "Okta Sign-In Failed"]));
    expect(correlation?.events.map(({ undo }) => undo)).toEqual(Array.from({ length: 40 }, () => null));
  });

  test("masks what a stranger typed as a login, in events before it and in the group", () => {
    const chain = `
title: The Same Login
correlation: { type: event_count, rules: [failed_start], group-by: [actor.alternateId], timespan: 1h, condition: { gte: 2 } }
level: high`;
    const stranger = { id: "unknown", type: "User", alternateId: "T3stPassw0rd-example!", displayName: "unknown" };
    const events = ["a", "b"].map((uuid) =>
      logEvent({ uuid, actor: stranger, outcome: { result: "FAILURE", reason: "VERIFICATION_ERROR" } }),
    );
    const alert = alertOf([chain], events);
    expect(correlationOf(alert)?.events[0]?.summary).toMatch(/^\[masked\] tried to start an Okta session/);
    expect(correlationOf(alert)?.groupBy).toEqual({ "actor.alternateId": "[masked]" });
    expect(JSON.stringify(alert)).not.toContain("T3stPassw0rd");
  });

  const rejections = `
title: MFA Pushes Rejected
name: pushes_rejected
correlation: { type: event_count, rules: [push_rejected], group-by: [actor.id], timespan: 1h, condition: { gte: 2 } }
level: medium`;
  const thenToken = (groupBy: string) => `
title: Rejected Pushes, Then a Token
correlation: { type: temporal_ordered, rules: [pushes_rejected, token_created], group-by: [${groupBy}], timespan: 1h }
level: high`;
  const rejected = ["09:01", "09:02"].map((time) =>
    logEvent({ uuid: time, published: `2026-11-24T${time}:00Z`, eventType: "user.mfa.okta_verify.deny_push" }),
  );

  test("names the events of a correlation that takes part, where both group by the same values", () => {
    const [, , token] = attack();
    const { events = [] } =
      correlationOf(alertOf([rejections, thenToken("actor.id")], [...rejected, token as LogEvent])) ?? {};
    expect(events.map(({ summary, rule }) => [summary.slice(0, 36), rule.title])).toEqual([
      ["Ada@Example.com rejected an MFA push", "MFA Pushes Rejected"],
      ["Ada@Example.com rejected an MFA push", "MFA Pushes Rejected"],
      ["Ada@Example.com created token deploy", "Okta API Token Created"],
    ]);
  });

  test("names a correlation of other values that takes part by its title", () => {
    const [, , token] = attack();
    const { events = [] } =
      correlationOf(alertOf([rejections, thenToken("client.ipAddress")], [...rejected, token as LogEvent])) ?? {};
    expect(events.map(({ summary }) => summary.slice(0, 36))).toEqual([
      "MFA Pushes Rejected",
      "Ada@Example.com created token deploy",
    ]);
  });

  test("counts the events of a great count that takes part, names its first and its last, and hides no other act", () => {
    const failures = `
title: Many Sign-Ins Failed
name: many_failed
correlation: { type: event_count, rules: [failed_start], group-by: [client.ipAddress], timespan: 30m, condition: { gte: 60 } }
level: medium`;
    const then = `
title: Many Sign-Ins Failed, and a Token
correlation: { type: temporal, rules: [many_failed, push_rejected, token_created], group-by: [client.ipAddress], timespan: 1h }
level: high`;
    const minute = (index: number) => `2026-11-24T09:${String(index).padStart(2, "0")}:00Z`;
    const failed = Array.from({ length: 80 }, (_, index) =>
      logEvent({
        uuid: `failure ${index}`,
        published: new Date(Date.parse(minute(10)) + 1_000 * index).toISOString(),
        outcome: { result: "FAILURE", reason: "INVALID_CREDENTIALS" },
      }),
    );
    const push = logEvent({
      uuid: "push",
      published: "2026-11-24T09:10:40.500Z",
      eventType: "user.mfa.okta_verify.deny_push",
    });
    const [, , token] = attack();
    const alert = alertOf([failures, then], [push, ...failed, token as LogEvent]);
    const { events = [], more } = correlationOf(alert) ?? {};
    expect([events.length, more]).toEqual([40, 42]);
    expect(events.map(({ eventUuid }) => eventUuid)).toEqual(
      expect.arrayContaining(["failure 0", "push", "failure 79", token?.uuid]),
    );
    const named = events.filter(({ deed }) => deed !== null).map(({ eventUuid }) => eventUuid);
    expect(named).toEqual(["failure 0", "push", "failure 79", token?.uuid]);
  });
});

test("the events of a correlation that takes part stand in its place where both fire at one event", () => {
  const count = (name: string, field: string) => `
title: ${name}
name: ${name}
correlation: { type: value_count, rules: [app_opened], group-by: [actor.id], timespan: 1h, condition: { field: ${field}, gte: 2 } }
level: low`;
  const both = `
title: Another Client and Network
correlation: { type: temporal, rules: [networks, clients], group-by: [actor.id], timespan: 1h }
level: high`;
  const opened = (minute: number, app: string, ipAddress: string, browser: string) =>
    logEvent({
      uuid: `event ${minute}`,
      published: `2026-11-24T09:${minute}:00Z`,
      eventType: "user.authentication.sso",
      target: [{ id: "0oa1", type: "AppInstance", alternateId: app, displayName: app }],
      client: { ipAddress, userAgent: { browser, os: "Windows 10" } },
    });
  const events = [opened(10, "Mail", "203.0.113.7", "FIREFOX"), opened(40, "Payroll", "198.51.100.7", "CHROME")];
  const alert = alertOf(
    [count("networks", "client.ipAddress"), count("clients", "client.userAgent.browser"), both],
    events,
  );
  const correlation = correlationOf(alert);
  expect(
    correlation?.events.map(({ eventUuid, rule, deed, from, client }) => [eventUuid, rule.title, deed, from, client]),
  ).toEqual([
    ["event 10", "networks", "opened app Mail", "203.0.113.7", "FIREFOX on Windows 10"],
    ["event 10", "clients", "opened app Mail", "203.0.113.7", "FIREFOX on Windows 10"],
    ["event 40", "networks", "opened app Payroll", "198.51.100.7", "CHROME on Windows 10"],
    ["event 40", "clients", "opened app Payroll", "198.51.100.7", "CHROME on Windows 10"],
  ]);
});

describe("a note", () => {
  test("names the actor where that is not the person of the event", () => {
    const system = {
      id: "00uSYSTEM",
      type: "SystemPrincipal",
      alternateId: "system@okta.com",
      displayName: "Okta System",
    };
    const note = noteOf(logEvent({ eventType: "user.mfa.factor.reset_all", actor: system, target: [bea] }), () => true);
    expect([note.person, note.deed, note.userId]).toEqual(["Okta System", "reset all MFA factors", bea.id]);
  });

  test.each<[string, Json, string]>([
    [
      "user.authentication.sso",
      {
        target: [
          { id: "0oa1", type: "AppInstance", alternateId: "Mail", displayName: "Company Mail" },
          { id: "0ua1", type: "AppUser", alternateId: "ada@example.com", displayName: "Ada Marques" },
        ],
      },
      "opened app Company Mail",
    ],
    ["user.authentication.sso", {}, "opened an app"],
    ["user.session.access_admin_app", {}, "opened the Admin Console"],
    ["user.mfa.okta_verify.deny_push", {}, "rejected an MFA push"],
    ["user.authentication.auth_via_mfa", {}, "passed MFA"],
    [
      "user.authentication.auth_via_mfa",
      { displayMessage: "Authentication of user via MFA", outcome: { result: "FAILURE" } },
      'did "Authentication of user via MFA" (FAILURE)',
    ],
    [
      "user.authentication.auth_via_mfa",
      { outcome: { result: "FAILURE" }, debugContext: { debugData: { pushOnlyResponseType: "OV_RESPONSE_DENY" } } },
      "rejected an MFA push",
    ],
    [
      "user.authentication.auth_via_mfa",
      {
        outcome: { result: "FAILURE" },
        debugContext: { debugData: { pushWithNumberChallengeResponseType: "OV_WITH_CHALLENGE_RESPONSE_DENY" } },
      },
      "rejected an MFA push",
    ],
    ["user.new.type", { displayMessage: "Something new" }, 'did "Something new"'],
  ])("of %s names what was done", (eventType, event, deed) => {
    expect(noteOf(logEvent({ eventType, ...event }), () => true).deed).toBe(deed);
  });

  test("is bounded, whatever an event holds", () => {
    const long = "é".repeat(10_000);
    const note = noteOf(
      logEvent({
        eventType: "user.account.privilege.grant",
        actor: { id: long, type: "User", alternateId: `${long}@example.com`, displayName: long },
        target: [{ id: long, type: "User", alternateId: long, displayName: long }],
        debugContext: { debugData: { privilegeGranted: long } },
        securityContext: { isProxy: true, asNumber: 1, asOrg: long },
        client: { ipAddress: long, geographicalContext: { city: long, country: long } },
      }),
      () => true,
    );
    expect(Buffer.byteLength(JSON.stringify(note))).toBeLessThan(1_100);
  });

  test("says nothing that is not known", () => {
    const bare = logEvent({ actor: null, client: null, outcome: null, securityContext: null, target: null });
    expect(noteOf(bare, () => true)).toEqual({
      eventType: "user.session.start",
      person: null,
      deed: "started an Okta session",
      succeeded: true,
      from: null,
      through: null,
      client: null,
      userId: null,
    });
  });
});

describe("what undoes an act", () => {
  test("is known of acts that outlast a session", () => {
    const types = hookEligibleNames.trim().split(/\s+/);
    const lasting = types.filter((type) =>
      /^(?:system\.api_token\.create|system\.idp\.lifecycle\.|policy\.(?:rule|lifecycle)|zone\.|user\.account\.privilege\.grant|user\.mfa\.factor\.(?:activate|deactivate|reset_all|update)$)/.test(
        type,
      ),
    );
    expect(lasting.length).toBeGreaterThan(10);
    expect(lasting.filter((type) => undoOf(type, true) === null)).toEqual([]);
  });

  test("is nothing for an act that failed, and for what changes nothing", () => {
    expect(undoOf("system.api_token.create", false)).toBeNull();
    expect(undoOf("policy.evaluate_sign_on", true)).toBeNull();
    expect(undoOf("user.risk.detect", true)).toBeNull();
  });
});
