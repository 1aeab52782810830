import { describe, expect, test } from "vitest";
import type { Alert, AlertCorrelation } from "../../../lambda/core/alerts/alert-schema.ts";
import { countActs, storyOf, timeline, undoList } from "../../../lambda/core/alerts/story.ts";
import { alertOf, cases } from "../../fixtures/cases.ts";
import { describeOrder } from "../../fixtures/rendered.ts";

type CorrelatedEvent = AlertCorrelation["events"][number];

/** The story of an alert about a chain of these events, at minutes after nine. */
function storyWith(
  events: readonly (Partial<CorrelatedEvent> & { readonly minute: number })[],
  given: { readonly more?: number; readonly before?: Alert["incident"]["before"] } = {},
) {
  const { okta } = alertOf();
  const chain = cases["attack-chain"]?.() ?? alertOf();
  const [detection] = chain.detections;
  const correlation: AlertCorrelation = {
    type: "temporal",
    groupBy: {},
    timespan: "24h",
    more: given.more ?? 0,
    events: events.map(({ minute, ...event }) => ({
      eventUuid: `event ${minute}`,
      published: `2026-11-24T09:${String(minute).padStart(2, "0")}:00.000Z`,
      eventType: "system.api_token.create",
      rule: { id: "rule", title: "Okta API Token Created", isCorrelation: false },
      person: "ada@example.com",
      deed: "created token deploy",
      from: "Toronto, Canada",
      through: "VPN NORD_VPN",
      client: null,
      summary: "",
      undo: null,
      link: null,
      ...event,
    })),
  };
  const story = storyOf({
    okta,
    links: chain.links,
    detections: detection === undefined ? [] : [{ ...detection, correlation }],
    incident: { ...chain.incident, before: given.before ?? [] },
  });
  if (story === null) throw new Error("there is no story");
  return story;
}

const lines = (...given: Parameters<typeof storyWith>) => timeline(storyWith(...given), "ada@example.com", 20);

test("an alert about a rule alone has no story", () => {
  expect(storyOf(alertOf())).toBeNull();
});

