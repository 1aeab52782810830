import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Alert } from "../../../lambda/core/alerts/alert-schema.ts";
import { isPlainEmail } from "../../../lambda/core/alerts/inert.ts";
import { toMessage } from "../../../lambda/core/alerts/message.ts";
import { renderNotice } from "../../../lambda/core/exceptions/expiry-notice.ts";
import { output as chat } from "../../../lambda/core/outputs/chat.ts";
import { output as ocsf } from "../../../lambda/core/outputs/ocsf.ts";
import { output as pagerduty } from "../../../lambda/core/outputs/pagerduty.ts";
import { alertOf, cases } from "../../fixtures/cases.ts";
import type { Json } from "../../fixtures/events.ts";
import { hostileText, liveParts, livePartsOfChat } from "../../fixtures/live-text.ts";
import { renderEmail, renderSms, renderSubject } from "../../fixtures/rendered.ts";
import { runs } from "../../fixtures/runs.ts";

/*
 * Every text that an alert takes over from an event is hostile, in every rendering.
 */

/** Texts of an alert that are no event's: an alert's own, those of rules, and links. */
const own =
  /^(?:alertId|detectedAt|severity|source|schemaVersion|severityAdjustments|links)\b|^detections\.(?:id|title|level|description|tags|references|falsePositives|matched|correlation\.(?:type|timespan|events\.(?:rule|published|undo|link)))\b|systemLogUrl|geo\.verdict|^storm\.(?:id|report|since|until)|^incident\.(?:id|opened|before\.(?:alertId|detectedAt|published|severity|detections)|verdict\.(?:verdict|at))\b/;

/** The value with every text in it replaced by one of these, turn by turn. */
function withTexts(value: unknown, texts: readonly string[], path = ""): unknown {
  let turn = 0;
  const visit = (each: unknown, at: string): unknown => {
    if (own.test(at)) return each;
    if (typeof each === "string") return texts[turn++ % texts.length];
    if (Array.isArray(each)) return each.map((item) => visit(item, at));
    if (typeof each !== "object" || each === null) return each;
    return Object.fromEntries(
      Object.entries(each).map(([name, part]) => [name, visit(part, at === "" ? name : `${at}.${name}`)]),
    );
  };
  return visit(value, path);
}

/** Some texts that people have, too: what has to stay stands among what must not. */
const anyText = fc.oneof(
  { weight: 6, arbitrary: hostileText },
  fc.constantFrom(
    "ada@example.com",
    "ada.marques@evil.example",
    "Ada Marques",
    "203.0.113.7",
    "2001:db8::7",
    "SUCCESS",
  ),
);
const someTexts = fc.array(anyText, { minLength: 1, maxLength: 7 });
const caseName = fc.constantFrom(...Object.keys(cases));

/** An alert about an event whose texts are hostile: its words are written from them. */
const alertOfHostileEvent = fc.tuple(caseName, someTexts).map(([name, texts]) => {
  const { event } = (cases[name] ?? alertOf)();
  const hostile = withTexts({ ...event, debugContext: null }, texts) as Json;
  const { uuid, published, eventType } = event;
  return alertOf({ event: { ...hostile, uuid, published, eventType } });
});

/** An alert in which each text is one of these, from any source: the identifiers, and the words, too. */
const hostileAlert = fc.tuple(caseName, someTexts).map(([name, texts]) => {
  const { event, ...facts } = (cases[name] ?? alertOf)();
  return { ...(withTexts(facts, texts) as Alert), event };
});

function holds(check: (alert: Alert) => void): void {
  fc.assert(
    fc.property(fc.oneof(alertOfHostileEvent, hostileAlert), (alert) => void check(alert)),
    { numRuns: runs(150) },
  );
}

/** What may stand in a chat: the org's domain, event types, and IP addresses, which nothing makes a link of. */
function standingInChat({ okta, network }: Alert): string[] {
  return [
    okta.org !== null && /^[a-z0-9.-]+$/i.test(okta.org) ? okta.org : "",
    /^(?:user|system)\.[a-z_.]+$/.test(okta.eventType) ? okta.eventType : "",
    network.ip !== null && isIP(network.ip) !== 0 ? network.ip : "",
    "2001:db8::7",
  ];
}

