import { describe, expect, test } from "vitest";
import { type Replayed, type ReplayOptions, replay, withoutLookUps } from "../../../cli/backtest/replay.ts";
import type { Exception } from "../../../lambda/core/exceptions/exception.ts";
import { compileAdjustments } from "../../../lambda/core/severity/compile-adjustments.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { lisbon } from "../../fixtures/places.ts";
import { parseTestRule, ruleSet } from "../../fixtures/rules.ts";

const proxied = parseTestRule(
  { selection: { "securityContext.isProxy": true }, condition: "selection" },
  { title: "Proxied", level: "high" },
);
const tor = parseTestRule(
  { selection: { "securityContext.ipDetails.ipServiceCategories.type": "Tor" }, condition: "selection" },
  { id: "00000000-0000-4000-8000-000000000002", title: "Tor", level: "medium" },
);
const far = parseTestRule(
  { selection: { "enrichment.geo.mismatch": true }, condition: "selection" },
  { id: "00000000-0000-4000-8000-000000000003", title: "Far", level: "low" },
);

async function run(events: readonly ReturnType<typeof logEvent>[], options: Partial<ReplayOptions> = {}) {
  const replayed: Replayed[] = [];
  const all = replay(events, {
    rules: ruleSet([proxied, tor]),
    severityAdjustments: [],
    locations: new Map(),
    exceptions: [],
    mismatchDistanceKm: 500,
    suppressMinutes: 60,
    stormAfter: 5,
    sourceAlertsPerHour: 20,
    loginDomains: [],
    org: null,
    onProgress: () => {},
    ...options,
  });
  for await (const each of all) replayed.push(each);
  return replayed;
}

const at = (minute: number, overrides: Json = {}) =>
  logEvent({ uuid: `at-${minute}`, published: new Date(Date.UTC(2026, 9, 1, 9, minute)).toISOString(), ...overrides });
const results = (replayed: readonly Replayed[]) => replayed.map(({ event, result }) => [event.uuid, result]);
const titles = ({ alert }: Replayed) => alert?.detections.map(({ title }) => title);
const throughTor = {
  isProxy: true,
  asNumber: 64_500,
  ipDetails: { ipServiceCategories: [{ type: "Tor", operator: null, isAnonymous: true }] },
};

test("an event is one alert, with every detection that matches, the severest first", async () => {
  const replayed = await run([at(0, { securityContext: throughTor })]);
  expect(replayed.map(titles)).toEqual([["Proxied", "Tor"]]);
  expect(replayed[0]?.alert).toMatchObject({ severity: "high", detectedAt: "2026-10-01T09:00:00.000Z" });
});

test("a storm of failed attempts is one alert that grows, as the pipeline reports it", async () => {
  const failed = { outcome: { result: "FAILURE", reason: "INVALID_CREDENTIALS" } };
  const events = Array.from({ length: 40 }, (_, index) => {
    const published = new Date(Date.UTC(2026, 9, 1, 9, 0, index)).toISOString();
    const actor = { id: `00u${index}`, type: "User", alternateId: `user${index}@example.com`, displayName: null };
    return logEvent({ uuid: `attempt-${index}`, published, actor, securityContext: throughTor, ...failed });
  });
  const replayed = await run(events);
  const count = (result: string) => replayed.filter((each) => each.result === result && !each.isReport).length;
  expect([count("alerted"), count("inStorm"), count("gathered")]).toEqual([5, 35, 0]);
  expect(
    replayed.flatMap(({ isReport, alert }) => (isReport ? [[alert?.storm?.report, alert?.storm?.attempts]] : [])),
  ).toEqual([
    ["start", 6],
    ["update", 40],
    ["end", 40],
  ]);
  expect(replayed.at(-1)?.alert?.detectedAt).toBe("2026-10-01T09:10:39.000Z");
});

