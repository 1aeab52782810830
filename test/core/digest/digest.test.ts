import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { entryOf } from "../../../lambda/core/alerts/incident-entry.ts";
import { maximumSms } from "../../../lambda/core/alerts/sms.ts";
import { type DayCounts, nameOf, otherName } from "../../../lambda/core/digest/day-counts.ts";
import {
  composeDigest,
  type DigestSources,
  daysOf,
  periodBefore,
  weekBefore,
} from "../../../lambda/core/digest/digest.ts";
import { maximumLine, renderDigest, writeDigest } from "../../../lambda/core/digest/render-digest.ts";
import type { Exception } from "../../../lambda/core/exceptions/exception.ts";
import type { Incident } from "../../../lambda/core/incidents/incident.ts";
import { refusalOf } from "../../../local/aws-limits.ts";
import { alertOf } from "../../fixtures/cases.ts";
import { codePoint } from "../../fixtures/code-point.ts";

/* What readers get is in files to be read: `npx vitest run test/core/digest --update` writes them anew. */

/** A Monday. */
const now = new Date("2026-11-23T08:00:00.000Z");
const period = weekBefore(now);
const proxied = "8d5f6c9e-5a0e-4b7c-9d0c-4f6a3a1f2b10";
const titles = new Map([
  [proxied, "Okta User Session Start Via Anonymizing Proxy"],
  ["tor", "Okta User Session Start Via Tor or a Residential Proxy"],
]);

const counts = (numbers: Readonly<Record<string, number>>, persons: readonly string[] = []): DayCounts => ({
  numbers: new Map(Object.entries(numbers)),
  persons: new Set(persons),
});

const exception = (id: string, until: string, scope: Exception["scope"] = { operator: "NORD_VPN" }): Exception => ({
  id,
  scope,
  by: "grace",
  reason: "asked her",
  createdAt: "2026-10-01T00:00:00.000Z",
  until,
  noticedAt: null,
});

/** An incident with an alert at each of these times. */
const incident = (id: string, times: readonly string[], rest: Partial<Incident> = {}): Incident => ({
  id: `${id}-0000-5000-8000-000000000000`,
  changed: times.at(-1) ?? "",
  user: { id: "00u1", login: "ada@example.com", displayName: "Ada" },
  alerts: times.map((detectedAt, index) => ({ ...entryOf(alertOf({}), null), alertId: `${id}${index}`, detectedAt })),
  count: times.length,
  verdict: null,
  ...rest,
});

/** The same, with alerts of one detection and one operator. */
const throughVpn = (whole: Incident): Incident => ({
  ...whole,
  alerts: whole.alerts.map((alert) => ({
    ...alert,
    detections: [{ id: proxied, title: titles.get(proxied) ?? "" }],
    kinds: ["vpn"],
    operator: "NORD_VPN",
  })),
});

const verdict = (at: string): Incident["verdict"] => ({ verdict: "benign", note: "asked", by: "grace", at });

const sources = (rest: Partial<DigestSources> = {}): DigestSources => ({
  period,
  days: new Map(),
  exceptions: [],
  incidents: [],
  titles,
  now,
  ...rest,
});

const ordinary = sources({
  days: new Map([
    [
      "2026-11-10",
      counts(
        {
          alerts: 3,
          "severity#high": 3,
          signIns: 24,
          "kind#vpn": 23,
          "kind#tor": 1,
          newPersons: 1,
          suppressed: 4,
          excepted: 17,
          "operator#NORD_VPN": 20,
          "exception#1a2b3c4d": 17,
          [nameOf("rule", proxied)]: 3,
        },
        ["old@example.com"],
      ),
    ],
    [
      "2026-11-17",
      counts(
        {
          alerts: 4,
          "severity#high": 3,
          "severity#critical": 1,
          signIns: 12,
          failed: 2,
          "kind#vpn": 8,
          "kind#tor": 4,
          newPersons: 2,
          suppressed: 3,
          excepted: 5,
          "operator#NORD_VPN": 8,
          "operator#TOR_EXIT": 4,
          "exception#1a2b3c4d": 5,
          [nameOf("rule", proxied)]: 4,
          [nameOf("rule", "tor")]: 2,
        },
        ["ada@example.com", "grace@example.com"],
      ),
    ],
    [
      "2026-11-22",
      counts(
        {
          alerts: 3,
          "severity#high": 3,
          signIns: 19,
          failed: 7,
          "kind#vpn": 15,
          "kind#relay": 4,
          newPersons: 1,
          suppressed: 6,
          excepted: 10,
          "operator#NORD_VPN": 10,
          "operator#MULLVAD_VPN": 5,
          "operator#APPLE_ICLOUD_RELAY_PROXY": 4,
          "exception#1a2b3c4d": 7,
          "exception#99aabbcc": 3,
          [nameOf("rule", proxied)]: 3,
        },
        ["lin@example.com"],
      ),
    ],
  ]),
  exceptions: [
    exception("1a2b3c4d", "2026-11-28T00:00:00.000Z"),
    exception("77777777", "2026-12-05T00:00:00.000Z", { user: "ada@example.com", cidr: "192.0.2.0/24" }),
    exception("later", "2026-12-08T00:00:00.000Z"),
    exception("ended", "2026-11-20T00:00:00.000Z"),
  ],
  incidents: [
    incident("3f2a91c4", ["2026-11-17T10:00:00.000Z", "2026-11-19T09:00:00.000Z"]),
    incident("77aa0011", ["2026-11-22T10:00:00.000Z"], { user: null }),
    incident(
      "closed00",
      Array.from({ length: 4 }, (_, index) => `2026-11-18T1${index}:00:00.000Z`),
      {
        verdict: verdict("2026-11-19T10:00:00.000Z"),
      },
    ),
  ],
});

