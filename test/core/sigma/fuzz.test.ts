import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { readDocuments } from "../../../lambda/adapters/rule-files/load-detections.ts";
import { RuleFileError } from "../../../lambda/adapters/rule-files/rule-file-error.ts";
import { logSource } from "../../../lambda/core/detections/log-source.ts";
import { compileRule } from "../../../lambda/core/sigma/compile.ts";
import { parseFilter } from "../../../lambda/core/sigma/parse/parse-filter.ts";
import { parseRule } from "../../../lambda/core/sigma/parse/parse-rule.ts";
import { compileRegex } from "../../../lambda/core/sigma/regex.ts";
import { type Json, sessionStart } from "../../fixtures/events.ts";
import { ruleDocument } from "../../fixtures/rules.ts";
import { runs } from "../../fixtures/runs.ts";

const event = sessionStart();

/** Compiles and evaluates, or refuses with file, line and reason; anything else fails the test. */
async function read(text: string): Promise<"compiled" | "refused"> {
  try {
    for (const { content } of await readDocuments(text, "rule.yml", (document) => {
      const { rule, warnings } = parseRule(document, { logsource: logSource, placeholders: { known: ["a", "b"] } });
      return { content: compileRule(rule, { compileRegex }), warnings };
    })) {
      expect([true, false]).toContain(content.evaluate(event));
      content.explain(event);
    }
    return "compiled";
  } catch (error) {
    expect(error).toBeInstanceOf(RuleFileError);
    expect((error as Error).message).toMatch(/^rule\.yml:\d+: ./);
    return "refused";
  }
}

const modifier = fc.constantFrom(
  ..."contains,startswith,endswith,all,cased,neq,exists,re,i,m,s,cidr,lt,gte,base64,base64offset,wide,utf16,utf16be,windash,fieldref,expand,hour,week,nope,".split(
    ",",
  ),
);
const value = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(
    "*",
    "a*b?",
    "-x /y",
    "%known%",
    "%unknown%",
    "10.0.0.0/8",
    "::/0",
    "(",
    "a+",
    "eventType",
    "",
    null,
    5,
  ),
  fc.string(),
  fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null))),
);
const key = fc
  .tuple(
    fc.constantFrom("eventType", "actor.id", "securitycontext.isproxy", "target", "", "a b"),
    fc.array(modifier, { maxLength: 4 }),
  )
  .map(([field, modifiers]) => [field, ...modifiers].join("|"));
const map = fc.dictionary(key, value, { maxKeys: 3 });
const selection = fc.oneof(map, fc.array(fc.oneof(map, value), { maxLength: 3 }), value);
const condition = fc.oneof(
  fc.constantFrom("a", "a or b", "1 of them", "all of b*", "not a and b", "(a", "a | count() > 1", "and", ""),
  fc.string(),
  fc.array(fc.constantFrom("a", "b", "nope"), { maxLength: 2 }),
);

test("no detection does anything but compile, or be refused with file, line and reason", async () => {
  const outcomes = { compiled: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(fc.record({ a: selection, b: selection, condition }), async (detection) => {
      outcomes[await read(stringify(ruleDocument(detection)))] += 1;
    }),
    { numRuns: runs(1_000) },
  );
  await fc.assert(
    fc.asyncProperty(key, value, async (each, wanted) => {
      outcomes[await read(stringify(ruleDocument({ selection: { [each]: wanted }, condition: "selection" })))] += 1;
    }),
    { numRuns: runs(1_500) },
  );
  expect(outcomes.compiled).toBeGreaterThan(runs(100));
  expect(outcomes.refused).toBeGreaterThan(runs(100));
});

test("no document and no text does either", async () => {
  const documents = fc.oneof(
    fc.jsonValue().map((json) => stringify(json)),
    fc
      .record({ title: fc.jsonValue(), logsource: fc.jsonValue(), detection: fc.jsonValue() })
      .map((json) => stringify(json)),
    fc
      .tuple(fc.constantFrom(...Object.keys(ruleDocument({}))), fc.jsonValue())
      .map(([name, odd]) => stringify(ruleDocument({ selection: { a: 1 }, condition: "selection" }, { [name]: odd }))),
    fc.string(),
    fc.string({ unit: fc.constantFrom(...":-[]{}&*!|>'\"%@`\n #ab1?,") }),
  );
  await fc.assert(
    fc.asyncProperty(documents, async (text) => {
      await read(text);
    }),
    { numRuns: runs(1_000) },
  );
});

test("no filter does either", async () => {
  const filter = fc.record({ rules: value, a: selection, b: selection, condition }, { requiredKeys: ["condition"] });
  await fc.assert(
    fc.asyncProperty(fc.oneof(filter, fc.jsonValue()), async (body) => {
      const document: Json = { title: "Test", logsource: { product: "okta" }, filter: body };
      try {
        await readDocuments(stringify(document), "filter.yml", (read) => {
          const { filter: content, warnings } = parseFilter(read, { logsource: logSource });
          return { content, warnings };
        });
      } catch (error) {
        expect(error).toBeInstanceOf(RuleFileError);
      }
    }),
    { numRuns: runs(400) },
  );
});