/** What may stand in plain text: logins that are addresses, too. */
function standing(alert: Alert): string[] {
  const logins = [alert.user, alert.actor, ...alert.targets, ...(alert.storm?.users ?? [])].flatMap(
    ({ login }) => login ?? [],
  );
  const persons = alert.detections.flatMap(({ correlation }) =>
    (correlation?.events ?? []).flatMap(({ person }) => person ?? []),
  );
  return [...[...logins, ...persons].filter(isPlainEmail), ...standingInChat(alert)];
}

/** Every text in a value, the names of its fields left out. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

const ourLink = /https:\/\/example-admin\.okta\.com\/[\w/?=&%+.*~-]+$/;
const ourCommand =
  /npx okta-proxy-watch exceptions add (?:--user [\w.+@-]+ )?--(?:operator \w+|asn \d+) --reason "\.\.\."/;

describe("with hostile texts everywhere in an event, no link, mention, emoji or shaping character is left", () => {
  test("in the e-mail", () => {
    holds((alert) => {
      for (const line of renderEmail(alert).split("\n")) {
        if (/^(?:- [A-Z][\w' ]+:| ) /.test(line) && ourLink.test(line)) continue;
        if (line === `Where it came from, on a map: ${alert.links.map}`) continue;
        expect(liveParts(line.replace(ourCommand, ""), standing(alert))).toEqual([]);
      }
    });
  });

  test("in the subject and the SMS", () => {
    holds((alert) => {
      expect(liveParts(renderSubject(alert), standing(alert))).toEqual([]);
      expect(liveParts(renderSms(alert), standing(alert))).toEqual([]);
    });
  });

  test("in the chat message, nor markup", () => {
    holds((alert) => {
      const { id, content, metadata, ...rest } = JSON.parse(chat.render(alert)) as {
        content: { title: string; description: string; nextSteps: string[] };
      } & Json;
      expect(id).toBe(alert.alertId);
      const lines = content.description
        .split("\n")
        .map((line) => (line.startsWith("• ") ? line.replace(ourLink, "") : line))
        .filter((line) => !ourLink.test(line) && line !== `*Map* ${alert.links.map}`);
      const texts = [
        content.title.replace(/^:[a-z_]+: /, ""),
        ...lines
          .filter((line) => !/^\*What (?:happened|to undo)\*$/.test(line))
          .filter((line) => line !== `*Incident* \`npx okta-proxy-watch incidents show ${alert.incident.id}\``)
          .map((line) => line.replace(/^\*([A-Z][a-z -]+)\* /, "$1 ")),
        ...content.nextSteps.map((step) => step.replace(new RegExp(`: \`${ourCommand.source}\`$`), "")),
        ...textsOf({ ...content, title: "", description: "", nextSteps: "" }),
        ...textsOf({ metadata, rest }),
      ];
      for (const text of texts) expect(livePartsOfChat(text, standingInChat(alert))).toEqual([]);
    });
  });

  test("in the event of PagerDuty, nor markup; and its key is never empty", () => {
    holds((alert) => {
      const { client_url, links, ...event } = JSON.parse(pagerduty.render(alert)) as { dedup_key: string } & Json;
      expect(event.dedup_key).toMatch(/^[\w-]{1,200}$/);
      for (const text of textsOf(event)) {
        const rest = text.replace(new RegExp(`: ${ourCommand.source}$`), "");
        expect(livePartsOfChat(rest, standingInChat(alert))).toEqual([]);
      }
    });
  });

  test("in what an analyst reads of a finding of OCSF", () => {
    holds((alert) => {
      const { message, remediation, evidences } = JSON.parse(ocsf.render(alert)) as Json;
      for (const text of textsOf({ message, remediation })) {
        for (const line of text.split("\n")) {
          expect(liveParts(line.replace(ourCommand, ""), standing(alert))).toEqual([]);
        }
      }
      for (const text of textsOf(evidences)) expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    });
  });

  test("in the notice of exceptions", () => {
    fc.assert(
      fc.property(someTexts, (texts) => {
        const at = (index: number) => texts[index % texts.length] ?? "";
        const exception = {
          id: at(0),
          scope: { user: at(1), operator: at(2), detections: [at(3)] },
          by: at(4),
          reason: at(5),
          createdAt: "2026-11-01T00:00:00.000Z",
          until: "2026-12-31T12:00:00.000Z",
          noticedAt: null,
        };
        const { message } = renderNotice([exception]);
        const { email, sms } = JSON.parse(message.message) as { email: string; sms: string };
        const plain = [at(1), at(4)].filter(isPlainEmail);
        for (const line of email.split("\n")) expect(liveParts(line, [...plain, "2001:db8::7"])).toEqual([]);
        expect(sms).toMatch(/^[\x20-\x5a\x5f\x61-\x7a]{1,140}$/);
      }),
      { numRuns: runs(150) },
    );
  });
});

test("an alert's own words are inert where programs read them, too", () => {
  fc.assert(
    fc.property(alertOfHostileEvent, (alert) => {
      for (const text of [alert.summary, ...alert.triage]) {
        expect(liveParts(text.replace(ourCommand, ""), standing(alert))).toEqual([]);
      }
    }),
    { numRuns: runs(150) },
  );
});

test("no text of a message, and no name in it, has a lone surrogate, the event's own included", () => {
  const check = (value: unknown): void => {
    if (typeof value === "string") expect(value.isWellFormed()).toBe(true);
    else if (typeof value === "object" && value !== null) {
      for (const [name, each] of Object.entries(value)) {
        expect(name.isWellFormed()).toBe(true);
        check(each);
      }
    }
  };
  fc.assert(
    fc.property(hostileAlert, hostileText, (alert, text) => {
      const given = { ...alert, event: { ...alert.event, [text]: { [`${text}\ud800`]: [`\udfff${text}`] } } };
      const { subject, message, attributes } = toMessage(given);
      const bodies = JSON.parse(message) as Record<string, string>;
      check({ subject, attributes, bodies, alert: JSON.parse(bodies.default ?? "") });
      for (const { render } of [chat, pagerduty, ocsf]) check(JSON.parse(render(given)));
      check(JSON.parse((JSON.parse(ocsf.render(given)) as { raw_data: string }).raw_data));
    }),
    { numRuns: runs(100) },
  );
});

describe("a long login", () => {
  const long = (login: string, more: Json = {}) =>
    alertOf({ event: { actor: { id: "00u1lisbon", type: "User", alternateId: login, displayName: "Ada" }, ...more } });

  test("does not push the country out of the subject, the SMS, or the chat's title", () => {
    const alert = long(`${"a".repeat(80)}@example.com`);
    expect(renderSubject(alert)).toMatch(/^\[high\] sign-in through a proxy: a+\.\.\., Canada$/);
    expect(renderSubject(alert)).toHaveLength(99);
    expect(renderSms(alert)).toContain(", Canada. ");
    const { content } = JSON.parse(chat.render(long("a".repeat(900)))) as { content: { title: string } };
    expect(content.title).toMatch(/ by a+…, Canada$/);
  });

  test("that is cut is no address of another", () => {
    const subject = renderSubject(long(`${"a".repeat(30)}@evil.com.${"b".repeat(50)}.example.com`));
    expect(liveParts(subject)).toEqual([]);
  });

  test("that is an address of IPv6 is no emoji where it is cut", () => {
    const login = "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff";
    const services = [{ type: "Residential Proxy", operator: "O".repeat(24), isAnonymous: true }];
    const alert = long(login, {
      client: { geographicalContext: { country: "c".repeat(100) } },
      securityContext: { isProxy: true, ipDetails: { ipServiceCategories: services } },
    });
    expect(renderSubject(alert)).toMatch(/2001\[:\]db8.*\.\.\., c+\.\.\.$/);
    expect(liveParts(renderSubject(alert))).toEqual([]);
  });

  test("leaves a long country and a long title their shares", () => {
    const country = "The United Kingdom of Great Britain and Northern Ireland";
    const alert = long("a".repeat(100), { client: { geographicalContext: { country } } });
    expect(renderSubject(alert)).toMatch(/^\[high\] sign-in through a proxy: a{20,}\.\.\., The United Kingd/);
  });
});

test("an SMS has the distance, however long the name of the operator is", () => {
  const services = [{ type: "VPN", operator: "O".repeat(500), isAnonymous: true }];
  const alert = alertOf({
    event: { securityContext: { isProxy: true, ipDetails: { ipServiceCategories: services } } },
  });
  expect(renderSms(alert)).toContain("sign-in through a VPN: Ada@Example.com, Canada. 5,723 km from ");
});
