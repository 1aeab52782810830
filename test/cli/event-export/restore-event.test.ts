import fc from "fast-check";
import { expect, test } from "vitest";
import { isNearJson, restoreEvent } from "../../../cli/event-export/restore-event.ts";
import { logEvent, type OktaField } from "../../../lambda/core/okta/log-event-fields.ts";
import { flatten, lowerCaseKeys, snakeCaseKeys } from "../../fixtures/event-forms.ts";
import { type Json, sessionStart } from "../../fixtures/events.ts";
import { runs } from "../../fixtures/runs.ts";

/** Text that is no object or list: Python's are read in any field, and a list of one such text is what a search engine answers. */
const plainText = fc.string().filter((text) => !/^\s*[[{]/.test(text));

/** Any value that Okta may have at a field; objects also hold a field that is new, in lower case so that no case is lost. */
function anyValue({ kind, children }: OktaField): fc.Arbitrary<unknown> {
  const fields = () =>
    fc
      .tuple(
        fc.record(Object.fromEntries([...children.values()].map(({ name, field }) => [name, orNull(field)])), {
          requiredKeys: [],
        }),
        fc.dictionary(fc.stringMatching(/^x[a-z]{1,8}$/), fc.string(), { maxKeys: 2 }),
      )
      .map(([known, unknown]) => ({ ...unknown, ...known }));
  const values: Record<OktaField["kind"], () => fc.Arbitrary<unknown>> = {
    text: () => fc.string({ unit: "grapheme" }),
    number: () => fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value)),
    boolean: () => fc.boolean(),
    time: () => fc.date({ noInvalidDate: true, min: new Date(0) }).map((value) => value.toISOString()),
    any: () => fc.oneof(plainText, fc.array(plainText, { maxLength: 3 })),
    object: fields,
    list: () => fc.array(fields(), { maxLength: 3 }),
  };
  return values[kind]();
}

const orNull = (field: OktaField) => fc.option(anyValue(field), { freq: 6 });

const event = anyValue(logEvent).map(
  (value) => ({ ...(value as Json), uuid: "1", eventType: "user.session.start" }) as Json,
);

test.each<[string, (event: Json) => Json]>([
  ["lower-case keys", lowerCaseKeys],
  ["snake-case keys", snakeCaseKeys],
  ["dotted keys", (each) => flatten(each, ".")],
  ["dotted lower-case keys", (each) => flatten(lowerCaseKeys(each), ".")],
  ["dotted snake-case keys", (each) => flatten(snakeCaseKeys(each), ".")],
  ["underscored keys", (each) => flatten(each, "_")],
  ["underscored lower-case keys", (each) => flatten(lowerCaseKeys(each), "_")],
  ["underscored snake-case keys", (each) => flatten(snakeCaseKeys(each), "_")],
  ["its keys in another order", (each) => Object.fromEntries(Object.entries(flatten(each, ".")).reverse())],
])("an event with %s is the event again, whatever it holds", (_, write) => {
  fc.assert(
    fc.property(event, (each) => {
      expect(restoreEvent(write(each))).toEqual(each);
    }),
    { numRuns: runs(120) },
  );
});

test("an event that is as Okta writes it stays, whatever it holds", () => {
  fc.assert(
    fc.property(event, (each) => {
      expect(restoreEvent(each)).toEqual(each);
    }),
    { numRuns: runs(120) },
  );
});

test("keys that are not Okta's stay, and so does a value that stands under both spellings", () => {
  const record: Json = {
    Foo: 1,
    "p.any_ip": 2,
    p_any_ip: [3],
    eventtype: "a",
    eventType: "b",
    client__x: 4,
    "actor.": 5,
  };
  expect(restoreEvent(record)).toEqual(record);
});

test("where a flattened key and an object both hold fields, both are kept; of two values, the first stays", () => {
  expect(
    restoreEvent({
      securityContext: { asOrg: "a" },
      "securityContext.isProxy": "true",
      "actor.id": "1",
      actor: { id: "2", type: "User" },
      "outcome.result": "SUCCESS",
      outcome: "text",
    }),
  ).toEqual({
    securityContext: { asOrg: "a", isProxy: true },
    actor: { id: "1", type: "User" },
    outcome: { result: "SUCCESS" },
  });
});

