import { describe, expect, test } from "vitest";
import { OktaProxyWatchStack } from "../../infra/stack.ts";
import { maximumPatternLength, type StreamPattern, streamPatterns } from "../../infra/stream-patterns.ts";
import { appInPlace, ofType, readStack } from "../../infra/synthesize.ts";
import { loadDetections } from "../../lambda/adapters/rule-files/load-detections.ts";
import { compileRules, isEnabled } from "../../lambda/core/detections/compile-rules.ts";
import { hookEligibleNames, systemLogOnlyNames } from "../../lambda/core/okta/event-type-catalog.ts";
import { refreshingEventTypes } from "../../lambda/core/profiles/refresh.ts";
import { type Json, sessionStart, streamedEvent } from "../fixtures/events.ts";
import { parseTestRule } from "../fixtures/rules.ts";

/**
 * Whether EventBridge lets an event through, by the operators that our patterns use; any other is an error:
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
function isLetThrough(pattern: unknown, event: unknown): boolean {
  return Object.entries(pattern as Record<string, unknown>).every(([key, wanted]) => {
    const value = (event as Record<string, unknown> | null)?.[key];
    if (!Array.isArray(wanted)) return typeof value === "object" && isLetThrough(wanted, value);
    return wanted.some((each: unknown) => {
      if (typeof each === "string") return value === each;
      const [[operator, operand] = ["", ""]] = Object.entries(each as Record<string, string>);
      if (typeof value !== "string") return false;
      if (operator === "prefix") return value.startsWith(operand);
      if (operator === "equals-ignore-case") return value.toLowerCase() === operand.toLowerCase();
      throw new Error(`the operator ${operator} is not known here`);
    });
  });
}

/** A rule that selects by these fields. */
const ruleOn = (selection: Json) => parseTestRule({ selection, condition: "selection" });

const lengthOf = (pattern: StreamPattern) => JSON.stringify(pattern).length;
const letThrough = (patterns: readonly StreamPattern[], event: unknown) =>
  patterns.filter((pattern) => isLetThrough(pattern, event)).length;
const ofEventType = (eventType: unknown) => streamedEvent(sessionStart({ eventType }));

const { rules: loaded } = await loadDetections(new URL("../../detections", import.meta.url).pathname);
const shipped = loaded.map(({ content }) => content);
const everyType = [...hookEligibleNames.trim().split(/\s+/), ...systemLogOnlyNames.trim().split(/\s+/)];

describe("what is taken of the log stream", () => {
  test("is, of the catalog's event types, those that the shipped rules are about, each once", async () => {
    const { kinds } = await compileRules(shipped);
    const patterns = streamPatterns(shipped, refreshingEventTypes);
    const wanted = new Set([...kinds, ...refreshingEventTypes]);
    expect(everyType.length).toBeGreaterThan(1_200);
    for (const type of everyType)
      expect(letThrough(patterns, ofEventType(type))).toBe(Number(wanted.has(type.toLowerCase())));
    expect([...wanted].filter((type) => everyType.every((each) => each.toLowerCase() !== type))).toEqual([]);
    expect(Math.max(...patterns.map(lengthOf))).toBeLessThanOrEqual(maximumPatternLength);
  });

  test("is nothing that comes from elsewhere, and nothing without a type", () => {
    const patterns = streamPatterns(shipped, []);
    expect(letThrough(patterns, ofEventType("user.session.start"))).toBe(1);
    for (const source of ["aws.partner/auth0.com/example", "example.app", "okta.com", undefined]) {
      expect(letThrough(patterns, streamedEvent(sessionStart(), { source }))).toBe(0);
    }
    for (const type of [null, undefined, 5]) expect(letThrough(patterns, ofEventType(type))).toBe(0);
    expect(letThrough(patterns, streamedEvent(null))).toBe(0);
  });

  test("is a type that a rule writes in another case, as Okta writes it, and one that the catalog does not have, in any", () => {
    const patterns = streamPatterns(
      [ruleOn({ eventType: ["USER.authentication.AUTH_VIA_IDP", "Brand.New.type"] })],
      [],
    );
    expect(patterns).toEqual([
      {
        source: [{ prefix: "aws.partner/okta.com/" }],
        detail: { eventType: [{ "equals-ignore-case": "Brand.New.type" }, "user.authentication.auth_via_IDP"] },
      },
    ]);
    expect(letThrough(patterns, ofEventType("brand.new.TYPE"))).toBe(1);
  });

  test("is all of it where a rule names no event type, or names it by a pattern", () => {
    const all = [{ source: [{ prefix: "aws.partner/okta.com/" }] }];
    for (const selection of [{ "actor.type": "User" }, { "eventType|startswith": "user." }]) {
      expect(streamPatterns([...shipped, ruleOn(selection)], [])).toEqual(all);
    }
    expect(streamPatterns(null, [])).toEqual(all);
  });

  test("takes several rules where one pattern is too short, each type by one of them; and where that is too many, is all", () => {
    const many = everyType.slice(0, 200);
    const patterns = streamPatterns([ruleOn({ eventType: many })], []);
    expect(patterns.length).toBeGreaterThan(2);
    expect(patterns.length).toBeLessThanOrEqual(5);
    expect(Math.max(...patterns.map(lengthOf))).toBeLessThanOrEqual(maximumPatternLength);
    for (const type of many) expect(letThrough(patterns, ofEventType(type))).toBe(1);
    const all = streamPatterns([ruleOn({ eventType: everyType })], []);
    expect(all).toEqual([{ source: [{ prefix: "aws.partner/okta.com/" }] }]);
  });
});

