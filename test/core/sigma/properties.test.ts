import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { indexField } from "../../../lambda/core/detections/log-source.ts";
import { compileRule } from "../../../lambda/core/sigma/compile.ts";
import { onDemand, parsePath, readField, UNKNOWN } from "../../../lambda/core/sigma/field.ts";
import { LastEvent } from "../../../lambda/core/sigma/last-event.ts";
import { parseCondition, selectionsOf } from "../../../lambda/core/sigma/parse/parse-condition.ts";
import { compileRegex } from "../../../lambda/core/sigma/regex.ts";
import type { Condition } from "../../../lambda/core/sigma/rule.ts";
import { createRuleSet, type RuleSet } from "../../../lambda/core/sigma/rule-set.ts";
import type { Json } from "../../fixtures/events.ts";
import { parseTestRule, ruleSet } from "../../fixtures/rules.ts";
import { runs } from "../../fixtures/runs.ts";
import { randomDetection, randomEvent } from "./random-rules.ts";
import { referenceMatches } from "./reference.ts";

const compile = (detection: Json) => compileRule(parseTestRule(detection), { compileRegex });

describe("evaluation", () => {
  test("equals a slow, obviously right one, on random rules and events", () => {
    let matching = 0;
    let all = 0;
    fc.assert(
      fc.property(randomDetection, fc.array(randomEvent, { minLength: 1, maxLength: 5 }), (detection, events) => {
        const { evaluate } = compile(detection);
        for (const event of events) {
          const expected = referenceMatches(detection, event);
          expect(evaluate(event)).toBe(expected);
          all += 1;
          if (expected) matching += 1;
        }
      }),
      { numRuns: runs(1_200) },
    );
    // A comparison of nothing but misses would prove little.
    expect(matching / all).toBeGreaterThan(0.2);
    expect(matching / all).toBeLessThan(0.8);
  });

  test("that is decided while a field is unknown stays so, whatever the field turns out to be", () => {
    fc.assert(
      fc.property(randomDetection, randomEvent, fc.constantFrom("a", "b", "list"), (detection, event, field) => {
        const { evaluate } = compile(detection);
        const early = evaluate(event, { [field]: UNKNOWN });
        const late = evaluate(event, { [field]: event[field] ?? null });
        // Keywords are asked of the event alone, which is the same both times.
        if (early !== "unknown") expect(late).toBe(early);
      }),
      { numRuns: runs(1_200) },
    );
  });

  test("of a match explains it by selections that the condition names", () => {
    fc.assert(
      fc.property(randomDetection, randomEvent, (detection, event) => {
        const { evaluate, explain, rule } = compile(detection);
        if (evaluate(event) !== true) return;
        const named = selectionsOf(rule.condition);
        for (const { selection } of explain(event)) expect(named).toContain(selection);
      }),
      { numRuns: 1_000 },
    );
  });
});

/** Rules, compiled and arranged as the functions do. */
function together(detections: readonly Json[], isDerived = (field: string) => field.startsWith("derived.")): RuleSet {
  const lastEvent = new LastEvent();
  const shared = { items: new Map(), lastEvent };
  return createRuleSet(
    titled(detections).map((rule) => compileRule(rule, { compileRegex, shared })),
    { indexField, isDerived, lastEvent },
  );
}

const titled = (detections: readonly Json[]) =>
  detections.map((detection, index) => parseTestRule(detection, { title: `Rule ${index}`, id: undefined }));

