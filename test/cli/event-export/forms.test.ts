import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ourDetections, readDetections } from "../../../cli/detections-folder.ts";
import { findEvents } from "../../../cli/event-export/forms.ts";
import { describeUnrecognized } from "../../../cli/event-export/lookalikes.ts";
import { openExport } from "../../../cli/event-export.ts";
import { compileRules } from "../../../lambda/core/detections/compile-rules.ts";
import type { LogEvent } from "../../../lambda/core/okta/log-event.ts";
import { findCandidate } from "../../../lambda/core/pipeline/match.ts";
import { eventForms, lowerCaseKeys } from "../../fixtures/event-forms.ts";
import { type Json, sessionStart } from "../../fixtures/events.ts";
import { runs } from "../../fixtures/runs.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "event-forms-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(content: string): Promise<{ events: LogEvent[]; forms: Record<string, number>; faults: number }> {
  const path = join(folder, `${crypto.randomUUID()}.export`);
  await writeFile(path, content);
  const opened = await openExport(path, { strict: false });
  const events: LogEvent[] = [];
  for await (const event of opened.events) events.push(event);
  return { events, forms: Object.fromEntries(opened.counts.forms), faults: opened.counts.unreadable };
}

const hop = (ip: string) => ({
  ip,
  version: "V4",
  source: null,
  geographicalContext: { city: "Toronto", state: "Ontario", country: "Canada", geolocation: { lat: 43.6, lon: -79 } },
});

/** Everything that alerts read, and what exporters stumble over: lists, names with underscores, quotes, text that looks like JSON. */
const full = (uuid: string, isProxy: boolean): Json =>
  sessionStart({
    uuid,
    displayMessage: 'User login, "to" Okta;\nor so',
    severity: "INFO",
    legacyEventType: "core.user_auth.login_success",
    securityContext: {
      asNumber: 64_500,
      asOrg: "Example Hosting",
      isp: null,
      domain: "example.com",
      isProxy,
      ipDetails: { ipServiceCategories: [{ isAnonymous: true, operator: "NORD_VPN", type: "VPN" }] },
      risk: { level: "HIGH", reasons: "Anomalous Location" },
      userBehaviors: [
        { id: "1", name: "New Device", result: "POSITIVE" },
        { id: "2", name: "New City", result: "NEGATIVE" },
      ],
    },
    device: { id: "guo1", name: "Ada's", os_platform: "MACOS", registered: true, managed: false },
    debugContext: {
      debugData: {
        requestUri: "/api/v1/authn",
        url: "/api/v1/authn?",
        threatSuspected: "false",
        behaviors: "{New Geo-Location=POSITIVE, New Device=POSITIVE}",
        logOnlySecurityData: '{"risk":{"level":"LOW"},"behaviors":{"New Device":"POSITIVE"}}',
        risk: "{reasons=Anomalous Device, level=MEDIUM}",
      },
    },
    request: { ipChain: [hop("203.0.113.77"), hop("203.0.113.78")] },
    target: [
      { id: "00u1", type: "User", alternateId: "ada@example.com", displayName: "Ada, Marques" },
      { id: "0oa1", type: "AppInstance", alternateId: "unknown", displayName: "Okta Dashboard" },
    ],
  });

const events = [full("a", true), full("b", false), { ...full("c", true), target: null }];

describe.each(eventForms)("$title", ({ form, formInLowerCase, write, keep = (event) => event }) => {
  test("are read as the events that they are, and the form is counted", async () => {
    const found = await read(write(events));
    expect(found.events.map(({ received }) => received)).toEqual(events.map(keep));
    expect(found).toMatchObject({ forms: { [form]: 3 }, faults: 0 });
  });

  // The keys of some forms are the exporter's own.
  if (formInLowerCase !== null) {
    test("are read the same with keys in lower case", async () => {
      const found = await read(write(events.map(lowerCaseKeys)));
      expect(found.events.map(({ received }) => received)).toEqual(events.map(keep));
      expect(found).toMatchObject({ forms: { [formInLowerCase]: 3 }, faults: 0 });
    });
  }

  test("match the same rules as the events themselves", async () => {
    const { rules } = await readDetections(ourDetections);
    const ruleSet = await compileRules(rules.map(({ content }) => content));
    const matches = (event: LogEvent) => findCandidate(event, ruleSet)?.rules.map(({ rule }) => rule.title) ?? [];
    const [expected, found] = await Promise.all([read(JSON.stringify(events.map(keep))), read(write(events))]);
    expect(found.events.map(matches)).toEqual(expected.events.map(matches));
    expect(found.events.flatMap(matches)).not.toEqual([]);
  });
});

test("whatever value stands in an export, it is either events or nothing of the kind", () => {
  const key = fc.oneof(
    fc.constantFrom("data", "events", "event", "original", "_source", "hits", "detail", "detail-type", "logEvents"),
    fc.constantFrom("result", "results", "_raw", "attributes", "content", "message", "fields", "tables", "okta"),
    fc.constantFrom(
      "eventType",
      "eventtype",
      "eventType_s",
      "event_type",
      "uuid",
      "target{}.id",
      "target.0",
      "__proto__",
    ),
    fc.string(),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "medium", withCrossShrink: true },
      fc.constantFrom(null, true, 1, "", "user.session.start", '{"eventtype":"a"}', '{"data":{"events":[{}]}}', "[{"),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.array(fc.tuple(key, tie("value")), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
    ),
  }));
  fc.assert(
    fc.property(value, (each) => {
      for (const found of findEvents(each)) {
        if ("event" in found) expect(typeof found.event.eventType).toBe("string");
        else if ("fault" in found) expect(found.fault).toMatch(/^no whole System Log event: /);
        else
          expect(describeUnrecognized(found.unrecognized, found.within)).toMatch(/^(?:no System Log event|it seems)/);
      }
    }),
    { numRuns: runs(700) },
  );
});
