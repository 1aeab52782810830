import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadDetections } from "../../../lambda/adapters/rule-files/load-detections.ts";
import { logFilter } from "../../../lambda/core/reconciliation/log-filter.ts";
import { compileRule } from "../../../lambda/core/sigma/compile.ts";
import { UNKNOWN } from "../../../lambda/core/sigma/field.ts";
import { compileRegex } from "../../../lambda/core/sigma/regex.ts";
import { type Json, sessionStart } from "../../fixtures/events.ts";
import { parseFilter } from "../../fixtures/okta-system-log.ts";
import { parseTestRule, rule } from "../../fixtures/rules.ts";

const id = "00000000-0000-4000-8000-000000000001";
const detections = await loadDetections(fileURLToPath(new URL("../../../detections", import.meta.url)));
const shipped = detections.rules.map(({ content }) => content);

describe("the filter", () => {
  test("asks for the event types that rules name, whatever else the rules ask for", () => {
    const proxied = rule("high", id, { eventType: "user.session.start", "securityContext.isProxy": "true" });
    const any = rule("low", id, { eventType: ["user.session.start", "user.account.lock"] });
    const token = rule("low", id, { eventType: "system.api_token.create" });
    expect(logFilter([proxied])).toEqual({
      expression: 'eventType eq "user.session.start"',
      eventTypes: ["user.session.start"],
    });
    expect(logFilter([proxied, token]).expression).toBe(
      'eventType eq "system.api_token.create" or eventType eq "user.session.start"',
    );
    expect(logFilter([proxied, any]).expression).toBe(
      'eventType eq "user.account.lock" or eventType eq "user.session.start"',
    );
  });

  test("asks for a type that a rule writes in another case as Okta writes it", () => {
    const shouted = rule("low", id, {
      eventType: ["USER.Session.start", "user.authentication.auth_via_idp", "acme.Own"],
    });
    const { expression, eventTypes } = logFilter([shouted]);
    expect(eventTypes).toEqual(["acme.Own", "user.authentication.auth_via_IDP", "user.session.start"]);
    expect(parseFilter(expression ?? "")?.(sessionStart())).toBe(true);
  });

  test("asks for all events when a rule names no type", () => {
    const proxied = rule("high", id, { eventType: "user.session.start" });
    const failures = parseTestRule({ selection: { "outcome.result": "FAILURE" }, condition: "selection" });
    expect(logFilter([proxied, failures]).expression).toBeNull();
    expect(logFilter([])).toEqual({ expression: null, eventTypes: [] });
  });

  test("asks by the start of names when rules name more types than a URL holds, and by no more starts than it has to", () => {
    const many = Array.from({ length: 120 }, (_, index) => `policy.rule.number_${index}`);
    const few = ["user.session.start", "user.account.lock"];
    const { expression, eventTypes } = logFilter([rule("low", id, { eventType: [...many, ...few] })]);
    expect(expression).toBe(
      'eventType eq "user.account.lock" or eventType eq "user.session.start" or eventType sw "policy.rule."',
    );
    expect(eventTypes).toHaveLength(122);
    const isWanted = parseFilter(expression ?? "");
    for (const eventType of eventTypes) expect(isWanted?.(sessionStart({ eventType }))).toBe(true);
    const unlike = Array.from({ length: 200 }, (_, index) => `type_${index}.of.its.own`);
    expect(logFilter([rule("low", id, { eventType: unlike })]).expression).toBeNull();
  });

  test("leaves out no event that a shipped rule matches, or may match", () => {
    const { expression, eventTypes } = logFilter(shipped);
    const isWanted = parseFilter(expression ?? "");
    expect(isWanted).not.toBeNull();
    const compiled = shipped.map((each) => compileRule(each, { compileRegex }));
    let matches = 0;
    let left = 0;
    const event = fc.record({
      eventType: fc.constantFrom(...eventTypes, "user.session.end", "app.oauth2.as.token.grant"),
      securityContext: fc.record({
        isProxy: fc.constantFrom(true, false, null),
        ipDetails: fc.constantFrom(null, { ipServiceCategories: [{ type: "Tor", operator: null, isAnonymous: true }] }),
        risk: fc.constantFrom(null, { level: "HIGH" }),
      }),
      outcome: fc.constantFrom({ result: "SUCCESS" }, { result: "FAILURE" }),
    });
    fc.assert(
      fc.property(event, (fields) => {
        const received = sessionStart(fields as Json);
        const enrichment = { enrichment: UNKNOWN };
        const isMatch = compiled.some(({ evaluate }) => evaluate(received, enrichment) !== false);
        if (isMatch) expect(isWanted?.(received)).toBe(true);
        if (isMatch) matches += 1;
        if (!isWanted?.(received)) left += 1;
      }),
      { numRuns: 3_000 },
    );
    expect(matches).toBeGreaterThan(300);
    expect(left).toBeGreaterThan(20);
  });
});