test("without words and incidents, the same events are alerted on, in the same way", async () => {
  const failed = { outcome: { result: "FAILURE", reason: "INVALID_CREDENTIALS" } };
  const of = (index: number, more: Json) =>
    at(index / 4, {
      uuid: `event-${index}`,
      actor: { id: `00u${index % 25}`, type: "User", alternateId: `u${index % 25}@example.com`, displayName: null },
      securityContext: throughTor,
      ...more,
    });
  // A storm, more persons of one source in an hour than are alerted on singly, and repeated sign-ins.
  const events = Array.from({ length: 120 }, (_, index) => of(index, index < 30 ? failed : {}));
  const options = { severityAdjustments: await compileAdjustments([]), sourceAlertsPerHour: 10 };
  const counted = (replayed: readonly Replayed[]) =>
    replayed.map(({ event, result, isReport, alert }) => {
      const sent = alert && [
        alert.alertId,
        alert.severity,
        alert.geo,
        alert.detections.map(({ id }) => id),
        alert.user,
      ];
      return [event.uuid, result, isReport, sent];
    });
  const whole = await run(events, options);
  const brief = await run(events, { ...options, writesWords: false, keepsIncidents: false });
  expect(new Set(whole.map(({ result }) => result))).toEqual(new Set(["alerted", "suppressed", "inStorm", "gathered"]));
  expect(counted(brief)).toEqual(counted(whole));
  const single = ({ isReport, alert }: Replayed) => !isReport && alert !== null;
  expect(brief.filter(single).map(({ alert }) => alert?.summary)).not.toContain(expect.stringMatching(/./));
  expect(whole.filter(single).every(({ alert }) => alert?.summary !== "")).toBe(true);
  const sentOf = (replayed: readonly Replayed[]) =>
    replayed.map(({ event, result, isReport, sent }) => [event.uuid, result, isReport, sent]);
  const alone = await run(events, { ...options, writesAlerts: false, keepsIncidents: false });
  expect(sentOf(alone)).toEqual(sentOf(whole));
  expect(alone.every(({ alert }) => alert === null)).toBe(true);
});

test("the severity of an alert that is not written is the one that it would have, of masked texts too", async () => {
  const typed = (index: number, login: string) =>
    at(index, {
      actor: { id: "unknown", type: "User", alternateId: login, displayName: login },
      securityContext: throughTor,
    });
  const events = [typed(0, "hunter2hunter2"), typed(120, "ana@example.com"), at(240, { securityContext: throughTor })];
  const rule = parseTestRule({ selection: { "actor.alternateId": "hunter2hunter2" }, condition: "selection" }, {});
  const named = parseTestRule(
    { selection: { "actor.alternateId|endswith": "@example.com" }, condition: "selection" },
    {},
  );
  const severityAdjustments = await compileAdjustments([
    { rule, change: "critical", enabled: true },
    { rule: named, change: "lower", enabled: true },
  ]);
  const severities = async (options: Partial<ReplayOptions>) =>
    (await run(events, { severityAdjustments, ...options })).map(({ sent }) => sent?.severity);
  const whole = await severities({});
  expect(whole).toHaveLength(3);
  expect(new Set(whole)).toEqual(new Set(["high", "medium"]));
  expect(await severities({ writesAlerts: false })).toEqual(whole);
});

test("an event that no rule matches is no result", async () => {
  expect(await run([at(0, { securityContext: { isProxy: false } })])).toEqual([]);
});

describe("suppression goes by the time when events were published", () => {
  test("the same again within the window is suppressed, and the first after it is an alert that counts them", async () => {
    const replayed = await run([at(0), at(1), at(59), at(61)]);
    expect(results(replayed)).toEqual([
      ["at-0", "alerted"],
      ["at-1", "suppressed"],
      ["at-59", "suppressed"],
      ["at-61", "alerted"],
    ]);
    expect(replayed[3]?.alert?.heldBack?.count).toBe(2);
  });

  test("another user, another network and a further detection come through", async () => {
    const other = { id: "00u2", type: "User", alternateId: "bob@example.com", displayName: null };
    const events = [
      at(0),
      at(1, { actor: other }),
      at(2, { securityContext: { isProxy: true, asNumber: 64_501 } }),
      at(3, { securityContext: throughTor }),
    ];
    expect((await run(events)).map(({ result }) => result)).toEqual(["alerted", "alerted", "alerted", "alerted"]);
  });

  test("nothing is suppressed for 0 minutes", async () => {
    expect((await run([at(0), at(1)], { suppressMinutes: 0 })).map(({ result }) => result)).toEqual([
      "alerted",
      "alerted",
    ]);
  });

  test("an alert knows what the replay has seen of its user", async () => {
    const failed = { result: "FAILURE", reason: "INVALID_CREDENTIALS" };
    const [, , last] = await run([at(0), at(1, { outcome: failed }), at(600)], { suppressMinutes: 0 });
    expect(last?.alert?.history).toMatchObject({ firstTime: false, sessionsIn30Days: 1, failedIn30Days: 1 });
  });
});

