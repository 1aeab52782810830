import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import { alertOf, cases } from "../../fixtures/cases.ts";
import { codePoint } from "../../fixtures/code-point.ts";
import { hostileText } from "../../fixtures/live-text.ts";
import { wrap } from "../../fixtures/phone.ts";
import { renderEmail, renderSms, renderSubject } from "../../fixtures/rendered.ts";

/** The first part of a mail: the lines before the first that is empty. */
function firstLines(alert: Alert): readonly string[] {
  const text = renderEmail(alert);
  return text.slice(0, text.indexOf("\n\n")).split("\n");
}

/** The same as a phone of 40 columns shows it. */
const onPhone = (alert: Alert) => firstLines(alert).flatMap((line) => wrap(line, 40));

const caseOf = (name: string) => (cases[name] ?? alertOf)();

describe("the first screen of a phone, 12 lines of 40 characters,", () => {
  test.each(Object.keys(cases))("holds the first part of the mail: %s", (name) => {
    const alert = caseOf(name);
    const lines = onPhone(alert);
    expect(lines.length).toBeLessThanOrEqual(12);
    expect(lines[0]).toContain(`${alert.severity.toUpperCase()}:`);
    expect(lines.some((line) => /^Who:/.test(line))).toBe(true);
    expect(lines.some((line) => /^Do first:/.test(line))).toBe(true);
  });

  test("shows an address of IPv6 as it is, also where the line is cut", () => {
    const ipAddress = "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff";
    const securityContext = { isProxy: true, asNumber: 64500, asOrg: "A hosting company with a name that fills lines" };
    const lines = firstLines(alertOf({ event: { client: { ipAddress }, securityContext } }));
    expect(lines.find((line) => line.startsWith("Network: "))).toMatch(
      /^Network: 2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff(?:, .*)?…$/,
    );
  });

  test("holds it whatever texts the event has", () => {
    const text = fc.oneof(hostileText, fc.string({ unit: codePoint, maxLength: 300 }));
    fc.assert(
      fc.property(
        fc.constantFrom("SUCCESS", "FAILURE"),
        fc.array(text, { minLength: 6, maxLength: 6 }),
        (result, texts) => {
          const [login = "", displayName = "", city = "", asOrg = "", operator = "", reason = ""] = texts;
          const alert = alertOf({
            event: {
              actor: { id: "00u1", type: "User", alternateId: login, displayName },
              client: {
                ipAddress: "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff",
                geographicalContext: { city, country: city },
              },
              outcome: { result, reason },
              securityContext: {
                isProxy: true,
                asNumber: 64500,
                asOrg,
                risk: { level: "HIGH", reasons: [reason] },
                ipDetails: { ipServiceCategories: [{ type: "VPN", operator, isAnonymous: true }] },
              },
            },
          });
          expect(onPhone(alert).length).toBeLessThanOrEqual(12);
        },
      ),
    );
  });

  test.each<[string, string]>([
    ["a long display name", "Ada ".repeat(60)],
    ["a telephone number in the place of a name", "Ada, call +44 7700 900 000"],
    ["another login in the place of a name", "Ada (root@example.com)"],
  ])("names the login beside %s, and calls the person by a name alone", (_, displayName) => {
    const actor = { id: "00u1", type: "User", alternateId: "eve@example.com", displayName };
    const place = {
      city: "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch",
      state: "Wales",
      country: "Wales",
    };
    const lines = firstLines(alertOf({ event: { actor, client: { geographicalContext: place } } }));
    expect(lines.find((line) => line.startsWith("Who: "))).toMatch(/\(eve@example\.com\)$/);
    expect(lines.find((line) => line.startsWith("Where: "))).toContain("…, Wales, Wales");
    if (/\d|.{41}/.test(displayName)) expect(lines.at(-1)).toMatch(/all eve(?:@|\[@\])example/);
  });

  test("tells verdict, person, place, network, what is new and what to do first, in this order", () => {
    expect(firstLines(caseOf("tor-far-from-home"))).toEqual([
      "HIGH: sign-in through Tor",
      "Who: Ada Marques (Ada@Example.com)",
      "Where: Toronto, Ontario, Canada, 5,723 km from Lisbon, PT (home)",
      "Network: 203.0.113.77, AS64500 Example Hosting",
      "New: risk HIGH; New Device; no earlier proxied session in 90 days",
      "Do first: Clear the user's sessions now: Tor hides who it is. Then call Ada Marques. Did they sign in from Toronto?",
    ]);
  });

  test("has no sentence that is the same in every alert, or in most of those of one kind", () => {
    const ownWords = Object.keys(cases).map((name) =>
      firstLines(caseOf(name))
        .filter((line) => line.startsWith("Do first: ") || line.includes("HIGH:"))
        .flatMap((line) => line.split(/(?<=[.:?]) /)),
    );
    const counts = new Map<string, number>();
    for (const sentence of ownWords.flatMap((words) => [...new Set(words)])) {
      if (sentence !== "Do first:" && sentence !== "HIGH:") counts.set(sentence, (counts.get(sentence) ?? 0) + 1);
    }
    // Most cases are Ada's, from Toronto, through an unnamed proxy.
    const common = [...counts].filter(([, count]) => count > ownWords.length / 2);
    expect(common.map(([sentence]) => sentence).filter((sentence) => !/Ada|Toronto|a proxy/.test(sentence))).toEqual(
      [],
    );
  });

  test("shows the first step in full, or the step stands in full below", () => {
    for (const name of Object.keys(cases)) {
      const alert = caseOf(name);
      const [step = ""] = alert.triage;
      const mail = renderEmail(alert);
      const shown = firstLines(alert).at(-1)?.replace("Do first: ", "") ?? "";
      if (shown === step) expect(/^Then\n1\. /m.test(mail)).toBe(alert.triage.length > 1);
      else if (step.startsWith(shown.replace(/\.$/, ""))) expect(mail).toMatch(/^Then\n1\. /m);
      else expect(mail).toContain(`\nWhat to do\n1. ${step}\n`);
    }
  });

  test("ends the first step behind a sentence where it can, and the rest of the step comes first below", () => {
    const mail = renderEmail(caseOf("attack-chain-of-incident"));
    expect(mail).toMatch(/^Do first: Clear .* that together fit an attack\.$/m);
    expect(mail).toContain('\nThen\n1. Call Ada Marques. Did they do "Create API token"?\n');
  });

  test("names the person again where the question of a call comes below", () => {
    expect(renderEmail(caseOf("success-after-failures-of-many"))).toMatch(
      /Then call eve\.\n(?:.*\n)*Then\n1\. Ask eve: did they sign in from Toronto\?\n2\. /,
    );
  });

  test("leaves the reason of a long first step to what comes below", () => {
    const chain = caseOf("attack-chain");
    // What is new takes a line more.
    const history = chain.history && { ...chain.history, since: "2026-11-20T10:00:00.000Z" };
    const mail = renderEmail({ ...chain, history });
    expect(mail).toMatch(/^Do first: Clear the sessions of Ada Marques now, and undo each act\.$/m);
    expect(mail).toMatch(/\nThen\n1\. It is the last of 4 acts that together fit an attack\. Then call Ada Marques\./);
  });

  test("cuts no number: the distance is shorter, or left out", () => {
    expect(firstLines(caseOf("attack-chain"))).toContain("Where: Toronto, Canada, 5,723 km away");
    for (const name of Object.keys(cases)) {
      const where = firstLines(caseOf(name)).find((line) => line.startsWith("Where: ")) ?? "";
      const distance = /, \d.*$/.exec(where)?.[0];
      expect(distance ?? ", 1 km away").toMatch(/^, [\d,]+ km (?:away|from .*\w\)?)$/);
      const sms = renderSms(caseOf(name));
      expect(sms).not.toMatch(/\.{4}/);
      for (const [, end] of sms.matchAll(/\d km (.*?)(?:\. |$)/g)) expect(end).toMatch(/^(?:away|from .*[^.])$/);
    }
  });
});