const cases: Readonly<Record<string, DigestSources>> = {
  ordinary,
  empty: sources({ days: new Map([["2026-11-12", counts({ signIns: 3, "kind#vpn": 3, alerts: 1 })]]) }),
  "first-week": sources({
    days: new Map([
      [
        "2026-11-19",
        counts(
          { alerts: 1, "severity#high": 1, signIns: 1, "kind#tor": 1, newPersons: 1, [nameOf("rule", proxied)]: 1 },
          ["ada@example.com"],
        ),
      ],
    ]),
  }),
  noisy: sources({
    days: new Map([
      [
        "2026-11-16",
        counts(
          {
            alerts: 1_234,
            "severity#high": 1_200,
            "severity#medium": 34,
            signIns: 12_345,
            failed: 11_000,
            "kind#vpn": 12_000,
            "kind#residential_proxy": 345,
            newPersons: 300,
            suppressed: 9_000,
            inStorms: 10_950,
            excepted: 2_111,
            [nameOf("rule", proxied)]: 1_234,
          },
          Array.from({ length: 50 }, (_, index) => `user${String(index).padStart(2, "0")}@example.com`),
        ),
      ],
    ]),
    exceptions: Array.from({ length: 14 }, (_, index) =>
      exception(`e${index}`, `2026-11-${24 + (index % 6)}T00:00:00.000Z`),
    ),
  }),
  bounded: sources({
    days: new Map([
      [
        "2026-11-16",
        counts({
          signIns: 900,
          "kind#vpn": 900,
          ...Object.fromEntries(
            Array.from({ length: 40 }, (_, index) => [nameOf("operator", `SERVICE_${index}_VPN`), 40 - index]),
          ),
          [otherName("operator")]: 80,
        }),
      ],
    ]),
  }),
  loud: sources({
    days: new Map([
      [
        "2026-11-16",
        counts({ alerts: 42, "severity#high": 42, signIns: 42, "kind#vpn": 42, [nameOf("rule", proxied)]: 42 }),
      ],
    ]),
    incidents: [
      incident(
        "3f2a91c4",
        Array.from({ length: 12 }, (_, index) => `2026-11-17T10:${10 + index}:00.000Z`),
        {
          verdict: verdict("2026-11-19T10:00:00.000Z"),
        },
      ),
    ].map(throughVpn),
  }),
  hostile: sources({
    days: new Map([
      [
        "2026-11-16",
        counts(
          {
            signIns: 1,
            newPersons: 2,
            alerts: 1,
            excepted: 1,
            [nameOf("operator", "https://evil.example/pay\nAlerts: 0")]: 1,
            [nameOf("exception", "gone.example")]: 1,
            [nameOf("rule", "\u202ecod.exe")]: 1,
          },
          ["www.evil.example", `${"x".repeat(80)}@example.com`],
        ),
      ],
    ]),
    exceptions: [
      exception("77777777", "2026-12-05T00:00:00.000Z", { user: "evil.example/login", cidr: "2001:db8::/32" }),
    ],
  }),
};

test.each(Object.keys(cases))("the digest of the case %s", async (name) => {
  const message = renderDigest(composeDigest(cases[name] ?? sources()));
  const { email, sms } = JSON.parse(message.message) as { email: string; sms: string };
  const attributes = Object.entries(message.attributes).map(([key, { value }]) => `${key}=${value}`);
  const text = `Subject: ${message.subject}\nSMS: ${sms}\nAttributes: ${attributes.join(" ")}\n\n${email}`;
  await expect(text).toMatchFileSnapshot(`golden/${name}.txt`);
});