describe("the timeline", () => {
  test("names the origin where it changes, and the day where it is another", () => {
    expect(
      lines([
        { minute: 1, deed: "started an Okta session" },
        { minute: 2 },
        { minute: 3, published: "2026-11-25T00:03:00.000Z", from: "Lisbon, Portugal", through: null },
      ]),
    ).toEqual([
      "2026-11-24 09:01 UTC started an Okta session, from Toronto, Canada, through VPN NORD_VPN",
      "09:02 created token deploy",
      "2026-11-25 00:03 UTC created token deploy, now from Lisbon, Portugal",
    ]);
  });

  test("names the client where it is another one, without the place that stays", () => {
    expect(
      lines([
        { minute: 1, client: "FIREFOX on Windows 10" },
        { minute: 2, client: "CHROME on Linux", through: "Tor" },
        { minute: 3, client: null, from: null, through: null },
        { minute: 4, client: "CHROME on Linux", through: "Tor" },
      ]),
    ).toEqual([
      "2026-11-24 09:01 UTC created token deploy, from Toronto, Canada, through VPN NORD_VPN, with FIREFOX on Windows 10",
      "09:02 created token deploy, now through Tor, with CHROME on Linux",
      "09:03 created token deploy",
      "09:04 created token deploy",
    ]);
  });

  test("names persons only where another one than the person of the alert acted", () => {
    expect(lines([{ minute: 1 }, { minute: 2, person: "bea@example.com", deed: "opened app Mail" }])).toEqual([
      "2026-11-24 09:01 UTC ada@example.com created token deploy, from Toronto, Canada, through VPN NORD_VPN",
      "09:02 bea@example.com opened app Mail",
    ]);
  });

  test("counts acts in a row that say the same, and has an event of several rules once", () => {
    const same = { minute: 2, rule: { id: "other", title: "Other", isCorrelation: false }, deed: null };
    expect(lines([{ minute: 1 }, same, { minute: 2 }, { minute: 3 }])).toEqual([
      "2026-11-24 09:01 UTC created token deploy, 3 times until 09:03, from Toronto, Canada, through VPN NORD_VPN",
    ]);
  });

  test("has the rule's title where what was done is not kept", () => {
    expect(lines([{ minute: 1, deed: null, person: null, from: null, through: null }])).toEqual([
      '2026-11-24 09:01 UTC "Okta API Token Created"',
    ]);
  });

  test("leaves out the middle of many acts, with their number", () => {
    const events = Array.from({ length: 30 }, (_, minute) => ({ minute, deed: `created token ${minute}` }));
    const story = storyWith(events, { more: 12 });
    expect(countActs(story)).toBe(42);
    expect(timeline(story, "ada@example.com", 5).map((line) => line.replace(/, from.*/, ""))).toEqual([
      "2026-11-24 09:00 UTC created token 0",
      "09:01 created token 1",
      "38 more acts",
      "09:28 created token 28",
      "09:29 created token 29",
    ]);
  });

  test("has the earlier alerts of the incident in their place", () => {
    const earlier = {
      alertId: "alert",
      eventUuid: "earlier",
      detectedAt: "2026-11-24T09:02:03.000Z",
      published: "2026-11-24T09:02:00.000Z",
      eventType: "system.api_token.create",
      deed: null,
      succeeded: true,
      summary: "",
      severity: "high",
      detections: [{ id: "rule", title: "Okta API Token Created Via Proxy" }],
    } as const;
    const story = storyWith([{ minute: 1 }, { minute: 3 }], {
      before: [earlier, { ...earlier, eventUuid: "event 3" }],
    });
    expect(timeline(story, "ada@example.com", 20).map((line) => line.replace(/, from.*/, ""))).toEqual([
      "2026-11-24 09:01 UTC created token deploy",
      '09:02 "Okta API Token Created Via Proxy"',
      "09:03 created token deploy",
    ]);
    expect(undoList(story, 20).map(({ text }) => text)).toEqual([
      '"Okta API Token Created Via Proxy" at 09:02: revoke the token, in Security / API / Tokens',
    ]);
  });
});

describe("what to undo", () => {
  test("of a session start has the person's page, whether a correlation or an earlier alert has it", () => {
    const earlier = {
      alertId: "alert",
      eventUuid: "earlier",
      detectedAt: "2026-11-24T09:00:03.000Z",
      published: "2026-11-24T09:00:00.000Z",
      eventType: "user.session.start",
      deed: "started an Okta session",
      succeeded: true,
      summary: "",
      severity: "high",
      detections: [],
    } as const;
    const [undo] = undoList(storyWith([{ minute: 1 }], { before: [earlier] }), 20);
    expect(undo).toEqual({
      text: "started an Okta session at 09:00: clear the user's sessions",
      link: "https://example-admin.okta.com/admin/user/profile/view/00u1lisbon",
    });
  });

  test("has the latest acts, and how many are left", () => {
    const events = Array.from({ length: 9 }, (_, minute) => ({
      minute,
      deed: `created token ${minute}`,
      undo: "revoke the token",
    }));
    expect(undoList(storyWith(events, { more: 3 }), 2)).toEqual([
      { text: "created token 7 at 09:07: revoke the token", link: null },
      { text: "created token 8 at 09:08: revoke the token", link: null },
      { text: "10 more acts: see the session in Okta's System Log", link: null },
    ]);
  });
});

test("the order of acts is one sentence, of at most four of them", () => {
  const events = ["started", "granted", "created", "reset", "opened"].map((deed, minute) => ({ minute, deed }));
  expect(describeOrder(storyWith(events.slice(0, 4)))).toBe(
    "4 acts within 3 minutes: started, then granted, created, reset",
  );
  expect(describeOrder(storyWith(events))).toBe("5 acts within 4 minutes: started, then granted, 2 more acts, opened");
});