describe("a text that is too long", () => {
  test("ends behind a word, in the first part of a mail and in an SMS", () => {
    for (const name of Object.keys(cases)) {
      const [, who = "", ...others] = firstLines(caseOf(name));
      const text = [who, ...others].join("\n");
      expect(text).not.toMatch(/ (?:to|of|from)…/);
      expect(text).not.toMatch(/ proxi?…| sess[a-z]{0,2}…| succeeded s…|\(INVALID?…/);
      const sms = renderSms(caseOf(name));
      expect(sms).not.toMatch(/New:\.|proxi?\.\.\.|sess[a-z]{0,2}\.\.\./);
    }
  });

  test("names fewer acts of a chain and fewer persons, and the last act in full", () => {
    expect(firstLines(caseOf("success-after-failures-of-many")).slice(0, 2)).toEqual([
      "HIGH: 5 acts within 10 minutes: tried to start an Okta session (INVALID_CREDENTIALS), then 3 more acts, sign-in through Tor",
      "Who: eve (eve@example.com), with ann@example.com and 3 others",
    ]);
  });

  test("says what is new before the place in the incident and the verdict, and leaves whole things out", () => {
    expect(firstLines(caseOf("third-of-incident"))).toContain(
      "New: no other proxied session in 90 days. 3rd alert of this session",
    );
    expect(firstLines(caseOf("judged-before"))).toContain(
      "New: no earlier proxied session in 90 days. Judged before: benign",
    );
    expect(firstLines(caseOf("success-in-storm"))).toContain("New: 41 failed sign-ins from the same source; …");
    expect(firstLines(caseOf("held-back-before"))).toContain(
      "Known: 41 proxied sessions in 30 days; 37 session starts like it suppressed",
    );
  });

  test("gives the room of an SMS to what is new first, and to the name of the place last", () => {
    // What is far from home stands alone where not both fit.
    expect(renderSms(caseOf("attack-chain"))).toMatch(/, Canada\. 5,723 km from Lisbon, PT \(home\)$/);
    expect(renderSms(caseOf("blockchain-vpn"))).toMatch(
      /\. 5,723 km away\. New: no earlier proxied session in 90 days$/,
    );
  });
});

describe("a login that Okta does not know", () => {
  test.each([
    ["typed by a stranger", "T3stPassw0rd-example!"],
    ["of the org's form", "bob@example.com"],
    ["that is `unknown`", "unknown"],
  ])("%s is asked nothing, whether or not the attempt failed", (_, alternateId) => {
    for (const result of ["FAILURE", "SUCCESS"]) {
      const actor = { id: "unknown", type: "User", alternateId, displayName: "unknown" };
      const alert = alertOf({ event: { actor, outcome: { result, reason: null } }, locations: [] });
      const words = [...alert.triage, ...firstLines(alert)].join("\n");
      expect(words).not.toMatch(/\b(?:ask|call)\b/i);
      expect(alert.triage[0]).toMatch(result === "FAILURE" ? /^See whether 203\.0\.113\.77 tried other/ : /session/);
    }
  });

  test("is named as such", () => {
    const actor = { id: "unknown", type: "User", alternateId: "bob@example.com", displayName: "unknown" };
    const alert = alertOf({ event: { actor, outcome: { result: "FAILURE", reason: null } } });
    expect(firstLines(alert)[1]).toBe("Who: bob@example.com, a login that Okta does not know");
  });
});

test("iCloud Private Relay is called harmless only on an Apple device with nothing new about it", () => {
  expect(caseOf("icloud-relay-at-home").triage[0]).toMatch(
    /^Most likely nothing: iCloud Private Relay with SAFARI on iOS/,
  );
  const relay = {
    isProxy: true,
    ipDetails: { ipServiceCategories: [{ type: "Proxy", operator: "APPLE_ICLOUD_RELAY_PROXY", isAnonymous: true }] },
  };
  // Firefox on Windows, which no relay of Apple's serves, and far from home.
  expect(alertOf({ event: { securityContext: relay } }).triage[0]).toMatch(
    /^Call Ada Marques\. .*iCloud Private Relay with FIREFOX/,
  );
});

test("subject and SMS name the kind of network, and the SMS what is new", () => {
  const tor = caseOf("success-after-failures");
  expect(renderSubject(tor)).toBe("[high] sign-in through Tor: Ada@Example.com, Canada");
  expect(renderSms(caseOf("vpn-new-network-and-country"))).toContain(
    "New: no earlier proxied session from AS64500 or Canada",
  );
});