describe("exceptions", () => {
  const exception = (scope: Exception["scope"], until = "2027-01-01T00:00:00.000Z"): Exception => ({
    id: "3f2a1b2c",
    scope,
    by: "sec",
    reason: "company VPN",
    createdAt: "2026-11-20T00:00:00.000Z",
    until,
    noticedAt: null,
  });

  test("cover events from before they were made: the question is what they would have done", async () => {
    const covering = exception({ user: "ada@example.com" });
    expect(await run([at(0)], { exceptions: [covering] })).toMatchObject([
      { result: "excepted", alert: null, exceptions: [covering] },
    ]);
  });

  test("cover nothing after their end, and nothing of another user", async () => {
    const ended = exception({ asNumber: 64_500 }, "2026-10-01T09:00:00.000Z");
    const another = exception({ user: "bob@example.com" });
    expect(await run([at(0)], { exceptions: [ended, another] })).toMatchObject([{ result: "alerted", exceptions: [] }]);
  });

  test("that cover some detections leave an alert about the others", async () => {
    const some = exception({ asNumber: 64_500, kinds: ["tor"], detections: [proxied.id] });
    const replayed = await run([at(0, { securityContext: throughTor })], { exceptions: [some] });
    expect(replayed).toMatchObject([{ result: "alerted", exceptions: [some] }]);
    expect(replayed.map(titles)).toEqual([["Tor"]]);
  });

  test("open no window: the next one that is not covered is an alert", async () => {
    const ended = exception({ asNumber: 64_500 }, "2026-10-01T09:00:30.000Z");
    expect(results(await run([at(0), at(1)], { exceptions: [ended] }))).toEqual([
      ["at-0", "excepted"],
      ["at-1", "alerted"],
    ]);
  });
});

test("an event that stands in the export twice is an alert once", async () => {
  expect((await run([at(0), at(0)])).map(({ result }) => result)).toEqual(["alerted", "duplicate"]);
});

test("severity is adjusted as the deployment adjusts it", async () => {
  const severityAdjustments = await compileAdjustments([{ rule: tor, change: "critical", enabled: true }]);
  const [replayed] = await run([at(0, { securityContext: throughTor })], { severityAdjustments });
  expect(replayed?.alert).toMatchObject({ severity: "critical", severityAdjustments: [{ title: "Tor" }] });
});

describe("a rule that asks for profile locations", () => {
  const rules = ruleSet([proxied, far]);

  test("matches by the locations that are given", async () => {
    const replayed = await run([at(0)], { rules, locations: new Map([["ada@example.com", [lisbon]]]) });
    expect(replayed.map(titles)).toEqual([["Proxied", "Far"]]);
    expect(replayed[0]?.alert?.geo.verdict).toBe("mismatch");
  });

  test("does not match where none are given, whatever it asks", async () => {
    const unknown = parseTestRule(
      { selection: { "enrichment.geo.verdict": "unknown" }, condition: "selection" },
      { id: "00000000-0000-4000-8000-000000000004", title: "Unknown" },
    );
    const all = ruleSet([proxied, far, unknown]);
    expect((await run([at(0)], { rules: withoutLookUps(all) })).map(titles)).toEqual([["Proxied"]]);
    expect((await run([at(0)], { rules: all })).map(titles)).toEqual([["Proxied", "Unknown"]]);
  });
});

test("an event that the pipeline cannot handle is reported with the reason, and the next ones are handled", async () => {
  const [adjustment] = await compileAdjustments([{ rule: proxied, change: "critical", enabled: true }]);
  if (adjustment === undefined) throw new Error("the adjustment is not enabled");
  const broken = {
    ...adjustment,
    compiled: {
      ...adjustment.compiled,
      evaluate: (received: unknown) => {
        if ((received as Json).uuid === "at-0") throw new RangeError("cannot be evaluated");
        return true;
      },
    },
  };
  const replayed = await run([at(0), at(90)], { severityAdjustments: [broken] });
  expect(results(replayed)).toEqual([
    ["at-0", "failed"],
    ["at-90", "alerted"],
  ]);
  expect(replayed[0]?.error).toEqual(new RangeError("cannot be evaluated"));
});
