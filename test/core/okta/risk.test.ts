import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decode } from "../../../lambda/core/okta/encoded-value.ts";
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

test("a log of security checks that repeats the level is left unread, and changes nothing", () => {
  const part = fc.constantFrom(
    ...[
      "level",
      "LEVEL",
      "previousLevel",
      "reasons",
      "REASONS",
      "detectionName",
      "rea\u017fons",
      "\\u0072easons",
      "risk",
    ],
    ...["{", "}", "=", ":", ",", '"', " ", "LOW", "HIGH", "null", "true", "New ASN"],
  );
  const anything = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(""));
  const level = fc.constantFrom("LOW", "HIGH", "low", "null", "NULL", "true", "", "5").map((each) => `{level=${each}}`);
  const map = fc.dictionary(part, part, { maxKeys: 4 });
  const value = fc.oneof(
    level,
    anything,
    map,
    map.map((each) => JSON.stringify(each)),
    fc.constant(undefined),
  );
  const logged = fc.oneof(
    value.map((each) => JSON.stringify({ risk: each })),
    value.map((each) => ({ risk: each })),
    value,
  );
  fc.assert(
    fc.property(value, value, logged, fc.constantFrom("user.session.start", "user.risk.change"), (...read) => {
      const [structured, logs, logOnlySecurityData, eventType] = read;
      const eventOf = (security: unknown, text: (each: unknown) => unknown) =>
        logEvent({
          eventType,
          securityContext: { risk: text(structured) },
          debugContext: { debugData: { risk: text(logs), logOnlySecurityData: security } },
        });
      // A space and an object are read in full.
      const spaced = (each: unknown) => (typeof each === "string" && each.startsWith("{") ? ` ${each}` : each);
      const decoded = decode(logOnlySecurityData);
      expect(risk(eventOf(logOnlySecurityData, (each) => each))).toEqual(risk(eventOf(decoded, spaced)));
    }),
    { numRuns: 2_000 },
  );
});