describe("a rule set", () => {
  test("finds what evaluating every rule finds, known or not", () => {
    const enrichment = fc.constantFrom(undefined, { a: UNKNOWN }, { list: UNKNOWN }, { a: { b: 1 } });
    fc.assert(
      fc.property(
        fc.array(randomDetection, { minLength: 1, maxLength: 8 }),
        fc.array(randomEvent, { minLength: 1, maxLength: 4 }),
        enrichment,
        (detections, events, added) => {
          const apart = ruleSet(titled(detections));
          const sets = [apart, together(detections, (field) => field.startsWith("a"))];
          for (const event of events) {
            const expected = apart.rules
              .map(({ rule, evaluate }) => [rule.title, evaluate(event, added)])
              .filter(([, truth]) => truth !== false)
              .sort();
            for (const set of sets) {
              const found = set.match(event, added).map(({ compiled, truth }) => [compiled.rule.title, truth]);
              expect(found.sort()).toEqual(expected);
            }
          }
        },
      ),
      { numRuns: runs(700) },
    );
  });

  test("asks an event for no derived field where it meets none of a rule's alternatives", () => {
    let reads = 0;
    const read = () => {
      reads += 1;
      return ["new"];
    };
    const set = together([
      {
        selection: { eventType: "user.a" },
        signal_flag: { flag: true },
        signal_text: { "context.text|contains": "proxied" },
        news: { "derived.news": "new" },
        condition: "selection and 1 of signal_* and news",
      },
    ]);
    const matches = (event: Json) => set.match(event, { derived: { news: onDemand(null, read) } }).length;
    expect(matches({ eventType: "user.a", flag: false, context: { text: "plain" } })).toBe(0);
    expect(reads).toBe(0);
    expect(matches({ eventType: "user.a", flag: "TRUE" })).toBe(1);
    expect(matches({ eventType: "user.a", Context: { text: ["no", "a Proxied one"] } })).toBe(1);
    expect(matches({ eventType: "user.a", "context.text": "proxied" })).toBe(1);
    expect(reads).toBe(3);
  });

  const titlesOf = (found: ReturnType<RuleSet["match"]>) => found.map(({ compiled }) => compiled.rule.title);

  test.each<[name: string, event: Json]>([
    ["a flattened key", { eventType: "user.a", "securityContext.isProxy": true }],
    ["a key beside one in another case", { eventType: "user.a", securityContext: { isproxy: false, isProxy: true } }],
    [
      "an object beside one in another case",
      { eventType: "user.a", securityContext: { isProxy: true }, securitycontext: {} },
    ],
    [
      "a type beside one in another case",
      { eventtype: "user.b", eventType: "user.a", securityContext: { isProxy: true } },
    ],
  ])("looks a rule up by the very field that the rule asks for: %s", (_, event) => {
    const signals = {
      flag: { "securityContext.isProxy": true },
      text: { "debugContext.tunnels|contains": "anonymous" },
    };
    const set = together([
      {
        selection: { eventType: "user.a" },
        signal_flag: signals.flag,
        signal_text: signals.text,
        condition: "selection and 1 of signal_*",
      },
      { selection: { eventType: "user.a", ...signals.flag }, condition: "selection" },
    ]);
    expect(titlesOf(set.match(event))).toEqual(["Rule 0", "Rule 1"]);
    expect(set.rules.map(({ evaluate }) => evaluate(event))).toEqual([true, true]);
  });

  test("takes as many values as a list has", () => {
    const set = together([
      {
        selection: { eventType: "user.a" },
        signal_a: { list: "x" },
        signal_b: { "other|contains": "y" },
        condition: "selection and 1 of signal_*",
      },
    ]);
    const many = Array.from({ length: 300_000 }, () => "x");
    expect(titlesOf(set.match({ eventType: "user.a", list: many, other: many }))).toEqual(["Rule 0"]);
  });

  test("gives matches in the order of its rules, however they are looked up", () => {
    const all = ["a: 1", "b|contains: x", "c|exists: true", "derived.d: 1", "a: 1"].map((item) => {
      const [field = "", value = ""] = item.split(": ");
      const wanted = value === "true" ? true : value;
      return { selection: { eventType: "user.a", [field]: wanted }, condition: "selection" };
    });
    const found = together(all).match({ eventType: "user.a", a: 1, b: "xx", c: null }, { derived: { d: 1 } });
    expect(titlesOf(found)).toEqual(["Rule 0", "Rule 1", "Rule 2", "Rule 3", "Rule 4"]);
  });

  test("is asked for one event while it reads another, and after a reading that failed", () => {
    const set = together([
      { selection: { eventType: "user.a", "derived.a": "x" }, condition: "selection" },
      { selection: { eventType: "user.a", flag: true }, condition: "selection" },
      { selection: { eventType: "user.a", "derived.b": "x" }, condition: "selection" },
    ]);
    const other = { eventType: "user.a", flag: false };
    const asking = onDemand(null, () => {
      expect(titlesOf(set.match(other, { derived: { a: "no", b: "no" } }))).toEqual([]);
      return "x";
    });
    const event = { eventType: "user.a", flag: true };
    expect(titlesOf(set.match(event, { derived: { a: asking, b: "x" } }))).toEqual(["Rule 0", "Rule 1", "Rule 2"]);
    let isDown = true;
    const failing = onDemand(null, () => {
      if (isDown) throw new Error("down");
      return "no";
    });
    const derived = { derived: { a: failing, b: "x" } };
    expect(() => set.match(event, derived)).toThrow("down");
    isDown = false;
    expect(titlesOf(set.match(event, derived))).toEqual(["Rule 1", "Rule 2"]);
  });

  test("evaluates no rule for an event of a type that none names", () => {
    const set = ruleSet([
      parseTestRule(
        { selection: { eventType: ["user.a", "user.b"], x: 1 }, condition: "selection" },
        { id: undefined },
      ),
      parseTestRule({ selection: { eventtype: "user.c" }, other: { y: 1 }, condition: "selection and not other" }),
    ]);
    let reads = 0;
    const event = new Proxy<Json>(
      { eventType: "user.d", x: 1 },
      {
        get(target, name) {
          reads += 1;
          return Reflect.get(target, name);
        },
      },
    );
    expect(set.match(event)).toEqual([]);
    // Its type, by the name as each of the two rules writes it.
    expect(reads).toBe(2);
  });
});

