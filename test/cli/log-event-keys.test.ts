import { expect, test } from "vitest";
import { restoreKeys } from "../../cli/log-event-keys.ts";
import { type Json, sessionStart } from "../fixtures/events.ts";

function lowerCaseKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerCaseKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key.toLowerCase(), lowerCaseKeys(each)]));
}

test("an event whose keys a SIEM wrote in lower case gets those of Okta back", () => {
  const event = sessionStart({
    securityContext: {
      isProxy: true,
      asNumber: 1,
      asOrg: "x",
      ipDetails: { ipServiceCategories: [{ isAnonymous: true, operator: null, type: "VPN" }] },
      risk: { level: "LOW", reasons: [], previousLevel: null },
      userBehaviors: [{ id: "1", name: "New Device", result: "POSITIVE" }],
    },
    debugContext: { debugData: { logOnlySecurityData: "{}", behaviors: "{}", tunnels: "[]" } },
  });
  expect(restoreKeys(lowerCaseKeys(event))).toEqual(event);
});

test("keys that are not Okta's stay, and so does a value that stands under both spellings", () => {
  const event: Json = { Foo: 1, eventtype: "a", eventType: "b" };
  expect(restoreKeys(event)).toEqual(event);
});
