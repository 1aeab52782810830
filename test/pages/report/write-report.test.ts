import { describe, expect, test } from "vitest";
import { anonymize } from "../../../pages/report/anonymize.ts";
import type { PersonRow, Report } from "../../../pages/report/report.ts";
import { writeReport } from "../../../pages/report/write-report.ts";

const none = { rows: [], more: 0, moreSignIns: 0 };
const empty: Report = {
  schemaVersion: "1.0",
  kind: "report",
  source: "log.jsonl",
  anonymized: false,
  from: null,
  to: null,
  days: 0,
  distanceKm: null,
  signIns: { all: 0, failed: 0, anonymous: 0, anonymousFailed: 0, persons: 0 },
  outcomes: { matched: 0, alerted: 0, suppressed: 0, inStorm: 0, gathered: 0, excepted: 0, reports: 0 },
  alerts: 0,
  severities: [],
  exits: none,
  homes: [],
  calendar: [],
  kinds: [],
  operators: none,
  persons: none,
  detections: [],
  exceptions: { rows: [], together: null, truePositives: null },
  thresholds: null,
};

const person = (own: Partial<PersonRow> = {}): PersonRow => ({
  person: "ada@example.com",
  signIns: 1,
  failed: 0,
  alerts: 1,
  far: 1,
  farthestKm: 5_740,
  first: "2026-11-24",
  last: "2026-11-24",
  operators: ["NORD_VPN"],
  isNew: true,
  isUsual: false,
  ...own,
});

const hours = (count: number) => Array.from({ length: 24 }, (_, hour) => (hour === 9 ? count : 0));

/** A report of one day with so many alerts, all of one person. */
function reportOf(alerts: number, own: Partial<Report> = {}): Report {
  return {
    ...empty,
    from: "2026-11-24",
    to: "2026-11-24",
    days: 1,
    distanceKm: 500,
    signIns: { all: 2 * alerts, failed: 0, anonymous: alerts, anonymousFailed: 0, persons: 1 },
    outcomes: { ...empty.outcomes, matched: alerts, alerted: alerts },
    alerts,
    severities: [{ severity: "high", alerts }],
    exits: {
      ...none,
      rows: [
        {
          place: "Toronto, Ontario, Canada",
          at: { latitude: 43.7, longitude: -79.4 },
          signIns: alerts,
          far: alerts,
          alerts,
          severity: "high",
          home: { latitude: 38.7, longitude: -9.1 },
        },
      ],
    },
    homes: [{ place: "Lisbon, PT", at: { latitude: 38.7167, longitude: -9.1333 }, persons: 1 }],
    calendar: [{ day: "2026-11-24", signIns: alerts, hours: hours(alerts), alerts }],
    kinds: [{ kind: "vpn", signIns: alerts, persons: 1 }],
    operators: { ...none, rows: [{ operator: "NORD_VPN", signIns: alerts, persons: 1 }] },
    persons: { ...none, rows: [person({ signIns: alerts, alerts })] },
    detections: [
      {
        id: "r1",
        title: "Proxied",
        level: "high",
        matches: alerts,
        alerts,
        alertsAWeek: alerts,
        persons: 1,
        remedy: null,
      },
    ],
    ...own,
  };
}

/** The text that a reader sees, without markup. */
const textOf = (page: string) =>
  page
    .replace(/<(style|script)[^>]*>.*?<\/\1>/gs, "")
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ");

describe("a report is a page", () => {
  test("that says so where there is nothing to show", () => {
    const text = textOf(writeReport(empty));
    expect(text).toContain("no event");
    expect(text).toContain("No detection matched an event: nothing would have alerted.");
    expect(text).toContain("No sign-in through an anonymous network has a known place.");
    expect(text).not.toContain("What would quieten most");
    expect(text).not.toMatch(/NaN|Infinity|undefined|null/);
  });

  test("that counts one as one, and ten thousand with a separator", () => {
    const one = textOf(writeReport(reportOf(1)));
    expect(one).toContain("What became of 1 matching event ");
    expect(one).toMatch(/ 1 .*alert/);
    const many = textOf(writeReport(reportOf(10_000)));
    expect(many).toContain("What became of 10,000 matching events");
    expect(many).toContain("50 % · 0 failed");
    for (const text of [one, many]) expect(text).not.toMatch(/NaN|Infinity|undefined/);
  });

  test("that asks for nothing from anywhere, and admits no other script or style than its own", () => {
    const page = writeReport(reportOf(3));
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1]?.replaceAll("&#39;", "'");
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; img-src data:/);
    expect(page.match(/(?:src|href)="(?!#|data:)[^"]*"|\sstyle="|@import|url\(/g)).toBeNull();
  });

  test("in which hostile names are text", () => {
    const hostile = `"><img src=x onerror=alert(1)></script><svg onload='alert(2)'>`;
    const page = writeReport(
      reportOf(1, {
        source: hostile,
        persons: { ...none, rows: [person({ person: hostile, operators: [hostile] })] },
        operators: { ...none, rows: [{ operator: hostile, signIns: 1, persons: 1 }] },
        homes: [{ place: hostile, at: { latitude: 1, longitude: 1 }, persons: 1 }],
        detections: [
          {
            id: hostile,
            title: hostile,
            level: "high",
            matches: 1,
            alerts: 1,
            alertsAWeek: 1,
            persons: 1,
            remedy: { kind: "filter", field: "actor.alternateId", value: hostile, yaml: hostile, covers: 1, of: 2 },
          },
        ],
        exceptions: {
          rows: [{ scope: { user: hostile }, command: hostile, alerts: 0, covers: 1, persons: 1, far: 0 }],
          together: 0,
          truePositives: null,
        },
      }),
    );
    expect(page.match(/<img|onload='|<\/script>/g)).toEqual(["</script>"]);
    expect(page).toContain("&lt;img src=x onerror=alert(1)&gt;");
  });

  test("whose numbers sort as numbers, with nothing known last", () => {
    const rows = [person({ person: "a", far: null, farthestKm: null }), person({ person: "b", alerts: 1_200 })];
    const page = writeReport(reportOf(1, { persons: { ...none, rows } }));
    expect(page).toContain('<td class="number" data-value="1200">1,200</td>');
    expect(page).toContain('<td class="number" data-value="">–</td>');
  });
});

test("an anonymized report has the same pseudonym for a person wherever the person stands", () => {
  const report = reportOf(9, {
    persons: { ...none, rows: [person({ person: "Bea@Example.com" }), person()] },
    exceptions: {
      rows: [
        {
          scope: { user: "ada@example.com", asNumber: 64_500 },
          command: "--user ada",
          alerts: 1,
          covers: 8,
          persons: 1,
          far: 0,
        },
        {
          scope: { user: "bea@example.com", cidr: "192.0.2.0/24" },
          command: "",
          alerts: 8,
          covers: 1,
          persons: 1,
          far: 0,
        },
      ],
      together: 0,
      truePositives: null,
    },
  });
  const shown = anonymize(report);
  expect(shown.persons.rows.map(({ person: name }) => name)).toEqual(["Person 1", "Person 2"]);
  expect(shown.exceptions.rows.map(({ scope, command }) => [scope, command])).toEqual([
    [{ user: "Person 2", operator: "Network 1" }, ""],
    [{ user: "Person 1", operator: "Network 2" }, ""],
  ]);
  expect(shown.homes).toEqual([{ place: "PT", at: { latitude: 39, longitude: -9 }, persons: 1 }]);
  expect(anonymize(report)).toEqual(shown);
  expect(writeReport(shown)).not.toMatch(/ada@|bea@|64500|192\.0\.2|log\.jsonl/i);
});
