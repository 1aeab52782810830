import { describe, expect, test } from "vitest";
import { anonymize } from "../../../pages/report/anonymize.ts";
import { writeReport } from "../../../pages/report/write-report.ts";
import { empty, none, person, reportOf } from "./reports.ts";

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

  test("that tells of a storm's alerts where its attempts came before the period", () => {
    const text = textOf(writeReport({ ...empty, outcomes: { ...empty.outcomes, reports: 1 }, alerts: 1 }));
    expect(text).toContain("No detection matched an event. 1 further alert about storms and gathered sign-ins.");
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
        persons: { ...none, rows: [person({ person: hostile, networks: [{ kinds: [], operators: [hostile] }] })] },
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
            doubt: null,
          },
        ],
        exceptions: {
          rows: [
            {
              scope: { user: hostile },
              command: hostile,
              alerts: 0,
              covers: 1,
              persons: 1,
              far: 0,
              inDoubt: [{ person: hostile, alerts: 1 }],
              moreInDoubt: 0,
            },
          ],
          together: 0,
          truePositives: null,
          refused: [],
          moreRefused: 0,
        },
      }),
    );
    expect(page.match(/<img|onload='|<\/script>/g)).toEqual(["</script>"]);
    expect(page).toContain("&lt;img src=x onerror=alert(1)&gt;");
  });

  test("whose exception for everyone names whom to judge first, and has the number of the JSON", () => {
    const row = {
      scope: { operator: "NORD_VPN" },
      command: "npx okta-proxy-watch exceptions add --operator NORD_VPN",
      alerts: 4,
      covers: 36,
      persons: 9,
      far: 0,
      inDoubt: [
        { person: "ada@example.com", alerts: 9 },
        { person: "bob@example.com", alerts: 1 },
      ],
      moreInDoubt: 4,
    };
    const exceptions = { rows: [row], together: null, truePositives: null, refused: [], moreRefused: 0 };
    const text = textOf(writeReport(reportOf(40, { exceptions })));
    expect(text).toContain("36 of 40 alerts fewer");
    expect(text).toContain(
      "Judge these first, they may be under attack: it covers alerts of ada@example.com (9 alerts), bob@example.com (1 alert), and those of 4 further persons.",
    );
    const remedy = { ...row, kind: "exception", covers: 9, of: 12, moreInDoubt: 0 } as const;
    const counted = { id: "r1", title: "A rule", level: "high", matches: 12, alerts: 12 } as const;
    const detection = { ...counted, alertsAWeek: 12, persons: 9, remedy, doubt: null };
    expect(textOf(writeReport(reportOf(40, { detections: [detection] })))).toContain(
      "it covers alerts of ada@example.com (9 alerts), bob@example.com (1 alert).",
    );
    const judged = { ...exceptions, rows: [{ ...row, inDoubt: [], moreInDoubt: 0 }] };
    expect(textOf(writeReport(reportOf(40, { exceptions: judged })))).not.toContain("Judge these first");
  });

  test("whose persons have the kinds of their networks, with operators where Okta names them", () => {
    const networks = [
      { kinds: ["tor"], operators: [] },
      { kinds: ["proxy", "vpn"], operators: ["NORD_VPN"] },
      { kinds: [], operators: [] },
    ] as const;
    const text = textOf(writeReport(reportOf(1, { persons: { ...none, rows: [person({ networks })] } })));
    expect(text).toContain("Tor, Proxy and VPN (NORD_VPN), Not named by Okta");
    const nowhere = writeReport(reportOf(1, { persons: { ...none, rows: [person({ networks: [] })] } }));
    expect(nowhere).toContain('<td class="" data-value="">–</td>');
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
          inDoubt: [{ person: "Ada@example.com", alerts: 1 }],
          moreInDoubt: 0,
        },
        {
          scope: { user: "bea@example.com", cidr: "192.0.2.0/24" },
          command: "",
          alerts: 8,
          covers: 1,
          persons: 1,
          far: 0,
          inDoubt: [],
          moreInDoubt: 0,
        },
      ],
      together: 0,
      truePositives: null,
      refused: [],
      moreRefused: 0,
    },
  });
  const shown = anonymize(report);
  expect(shown.persons.rows.map(({ person: name }) => name)).toEqual(["Person 1", "Person 2"]);
  expect(shown.exceptions.rows.map(({ scope, command }) => [scope, command])).toEqual([
    [{ user: "Person 2", cidr: "no. 1" }, ""],
    [{ user: "Person 1", cidr: "no. 2" }, ""],
  ]);
  expect(writeReport(shown)).toContain("Person 2, network no. 1");
  expect(writeReport(shown)).toContain("it covers alerts of Person 2 (1 alert)");
  expect(shown.homes).toEqual([{ place: "PT", at: { latitude: 39, longitude: -9 }, persons: 1 }]);
  // With exits whose places are known, a distance to the kilometer would lead to a home.
  expect(shown.persons.rows.map(({ farthestKm }) => farthestKm)).toEqual([5_700, 5_700]);
  const nowhere = { ...report, homes: [{ place: "Lisbon", at: { latitude: 38.7, longitude: -9.1 }, persons: 1 }] };
  expect(writeReport(anonymize(nowhere))).not.toContain("Lisbon");
  expect(anonymize(report)).toEqual(shown);
  expect(writeReport(shown)).not.toMatch(/ada@|bea@|64500|192\.0\.2|log\.jsonl/i);
});
