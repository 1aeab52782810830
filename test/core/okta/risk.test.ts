import { describe, expect, test } from "vitest";
import { risk } from "../../../lambda/core/okta/risk.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";

const of = (debugData: Json, securityContext: Json = {}) => logEvent({ debugContext: { debugData }, securityContext });
const none = { level: null, previousLevel: null, reasons: [], detectionName: null };

const structured = {
  level: "HIGH",
  previousLevel: "LOW",
  reasons: ["New ASN", "New City"],
  detectionName: "Session Influenced User Risk",
};
const text =
  "{previousLevel=LOW, level=HIGH, detectionName=Session Influenced User Risk, reasons=New ASN, New City, issuer=OKTA}";

/** Every place, each in every encoding in which events have been seen to have it. */
const encodings: readonly [string, Json, Json][] = [
  ["the security context, an object", {}, { risk: structured }],
  ["the security context, JSON text", {}, { risk: JSON.stringify(structured) }],
  ["the security context, Okta's text", {}, { risk: text }],
  [
    "the security context, keys in another case",
    {},
    {
      RISK: {
        LEVEL: "high",
        previouslevel: "low",
        Reasons: "New ASN, New City",
        detectionname: structured.detectionName,
      },
    },
  ],
  ["debugData, Okta's text", { risk: text }, {}],
  ["debugData, JSON text", { risk: JSON.stringify(structured) }, {}],
  ["debugData, an object", { risk: structured }, {}],
  ["logOnlySecurityData, JSON text", { logOnlySecurityData: JSON.stringify({ risk: structured }) }, {}],
  ["logOnlySecurityData, an object", { logOnlySecurityData: { risk: structured } }, {}],
];

describe("risk", () => {
  test.each(encodings)("is read of %s", (_, debugData, securityContext) => {
    expect(risk(of(debugData, securityContext))).toEqual(structured);
  });

  test("of a change of it is that with the level before", () => {
    const debugContext = { debugData: { risk: "{previousLevel=LOW, level=HIGH}" } };
    const event = logEvent({
      eventType: "user.risk.detect",
      debugContext,
      securityContext: { risk: { level: "LOW" } },
    });
    expect(risk(event)).toMatchObject({ level: "HIGH", previousLevel: "LOW" });
  });

  test("that several places hold is that of the structured one; another level is left aside", () => {
    expect(
      risk(
        of(
          { risk: "{level=LOW, previousLevel=MEDIUM}" },
          { risk: { level: "HIGH", reasons: ["Anomalous Device", 5, " "] } },
        ),
      ),
    ).toEqual({
      level: "HIGH",
      previousLevel: null,
      reasons: ["Anomalous Device"],
      detectionName: null,
    });
  });

  test.each([["{}"], ["gibberish, of no level"], ['{"risk":'], [[]], [{ level: 5, reasons: null }], [null]])(
    "is not read from %j",
    (value) => {
      expect(risk(of({ risk: value, logOnlySecurityData: value }))).toEqual(none);
    },
  );

  test("may be a level alone", () => {
    expect(risk(of({ risk: "HIGH" })).level).toBe("HIGH");
  });
});