describe("the log stream", () => {
  const busName = "aws.partner/okta.com/example/okta";
  const synthesizeWith = async (context: Readonly<Record<string, unknown>>) => {
    const detections = await compileRules(shipped.filter((rule) => isEnabled(rule, { experimental: false })));
    return readStack(new OktaProxyWatchStack(appInPlace(context), "Test", { detections }));
  };

  test("is off unless an event bus is named", async () => {
    const stack = await synthesizeWith({});
    expect(ofType(stack, "AWS::Events::Rule")).toEqual([]);
    expect([...stack.resources.keys()].filter((path) => path.includes("LogStream"))).toEqual([]);
    expect(stack.template.toJSON().Outputs).not.toHaveProperty("EventBusName");
  });

  test("is one rule on that bus, with the enabled detections' event types, and a dead-letter queue", async () => {
    const stack = await synthesizeWith({ eventBusName: busName });
    const rules = ofType(stack, "AWS::Events::Rule");
    expect(rules).toHaveLength(1);
    const [[, { Properties }] = ["", { Properties: {} }]] = rules;
    expect(stack.readable(Properties)).toMatchObject({
      EventBusName: busName,
      Targets: [{ Arn: "<LogStream/Stream/Function>.Arn", DeadLetterConfig: { Arn: "<DeadLetters/Queue>.Arn" } }],
    });
    expect(isLetThrough(Properties.EventPattern, ofEventType("user.session.start"))).toBe(true);
    expect(isLetThrough(Properties.EventPattern, ofEventType("user.account.update_profile"))).toBe(false);
    expect(stack.template.toJSON().Outputs).toMatchObject({ EventBusName: { Value: busName } });
  });

  test("brings what changes profiles as well, where they come from Okta, and knows the org", async () => {
    const stack = await synthesizeWith({ eventBusName: busName, oktaOrgUrl: "https://example.okta.com" });
    const [[, { Properties }] = ["", { Properties: {} }]] = ofType(stack, "AWS::Events::Rule");
    expect(isLetThrough(Properties.EventPattern, ofEventType("user.account.update_profile"))).toBe(true);
    const variables = stack.resources.get("LogStream/Stream/Function")?.Properties.Environment.Variables;
    expect(stack.readable(variables)).toMatchObject({
      OKTA_ORG_URL: "https://example.okta.com",
      REFRESH_QUEUE_URL: "<ProfileRefresh/Default/Queue>",
    });
  });

  test("is tried three times by Lambda, and then goes to the dead-letter queue, which lets that rule alone send to it", async () => {
    const stack = await synthesizeWith({ eventBusName: busName, customerManagedKey: true });
    const config = stack.resources.get("LogStream/Stream/Function/EventInvokeConfig")?.Properties;
    expect(stack.readable(config)).toMatchObject({
      MaximumRetryAttempts: 2,
      DestinationConfig: { OnFailure: { Destination: "<DeadLetters/Queue>.Arn" } },
    });
    const policy = stack.resources.get("DeadLetters/Queue/Policy")?.Properties.PolicyDocument.Statement;
    expect(stack.readable(policy)).toContainEqual({
      Sid: "FailedEvents",
      Effect: "Allow",
      Principal: { Service: "events.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: "<DeadLetters/Queue>.Arn",
      Condition: { ArnEquals: { "aws:SourceArn": "<LogStream/Rule1>.Arn" } },
    });
  });

  test("starts when redrive is of its release, which reads what it parks", async () => {
    const stack = await synthesizeWith({ eventBusName: busName });
    const [, rule] = ofType(stack, "AWS::Events::Rule")[0] ?? [];
    expect((rule as unknown as { DependsOn: string[] }).DependsOn).toContain(
      stack.logicalIds.get("Redrive/Redrive/Function"),
    );
  });
});