test.each<[string, Json, Json]>([
  ["indices in brackets", { "target[1].id": "b", "target[0].id": "a" }, { target: [{ id: "a" }, { id: "b" }] }],
  ["indices behind the list's name", { "target0.display_name": "a" }, { target: [{ displayName: "a" }] }],
  [
    "indices behind the names of lists within lists, as the admin console writes them",
    {
      "security_context.ip_details.ip_service_categories1.type": "VPN",
      "security_context.ip_details.ip_service_categories0.operator": "x",
      "request.ip_chain0.ip": "192.0.2.1",
      "request.ip_chain0.ip_details.ip_service_categories0.is_anonymous": "true",
    },
    {
      securityContext: { ipDetails: { ipServiceCategories: [{ operator: "x" }, { type: "VPN" }] } },
      request: {
        ipChain: [{ ip: "192.0.2.1", ipDetails: { ipServiceCategories: [{ isAnonymous: true }] } }],
      },
    },
  ],
  ["gaps of empty columns", { "target.2.id": "c", "target.0.id": "a" }, { target: [{ id: "a" }, { id: "c" }] }],
  ["a column for each field of its elements", { "target{}.id": ["a", "b"] }, { target: [{ id: "a" }, { id: "b" }] }],
  ["one element without an index", { target_id: "a", target_type: "User" }, { target: [{ id: "a", type: "User" }] }],
  ["one element instead of a list", { target: { ID: "a" } }, { target: [{ id: "a" }] }],
  ["JSON as text", { target: '[{"alternateid":"a"}]' }, { target: [{ alternateId: "a" }] }],
])("a list is read from %s", (_, record, expected) => {
  expect(restoreEvent(record)).toEqual(expected);
});

test.each<[string, Json, Json]>([
  [
    "that is shorter than its list, whose values become elements: it does not say which element lacks the value",
    { "target{}.id": ["a", "b"], "target{}.displayName": ["B"] },
    { target: [{ id: "a" }, { id: "b" }, { displayName: "B" }] },
  ],
  [
    "whose values newlines join",
    { "target{}.id": "a\nb", "target{}.type": "User\r\nAppInstance" },
    {
      target: [
        { id: "a", type: "User" },
        { id: "b", type: "AppInstance" },
      ],
    },
  ],
  [
    "of a list within the only element of a list",
    {
      "request.ipChain{}.ip": ["192.0.2.1"],
      "request.ipChain{}.ipDetails.ipServiceCategories{}.type": ["VPN", "HOSTING"],
      "request.ipChain{}.ipDetails.ipServiceCategories{}.operator": ["NORD_VPN", "X"],
    },
    {
      request: {
        ipChain: [
          {
            ip: "192.0.2.1",
            ipDetails: {
              ipServiceCategories: [
                { type: "VPN", operator: "NORD_VPN" },
                { type: "HOSTING", operator: "X" },
              ],
            },
          },
        ],
      },
    },
  ],
  [
    "of a list within one of several elements, which it does not name",
    {
      "request.ipChain{}.ip": ["192.0.2.1", "192.0.2.2"],
      "request.ipChain{}.ipDetails.ipServiceCategories{}.type": ["VPN"],
    },
    {
      request: {
        ipChain: [{ ip: "192.0.2.1" }, { ip: "192.0.2.2" }, { ipDetails: { ipServiceCategories: [{ type: "VPN" }] } }],
      },
    },
  ],
])("a list is read from a column %s", (_, columns, expected) => {
  expect(restoreEvent(columns)).toEqual(expected);
});

test.each<[string, Json, Json]>([
  [
    "a list of pandas",
    { target: `[{'id': 'a', "displayName": "Ada's \\"x\\"", 'detailEntry': None}]` },
    { target: [{ id: "a", displayName: 'Ada\'s "x"', detailEntry: null }] },
  ],
  [
    "an object of pandas",
    { outcome: "{'result': 'SUCCESS', 'reason': None}" },
    { outcome: { result: "SUCCESS", reason: null } },
  ],
  [
    "a field that Okta writes in several forms",
    { "securityContext.tunnels": "[{'type': 'Tor', 'anonymous': True}]" },
    { securityContext: { tunnels: [{ type: "Tor", anonymous: true }] } },
  ],
  [
    "a list of one JSON text, as a search engine answers",
    { "securityContext.tunnels": ["[{'type': 'Tor'}]"], target: ['{"alternateid":"a"}'] },
    { securityContext: { tunnels: [{ type: "Tor" }] }, target: [{ alternateId: "a" }] },
  ],
  [
    "a list of one text of Okta's own, as a search engine answers",
    { "debugContext.debugData.behaviors": ["{New Device=POSITIVE}"] },
    { debugContext: { debugData: { behaviors: "{New Device=POSITIVE}" } } },
  ],
  [
    "text of Okta's own, which stays",
    { "debugContext.debugData.behaviors": "{New Device=POSITIVE, Ada's=x}" },
    { debugContext: { debugData: { behaviors: "{New Device=POSITIVE, Ada's=x}" } } },
  ],
  ["escapes of Python that are not read", { outcome: "{'reason': '\\x41'}" }, { outcome: "{'reason': '\\x41'}" }],
])("an object or a list is read from %s", (_, record, expected) => {
  expect(restoreEvent(record)).toEqual(expected);
});

