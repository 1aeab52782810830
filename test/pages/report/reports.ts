import type { PersonRow, Report } from "../../../pages/report/report.ts";

/* Reports as small as their tests need. */

export const none = { rows: [], more: 0, moreSignIns: 0 };
export const empty: Report = {
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
  exceptions: { rows: [], together: null, truePositives: null, refused: [], moreRefused: 0 },
  thresholds: null,
};

export const person = (own: Partial<PersonRow> = {}): PersonRow => ({
  person: "ada@example.com",
  signIns: 1,
  failed: 0,
  alerts: 1,
  far: 1,
  farthestKm: 5_740,
  first: "2026-11-24",
  last: "2026-11-24",
  networks: [{ kinds: ["vpn"], operators: ["NORD_VPN"] }],
  isNew: true,
  isUsual: false,
  ...own,
});

const hours = (count: number) => Array.from({ length: 24 }, (_, hour) => (hour === 9 ? count : 0));

/** A report of one day with so many alerts, all of one person. */
export function reportOf(alerts: number, own: Partial<Report> = {}): Report {
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
        doubt: null,
      },
    ],
    ...own,
  };
}