test("an empty week is two lines", () => {
  expect(writeDigest(composeDigest(sources())).trimEnd().split("\n")).toEqual([
    "16 to 22 November 2026",
    "No sign-in through an anonymous network",
  ]);
  const { empty = sources() } = cases;
  expect(writeDigest(composeDigest(empty)).trimEnd().split("\n")).toHaveLength(2);
});

describe("the period", () => {
  test("of a schedule is the seven whole days before, and is compared with the seven before those", () => {
    expect(daysOf(period)).toEqual([
      "2026-11-16",
      "2026-11-17",
      "2026-11-18",
      "2026-11-19",
      "2026-11-20",
      "2026-11-21",
      "2026-11-22",
    ]);
    expect(periodBefore(period)).toEqual({ from: "2026-11-09", days: 7 });
    expect(weekBefore(new Date("2026-11-23T00:00:00.000Z"))).toEqual(period);
    expect(weekBefore(new Date("2026-11-23T23:59:59.999Z"))).toEqual(period);
  });

  test("bounds what is counted: the day before it and the day after it are not of it", () => {
    const day = counts({ signIns: 1 });
    const days = new Map(
      ["2026-11-08", "2026-11-09", "2026-11-15", "2026-11-16", "2026-11-22", "2026-11-23"].map((each) => [each, day]),
    );
    expect(composeDigest(sources({ days })).signIns).toEqual({ count: 2, before: 2 });
  });

  test("that goes over a year's end names both years, and one of a day names it", () => {
    const first = (from: string, days: number) =>
      writeDigest(composeDigest(sources({ period: { from, days } }))).split("\n")[0];
    expect(first("2026-12-28", 7)).toBe("28 December 2026 to 3 January 2027");
    expect(first("2026-11-28", 7)).toBe("28 November to 4 December 2026");
    expect(first("2026-11-28", 1)).toBe("28 November 2026");
  });
});

test("numbers stand beside those of the period before, where anything was counted then", () => {
  expect(composeDigest(ordinary).alerts).toEqual({ count: 7, before: 3 });
  expect(composeDigest(cases["first-week"] ?? sources()).alerts).toEqual({ count: 1, before: null });
});

test("exceptions that end within 14 days are named, the next first; ended ones and later ones are not", () => {
  expect(composeDigest(ordinary).endingExceptions.map(({ id }) => id)).toEqual(["1a2b3c4d", "77777777"]);
});

test("incidents wait for a verdict where an alert of the period is not judged: the severest first, 50 at most", () => {
  const before = "2026-11-10T10:00:00.000Z";
  const [first, second] = ["2026-11-17T10:00:00.000Z", "2026-11-18T10:00:00.000Z"];
  const severe = incident("critical", [first]);
  const { openIncidents } = composeDigest(
    sources({
      incidents: [
        incident("judged00", [first], { verdict: verdict(second) }),
        incident("reopened", [before, second], { verdict: verdict(first) }),
        incident("earlier0", [before], { changed: second }),
        incident("waiting0", [first]),
        { ...severe, alerts: severe.alerts.map((each) => ({ ...each, severity: "critical" as const })) },
      ],
    }),
  );
  expect(openIncidents.count).toBe(3);
  expect(openIncidents.listed.map(({ id, severity, alerts }) => [id.slice(0, 8), severity, alerts])).toEqual([
    ["critical", "critical", 1],
    ["reopened", "high", 2],
    ["waiting0", "high", 1],
  ]);
  const many = Array.from({ length: 70 }, (_, index) => incident(`${10_000_000 + index}`, [first]));
  const digest = composeDigest(sources({ incidents: many }));
  expect([digest.openIncidents.count, digest.openIncidents.listed.length]).toEqual([70, 50]);
  expect(writeDigest(digest)).toContain("\n- and 60 more\nJudge them: npx okta-proxy-watch incidents list --open\n");
});

test("a detection only makes noise where three alerts or more were judged harmless, and none a true positive", () => {
  const at = "2026-11-19T10:00:00.000Z";
  const times = (count: number) => Array.from({ length: count }, (_, index) => `2026-11-18T1${index}:00:00.000Z`);
  const noisy = (...incidents: readonly Incident[]) =>
    composeDigest(sources({ incidents })).noisyDetections.map(({ harmless }) => harmless);
  const judged = (count: number, of: NonNullable<Incident["verdict"]>["verdict"]) =>
    incident(`${of.slice(0, 4)}${count}000`, times(count), { verdict: { verdict: of, note: "", by: "grace", at } });
  expect(noisy(judged(2, "benign"))).toEqual([]);
  expect(noisy(judged(2, "benign"), judged(1, "expected"), incident("open0000", times(1)))).toEqual([3]);
  expect(noisy(judged(5, "benign"), judged(1, "true-positive"))).toEqual([]);
});