test.each<[string, string, unknown, unknown]>([
  ["a number", "client.geographicalContext.geolocation.lat", "-43.5", -43.5],
  ["no number", "securityContext.asNumber", "AS64500", "AS64500"],
  ["true", "securityContext.isProxy", "True", true],
  ["nothing", "securityContext.isProxy", "null", null],
  ["neither true nor false", "securityContext.isProxy", "perhaps", "perhaps"],
  ["the name of a function", "securityContext.isProxy", "constructor", "constructor"],
  ["a name that is a number", "actor.displayName", "007", "007"],
  ["text that says null", "client.zone", "null", "null"],
])("text is %s where Okta has one", (_, key, text, expected) => {
  const read = key.split(".").reduce<unknown>((value, each) => (value as Json)[each], restoreEvent({ [key]: text }));
  expect(read).toEqual(expected);
});

test.each([
  ["11/20/2026, 8:00:00.123 PM", "2026-11-20T20:00:00.123Z"],
  ["20/11/2026 8:00:00", "2026-11-20T08:00:00.000Z"],
  ["20.11.2026 01:00", "2026-11-20T01:00:00.000Z"],
  ["2026/11/20 01:00:00", "2026-11-20T01:00:00.000Z"],
  ["2026-11-20 08:00:00.123 UTC", "2026-11-20T08:00:00.123Z"],
  ["11/10/2026 01:00:00", "11/10/2026 01:00:00"],
  ["31/31/2026 01:00:00", "31/31/2026 01:00:00"],
  ["1795161600", "2026-11-20T08:00:00.000Z"],
  ["1795161600123", "2026-11-20T08:00:00.123Z"],
  [1_795_161_600_123, "2026-11-20T08:00:00.123Z"],
  ["2026-11-20 08:00:00.123", "2026-11-20T08:00:00.123Z"],
  ["yesterday", "yesterday"],
])("the time %j is %s", (published, expected) => {
  expect(restoreEvent({ Published: published })).toEqual({ published: expected });
});

test("no key of an export reaches the prototype of objects", () => {
  const record = JSON.parse(
    '{"__proto__.x":1,"actor.__proto__.x":2,"actor.constructor.prototype.x":3,"__proto__":{"x":4},"target.0.__proto__.x":5}',
  ) as Json;
  const restored = restoreEvent(record);
  expect(({} as Json).x).toBeUndefined();
  expect(Object.getPrototypeOf(restored)).toBe(Object.prototype);
  expect(Object.keys(restored)).toContain("__proto__");
});

test("an event nested deeper than Okta's does not exhaust the stack", () => {
  const nested = `{"DebugContext":${'{"debugdata":'.repeat(50_000)}1${"}".repeat(50_001)}`;
  expect(Object.keys(restoreEvent(JSON.parse(nested)))).toEqual(["debugContext"]);
  const path = `actor.${"a.".repeat(50_000)}b`;
  expect(restoreEvent({ [path]: 1 })).toEqual({ [path]: 1 });
  const deep = JSON.parse(`${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`) as Json;
  expect(Object.keys(restoreEvent({ ACTOR: deep, Actor: deep }))).toEqual(["actor"]);
});

test("a whole sign-in in lower case is the sign-in again", () => {
  const whole = sessionStart({ debugContext: { debugData: { logOnlySecurityData: "{}", tunnels: "[]" } } });
  expect(restoreEvent(lowerCaseKeys(whole))).toEqual(whole);
});

test("text that is nearly JSON is what one expression says, which would take the square of some texts' length", () => {
  const expression = /^\s*(?:\[\s*\{.*\}\s*\]|\{.*[:=].*\})\s*$/s;
  const unit = fc.constantFrom("{", "}", "[", "]", ":", "=", " ", "\n", "a");
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 9 }), (text) => {
      expect(isNearJson(text)).toBe(expression.test(text));
    }),
    { numRuns: 2_000 },
  );
  // The expression would not end within a minute.
  expect(isNearJson(`{${":".repeat(1_000_000)}`)).toBe(false);
});