describe("a field of the last event", () => {
  const leaf = fc.constantFrom<unknown>("x", 1, null, true, undefined, UNKNOWN);
  const value = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthSize: "medium" },
      leaf,
      fc.dictionary(fc.constantFrom("a", "A", "b", "a.b", "b.a.b"), tie("value"), { maxKeys: 4 }),
      fc.array(tie("value"), { maxLength: 3 }),
    ),
  })).value;
  const paths = ["a", "b", "a.b", "A.b", "b.a.b", "a.b.a", "a.a.a.a"].map(parsePath);

  test("is what is read of it alone", () => {
    const enrichment = fc.option(fc.dictionary(fc.constantFrom("a", "B", "c"), value), { nil: undefined });
    fc.assert(
      fc.property(fc.array(fc.tuple(value, enrichment), { minLength: 1, maxLength: 4 }), (asked) => {
        const lastEvent = new LastEvent();
        const readers = paths.map((path) => ({ path, read: lastEvent.readerOf(path) }));
        for (const [event, added] of [...asked, ...asked]) {
          lastEvent.turnTo(event, added);
          for (const { path, read } of readers) expect(read(event, added)).toEqual(readField(event, path, added));
        }
      }),
      { numRuns: runs(2_000) },
    );
  });
});

describe("a condition", () => {
  const names = ["a", "b", "not_c", "all_d", "_e"];
  const condition = fc.letrec<{ condition: Condition }>((tie) => ({
    condition: fc.oneof(
      { maxDepth: 5, depthSize: "medium" },
      fc.constantFrom(...names).map((name): Condition => ({ kind: "selection", name })),
      // The parser reads "not not x" as x, and "a and (b and c)" as it stands.
      tie("condition").map((operand): Condition => (operand.kind === "not" ? operand : { kind: "not", operand })),
      fc
        .tuple(
          fc.constantFrom("and" as const, "or" as const),
          fc.array(tie("condition"), { minLength: 2, maxLength: 3 }),
        )
        .map(([kind, operands]): Condition => ({ kind, operands })),
    ),
  })).condition;

  function print(written: Condition): string {
    if (written.kind === "selection") return written.name;
    const inner = (operand: Condition) => (operand.kind === "selection" ? print(operand) : `(${print(operand)})`);
    if (written.kind === "not") return `not ${inner(written.operand)}`;
    return written.operands.map(inner).join(` ${written.kind} `);
  }

  test("printed and parsed is the same", () => {
    fc.assert(
      fc.property(condition, (written) => {
        expect(parseCondition(print(written), names)).toEqual(written);
      }),
      { numRuns: runs(800) },
    );
  });
});
