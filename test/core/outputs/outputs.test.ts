import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alertJsonSchema } from "../../../build/alert-schema.ts";
import { alertSchema } from "../../../lambda/core/alerts/alert-schema.ts";
import { toMessage } from "../../../lambda/core/alerts/message.ts";
import { reservedBytes } from "../../../lambda/core/alerts/output.ts";
import { output as chat } from "../../../lambda/core/outputs/chat.ts";
import { output as ocsf } from "../../../lambda/core/outputs/ocsf.ts";
import { output as pagerduty } from "../../../lambda/core/outputs/pagerduty.ts";
import { topicMessageBytes } from "../../../lambda/core/text/message-limits.ts";
import { alertOf, cases } from "../../fixtures/cases.ts";
import { customNotification } from "../../fixtures/chat-schema.ts";
import type { Json } from "../../fixtures/events.ts";
import { hostileText } from "../../fixtures/live-text.ts";
import { detectionFinding } from "../../fixtures/ocsf-schema.ts";
import { renderEmail, renderSms } from "../../fixtures/rendered.ts";

const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(alertJsonSchema() as object);

describe.each(Object.entries(cases))("%s", (_, make) => {
  test("is an alert by its JSON Schema, and reads back whole", () => {
    const { default: body } = JSON.parse(toMessage(make()).message) as { default: string };
    const alert: unknown = JSON.parse(body);
    expect(validate(alert), JSON.stringify(validate.errors)).toBe(true);
    expect(alertSchema.parse(alert)).toEqual(alert);
  });

  test("is a Detection Finding by OCSF's schema", () => {
    const { error } = detectionFinding.safeParse(JSON.parse(ocsf.render(make())));
    expect(error?.issues ?? []).toEqual([]);
  });

  test("is a custom notification by Amazon Q Developer's schema", () => {
    const { error } = customNotification.safeParse(JSON.parse(chat.render(make())));
    expect(error?.issues ?? []).toEqual([]);
  });
});

test("the JSON Schema in the documents is the one that alerts are typed by", async () => {
  const file = new URL("../../../docs/alert.schema.json", import.meta.url);
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual(alertJsonSchema());
});

test("the JSON Schema refuses an alert that lacks a field, and lets new ones be", () => {
  const alert = JSON.parse(JSON.stringify(alertOf())) as Json;
  expect(validate({ ...alert, newField: 1 })).toBe(true);
  const { history, ...without } = alert;
  expect(history).toBeDefined();
  expect(validate(without)).toBe(false);
  expect(validate({ ...alert, severity: "urgent" })).toBe(false);
});

const hostileEvent = fc
  .record({
    name: hostileText,
    login: hostileText,
    id: hostileText,
    operator: hostileText,
    city: hostileText,
    reason: hostileText,
    org: hostileText,
  })
  .map(({ name, login, id, operator, city, reason, org }) => ({
    actor: { id, type: "User", alternateId: login, displayName: name },
    client: {
      ipAddress: city,
      userAgent: { browser: name, os: org, rawUserAgent: reason },
      geographicalContext: { city, country: city },
    },
    outcome: { result: reason, reason },
    device: { id, name, os_platform: org, registered: false, managed: false },
    authenticationContext: { externalSessionId: id, rootSessionId: id, credentialType: reason },
    securityContext: {
      isProxy: true,
      asNumber: 64500,
      asOrg: org,
      ipDetails: { ipServiceCategories: [{ type: "VPN", operator, isAnonymous: true }] },
      risk: { level: reason, reasons: [reason] },
      userBehaviors: [{ name, result: "POSITIVE" }],
    },
  }));

/** Control, direction and line characters: none of them may reach a reader. */
const shaping = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** Every text in a value. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

describe("whatever the names are", () => {
  const check = (holds: (event: Json) => void) =>
    fc.assert(
      fc.property(hostileEvent, (event) => void holds(event)),
      { numRuns: 300 },
    );

  test("the e-mail has the lines that are ours, and no more", () => {
    const lines = renderEmail(alertOf()).split("\n").length;
    check((event) => {
      const text = renderEmail(alertOf({ event }));
      expect(text.replaceAll("\n", "")).not.toMatch(shaping);
      expect(
        text.match(/^(?:Then|What to do|Facts|Detections|When it may be harmless|Look in Okta)$/gm)?.length,
      ).toBeLessThanOrEqual(5);
      const count = text.split("\n").length;
      expect(count).toBeLessThan(lines + 12);
      // One about an event without a name has no links, steps and rows that need one.
      expect(count).toBeGreaterThan(lines - 16);
    });
  });

  test("the SMS is one line of at most 140 characters that one SMS takes", () => {
    check((event) => expect(renderSms(alertOf({ event }))).toMatch(/^[\x20-\x5a\x5f\x61-\x7a]{1,140}$/));
  });

  test("the chat message is as long as a person reads", () => {
    check((event) => {
      const { content } = JSON.parse(chat.render(alertOf({ event }))) as {
        content: { title: string; description: string };
      };
      expect(content.description.length).toBeLessThanOrEqual(4_000);
      expect(content.title.length).toBeLessThanOrEqual(250);
    });
  });

  test("a step to be pasted into a shell has nothing in it but words", () => {
    check((event) => {
      for (const step of alertOf({ event }).triage) {
        const [, command] = /except it: (.*)$/s.exec(step) ?? [];
        if (command !== undefined) {
          expect(command).toMatch(
            /^npx okta-proxy-watch exceptions add --user [\w.+@-]+ --(operator \w+|asn \d+) --reason "\.\.\."$/,
          );
        }
      }
    });
  });

  test("PagerDuty and OCSF get texts on one line, in their size, and valid", () => {
    check((event) => {
      const alert = alertOf({ event });
      const { custom_details: details } = (
        JSON.parse(pagerduty.render(alert)) as { payload: { custom_details: Json; summary: string } }
      ).payload;
      for (const text of textsOf(details)) expect(text).not.toMatch(shaping);
      const summary = (JSON.parse(pagerduty.render(alert)) as { payload: { summary: string } }).payload.summary;
      expect(summary).not.toMatch(shaping);
      expect(summary.length).toBeLessThanOrEqual(1_024);
      expect(Buffer.byteLength(pagerduty.render(alert))).toBeLessThan(512_000);
      expect(Buffer.byteLength(ocsf.render(alert))).toBeLessThan(topicMessageBytes - reservedBytes);
    });
  });
});

test("an event that OCSF's raw data would make too large for SNS loses its largest fields", () => {
  const rendered = ocsf.render(alertOf({ event: { large: '"'.repeat(200_000), small: "y" } }));
  expect(Buffer.byteLength(rendered)).toBeLessThanOrEqual(topicMessageBytes - reservedBytes);
  const { raw_data, unmapped } = JSON.parse(rendered) as { raw_data: string; unmapped: Json };
  expect(JSON.parse(raw_data)).toHaveProperty("small");
  expect(unmapped.event_cut).toEqual(["large"]);
});