test("a detection is loud from ten alerts a week, with the persons and the exception that would halve them, but for attacks", () => {
  const at = "2026-11-18T10:00:00.000Z";
  const all = incident(
    "3f2a91c4",
    Array.from({ length: 10 }, () => at),
  );
  const loud = (incidents: readonly Incident[], days = 7) =>
    composeDigest(sources({ period: { from: "2026-11-16", days }, incidents: incidents.map(throughVpn) }))
      .loudDetections;
  const except = { scope: { user: "ada@example.com", operator: "NORD_VPN" }, covers: 10, of: 10 };
  expect(loud([all])).toEqual([
    { id: proxied, title: titles.get(proxied), alerts: 10, persons: 1, except, doubt: null },
  ]);
  expect(loud([{ ...all, alerts: all.alerts.slice(1) }])).toEqual([]);
  // As many in two weeks are half of it.
  expect(loud([all], 14)).toEqual([]);
  const attack = incident("77aa0011", ["2026-10-01T10:00:00.000Z"], {
    verdict: { verdict: "true-positive", note: "", by: "grace", at },
  });
  expect(loud([all, attack])).toMatchObject([{ alerts: 10, except: null, doubt: { incident: attack.id } }]);
  const mail = writeDigest(composeDigest(sources({ incidents: [all, attack].map(throughVpn) })));
  expect(mail.replace(/\n\s+/g, " ")).toContain(
    "no exception is proposed, as an incident of ada@example.com was judged a true positive (77aa0011)",
  );
});

test("a loud detection whose alerts are all about storms has no persons: they name none", () => {
  const storm = incident(
    "3f2a91c4",
    Array.from({ length: 10 }, () => "2026-11-18T10:00:00.000Z"),
  );
  const about = { ...storm, user: null, alerts: storm.alerts.map((alert) => ({ ...alert, storm: storm.id })) };
  const text = writeDigest(composeDigest(sources({ incidents: [about] })));
  expect(text.replace(/\s+/g, " ")).toContain(": 10 alerts; no exception is proposed");
});

test("an exception that is gone is named by its id, and a detection without title by its own", () => {
  const { exceptions, detections } = composeDigest(
    sources({ days: new Map([["2026-11-16", counts({ "exception#gone": 1, "rule#unknown": 1 })]]) }),
  );
  expect(exceptions).toEqual([{ id: "gone", scope: null, count: 1, before: null }]);
  expect(detections).toEqual([{ id: "unknown", title: null, count: 1, before: null }]);
});

test("no text makes a line longer than a phone shows, or a message that SNS refuses", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 120 }),
    fc.string({ unit: codePoint, maxLength: 120 }),
    fc.emailAddress(),
  );
  const count = fc.integer({ min: 0, max: 3_000_000 });
  const day = fc
    .record({
      operators: fc.dictionary(
        text.map((each) => nameOf("operator", each)),
        count,
      ),
      rules: fc.dictionary(
        text.map((each) => nameOf("rule", each)),
        count,
      ),
      exceptions: fc.dictionary(
        text.map((each) => nameOf("exception", each)),
        count,
      ),
      persons: fc.array(text, { maxLength: 50 }),
      totals: fc.record({
        signIns: count,
        failed: count,
        alerts: count,
        newPersons: count,
        suppressed: count,
        excepted: count,
      }),
    })
    .map(({ operators, rules, exceptions, persons, totals }) =>
      counts({ ...operators, ...rules, ...exceptions, ...totals }, persons),
    );
  fc.assert(
    fc.property(day, fc.option(day, { nil: undefined }), text, (current, earlier, operator) => {
      const days = new Map([
        ["2026-11-16", current],
        ...(earlier === undefined ? [] : [["2026-11-09", earlier] as const]),
      ]);
      const digest = composeDigest(
        sources({
          days,
          exceptions: [exception("1", "2026-11-30T00:00:00.000Z", { operator })],
          incidents: [
            incident("3f2a91c4", ["2026-11-17T10:00:00.000Z"], {
              user: { id: null, login: operator, displayName: null },
            }),
          ],
        }),
      );
      const { subject = "", message, attributes } = renderDigest(digest);
      for (const line of writeDigest(digest).split("\n")) expect(line.length).toBeLessThanOrEqual(maximumLine);
      expect((JSON.parse(message) as { sms: string }).sms.length).toBeLessThanOrEqual(maximumSms);
      expect(subject).toMatch(/^[!-~][ -~]{0,98}$/);
      expect(Object.keys(attributes)).toEqual(["notice"]);
      const input = { Subject: subject, Message: message, MessageStructure: "json" };
      expect(refusalOf({ service: "sns", action: "Publish", input })).toBeNull();
    }),
    { numRuns: 50 },
  );
});
