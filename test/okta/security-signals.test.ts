import { describe, expect, test } from "vitest";
import { behaviors, networkServices, risk } from "../../lambda/okta/security-signals.ts";
import { type Json, logEvent } from "../fixtures/events.ts";

const withDebugData = (debugData: Json, securityContext: Json = {}) =>
  logEvent({ debugContext: { debugData }, securityContext });

describe("network services", () => {
  const nord = { type: "VPN", operator: "NORD_VPN", isAnonymous: true };

  test("are those of ipServiceCategories, whatever older fields say", () => {
    const event = withDebugData(
      { tunnels: '[{"anonymous":true,"operator":OTHER,"type":"PROXY"}]' },
      { ipDetails: { ipServiceCategories: [{ ...nord, extra: 1 }, null] } },
    );
    expect(networkServices(event)).toEqual([nord]);
  });

  test.each([
    ["as Okta writes it, the operator not quoted", '[{"anonymous":true,"operator":NORD_VPN,"type":"VPN"}]', [nord]],
    ["as JSON", '[{"anonymous": true, "operator": "NORD_VPN", "type": "VPN"}]', [nord]],
    [
      "without an operator",
      '[{"anonymous":false,"operator":null,"type":"PROXY"}]',
      [{ type: "PROXY", operator: null, isAnonymous: false }],
    ],
    [
      "several",
      '[{"operator":A,"type":"VPN"},{"operator":B,"type":"TOR"}]',
      [
        { type: "VPN", operator: "A", isAnonymous: null },
        { type: "TOR", operator: "B", isAnonymous: null },
      ],
    ],
    ["empty", "[]", []],
    ["not readable", "anonymous, probably", []],
    ["cut off", '[{"anonymous":true,"operator":NORD', []],
  ])("of the older text, %s", (_, tunnels, expected) => {
    expect(networkServices(withDebugData({ tunnels }))).toEqual(expected);
  });

  test("of an older text that stands in the security context", () => {
    const tunnels = '[{"anonymous":true,"operator":NORD_VPN,"type":"VPN"}]';
    expect(networkServices(withDebugData({}, { tunnels }))).toEqual([nord]);
    expect(
      networkServices(withDebugData({}, { tunnels: JSON.parse(tunnels.replace("NORD_VPN", '"NORD_VPN"')) })),
    ).toEqual([nord]);
  });

  test("are none when the event tells of none", () => {
    expect(networkServices(logEvent({ securityContext: null, debugContext: null }))).toEqual([]);
  });
});

describe("risk", () => {
  test("is that of the security context, whatever older fields say", () => {
    const event = withDebugData(
      { risk: "{level=LOW}" },
      { risk: { level: "HIGH", reasons: ["Anomalous Device", 5, " "] } },
    );
    expect(risk(event)).toEqual({ level: "HIGH", reasons: ["Anomalous Device"] });
  });

  test.each([
    ["{level=LOW}", { level: "LOW", reasons: [] }],
    [
      "{reasons=Anomalous Device, Anomalous Location, level=MEDIUM}",
      { level: "MEDIUM", reasons: ["Anomalous Device", "Anomalous Location"] },
    ],
    ["{}", null],
    ["gibberish", null],
  ])("of the older text %s", (text, expected) => {
    expect(risk(withDebugData({ risk: text }))).toEqual(expected);
  });

  test.each([
    ['{"risk":{"level":"HIGH","reasons":"New ASN, New City"}}', { level: "HIGH", reasons: ["New ASN", "New City"] }],
    ['{"risk":{"level":5}}', null],
    ['{"risk":', null],
    ["[]", null],
  ])("of logOnlySecurityData %s", (logOnlySecurityData, expected) => {
    expect(risk(withDebugData({ logOnlySecurityData }))).toEqual(expected);
  });
});

describe("behaviors", () => {
  test("are those of the security context, whatever older fields say", () => {
    const event = withDebugData(
      { behaviors: "{New IP=NEGATIVE}" },
      { userBehaviors: [{ name: "New Device", result: "POSITIVE" }, { name: null, result: "POSITIVE" }, null] },
    );
    expect(behaviors(event)).toEqual([{ name: "New Device", result: "POSITIVE" }]);
  });

  test("of the older text", () => {
    expect(behaviors(withDebugData({ behaviors: "{New Geo-Location=NEGATIVE, New Device=POSITIVE}" }))).toEqual([
      { name: "New Geo-Location", result: "NEGATIVE" },
      { name: "New Device", result: "POSITIVE" },
    ]);
  });

  test("of logOnlySecurityData", () => {
    const logOnlySecurityData = '{"behaviors":{"New IP":"POSITIVE","Velocity":null}}';
    expect(behaviors(withDebugData({ logOnlySecurityData }))).toEqual([
      { name: "New IP", result: "POSITIVE" },
      { name: "Velocity", result: null },
    ]);
  });

  test.each([["gibberish"], [""], ["{}"], [5], [null]])("are none of %j", (text) => {
    expect(behaviors(withDebugData({ behaviors: text }))).toEqual([]);
  });
});
