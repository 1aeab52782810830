import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { importOkta, toDetection } from "../../cli/rules/import-okta.ts";
import { type Comparison, type Expression, operators, parseExpression } from "../../cli/rules/okta-expression.ts";
import { logSource } from "../../lambda/core/detections/log-source.ts";
import { compileRule } from "../../lambda/core/sigma/compile.ts";
import { parseRule } from "../../lambda/core/sigma/parse/parse-rule.ts";
import { compileRegex } from "../../lambda/core/sigma/regex.ts";

const detectionOf = (text: string) => toDetection(parseExpression(text));

describe("an expression in Sigma", () => {
  test.each<[string, unknown]>([
    ['a.b eq "x"', { selection_1: { "a.b": "x" }, condition: "selection_1" }],
    ['a eq "x" and b co "y"', { selection_1: { a: "x", "b|contains": "y" }, condition: "selection_1" }],
    ['a eq "x" or a eq "y"', { selection_1: { a: ["x", "y"] }, condition: "selection_1" }],
    [
      'a eq "x" or b sw "y"',
      { selection_1: { a: "x" }, selection_2: { "b|startswith": "y" }, condition: "selection_1 or selection_2" },
    ],
    [
      'a eq "x" and (b eq "y" or c eq "z") and not (d eq "w")',
      {
        selection_1: { a: "x" },
        selection_2: { b: "y" },
        selection_3: { c: "z" },
        filter_4: { d: "w" },
        condition: "selection_1 and (selection_2 or selection_3) and (not filter_4)",
      },
    ],
    ['a IN ["x", "y"] and b eq "z"', { selection_1: { a: ["x", "y"], b: "z" }, condition: "selection_1" }],
    ['not (a in ["x*"])', { filter_1: { a: ["x\\*"] }, condition: "not filter_1" }],
    ["a pr", { selection_1: { a: null }, condition: "not selection_1" }],
    ["n gt 5 and n le 9.5", { selection_1: { "n|gt": 5, "n|lte": 9.5 }, condition: "selection_1" }],
    ["a ne true", { selection_1: { "a|neq": true }, condition: "selection_1" }],
    ['a eq "50%*" AND b ew "\\\\"', { selection_1: { a: "50%\\*", "b|endswith": "\\\\" }, condition: "selection_1" }],
    ['a eq "\\u0041\\u00e4\\t\\/"', { selection_1: { a: "Aä\t/" }, condition: "selection_1" }],
  ])("%s", (text, detection) => {
    expect(detectionOf(text)).toEqual(detection);
  });

  test.each([
    ['published gt "2026-11-01"', /times and texts have no order/],
    ['target[type eq "User"] pr', /at 7, "\[": a filter of elements cannot be said/],
    ['a in "x"', /at 6, ""x"": expected "\["/],
    ["a in []", /at 7, "\]": expected a value/],
    ['a in ["x" "y"]', /at 11, ""y"": expected "," or "\]"/],
    ['a in ["x", ["y"]]', /at 12, "\[": expected a value/],
    ['a eq ["x"]', /at 6, "\[": expected a value/],
    ['a eq "x" b eq "y"', /at 10, "b": expected "and" or "or"/],
    ['(a eq "x"', /the expression ends where "\)" is expected/],
    ["a eq x", /at 6, "x": expected a value/],
    ["a co 5", /parts of texts alone/],
    ['a eq "x" and __proto__ eq "y"', /__proto__ eq "y": no event of Okta's has such a field/],
    ["", /the expression ends where the name of a field is expected/],
    [`${"(".repeat(200)}a pr`, /more than 100 brackets/],
  ])("%s is refused", (text, message) => {
    expect(() => detectionOf(text)).toThrow(message);
  });
});

/** What an expression means for an event of flat fields, in Okta's words; texts compare in any case, as rules do. */
function holds(expression: Expression, event: Readonly<Record<string, unknown>>): boolean {
  switch (expression.kind) {
    case "not":
      return !holds(expression.operand, event);
    case "and":
      return expression.operands.every((each) => holds(each, event));
    case "or":
      return expression.operands.some((each) => holds(each, event));
    case "comparison": {
      const { operator, value } = expression;
      const found = event[expression.field];
      const isPresent = found !== undefined && found !== null;
      const [text, part] = [String(found).toLowerCase(), String(value).toLowerCase()];
      const tests: Readonly<Record<Comparison["operator"], () => boolean>> = {
        eq: () => (value === null ? !isPresent : isPresent && text === part),
        ne: () => (value === null ? isPresent : !(isPresent && text === part)),
        co: () => isPresent && text.includes(part),
        sw: () => isPresent && text.startsWith(part),
        ew: () => isPresent && text.endsWith(part),
        gt: () => isPresent && Number(found) > Number(value),
        ge: () => isPresent && Number(found) >= Number(value),
        lt: () => isPresent && Number(found) < Number(value),
        le: () => isPresent && Number(found) <= Number(value),
        pr: () => isPresent,
      };
      return tests[operator]();
    }
  }
}

test("a rule matches what its expression means, for any expression and event", () => {
  const texts = fc.constantFrom("x", "xy", "a*b", "a\\", "q?", "\\*", "Zed");
  const comparison: fc.Arbitrary<Comparison> = fc
    .record({
      field: fc.constantFrom("a", "b", "n"),
      operator: fc.constantFrom(...operators),
      text: texts,
      number: fc.integer({ min: 0, max: 5 }),
    })
    .map(({ field, operator, text, number }) => {
      const isNumeric = ["gt", "ge", "lt", "le"].includes(operator);
      return {
        kind: "comparison",
        field: isNumeric ? "n" : field,
        operator,
        value: operator === "pr" ? null : isNumeric ? number : text,
      };
    });
  const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      comparison,
      fc.record({ kind: fc.constant("not" as const), operand: tie("expression") }),
      fc.record({
        kind: fc.constantFrom("and" as const, "or" as const),
        operands: fc.array(tie("expression"), { minLength: 1, maxLength: 3 }),
      }),
    ),
  }));
  const event = fc.record(
    { a: fc.option(texts), b: texts, n: fc.option(fc.integer({ min: 0, max: 5 })) },
    { requiredKeys: [] },
  );
  let matches = 0;
  fc.assert(
    fc.property(expression, event, (of, received) => {
      const document = { title: "Test", logsource: { product: "okta" }, detection: toDetection(of) };
      const { rule } = parseRule(parse(JSON.stringify(document)), { logsource: logSource });
      const expected = holds(of, received);
      expect(compileRule(rule, { compileRegex }).evaluate(received)).toBe(expected);
      if (expected) matches += 1;
    }),
    { numRuns: 2_000 },
  );
  expect(matches).toBeGreaterThan(300);
});

test("a file is plain text, or one of Okta's customer-detections with a rule for each expression", async () => {
  const folder = await mkdtemp(join(tmpdir(), "import-"));
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return (await importOkta(join(folder, name), "2026-11-26")).yaml;
  };
  const plain = await write("admin.txt", 'eventType eq "user.session.start"\n  and securityContext.isProxy eq true\n');
  expect(plain).toContain('#   eventType eq "user.session.start"\n#   and securityContext.isProxy eq true\n');
  expect(parse(plain)).toMatchObject({
    title: "Okta admin",
    status: "experimental",
    detection: { selection_1: { eventType: "user.session.start", "securityContext.isProxy": true } },
  });
  const theirs = await write(
    "theirs.yml",
    'title: Theirs\ndetection:\n  okta_systemlog:\n    - a pr\n    - a eq "x"\n',
  );
  expect(theirs.split("---\n").map((each) => (parse(each) as { readonly title: string }).title)).toEqual([
    "Theirs (1)",
    "Theirs (2)",
  ]);
  const beside = await write(
    "beside.yml",
    "title: Beside\ndetection:\n  okta_systemlog:\n    OIE: a pr\n    datadog: 'source:okta @a:*'\n",
  );
  expect(parse(beside)).toMatchObject({ title: "Beside", detection: { condition: "not selection_1" } });
  await expect(write("other.yml", "title: Other\n")).rejects.toThrow(/without detection\.okta_systemlog.*filter$/);
  await expect(write("splunk.yml", "detection:\n  explanation: x\n  splunk: x\n")).rejects.toThrow(
    /where Okta's detections have their filter: detection has splunk alone$/,
  );
  await expect(write("bad.txt", 'a gt "b"')).rejects.toThrow(/bad\.txt: .*no order/);
});

test("a rule keeps what Okta's file says of its detection, and the rest is still to be written", async () => {
  const file = join(await mkdtemp(join(tmpdir(), "import-")), "token.yml");
  await writeFile(
    file,
    `title: A token is made
description: |
  An administrator makes a token.

  It outlives the session.
references: [https://example.com/tokens, null]
author: Ana
threat:
  Tactic: [Persistence, Credential Access]
  Technique: ["T1078: Valid Accounts", { T1098.001: Additional Credentials }, { T1078: Again }]
prevention: [Fewer administrators]
detection:
  okta_systemlog:
    OIE: eventType eq "system.api_token.create"
false_positives:
  - |
    Tokens of approved automation
`,
  );
  const { yaml, remarks } = await importOkta(file, "2026-11-26");
  const rule: unknown = parse(yaml);
  expect(rule).toMatchObject({
    title: "A token is made",
    description: "An administrator makes a token.\n\nIt outlives the session.\n\nImported from token.yml.",
    references: ["https://example.com/tokens"],
    author: "Ana",
    tags: ["attack.persistence", "attack.credential-access", "attack.t1078", "attack.t1098.001"],
    falsepositives: ["Tokens of approved automation"],
  });
  expect(remarks.filter((remark) => remark.includes("still to be written"))).toEqual([
    expect.stringMatching(/triage\.0: is still to be written/),
  ]);
});

test("a file whose other keys hold no texts imports as one without them", async () => {
  const file = join(await mkdtemp(join(tmpdir(), "import-")), "odd.yml");
  const odd = "description: [1]\nreferences: {a: b}\nauthor: ''\nthreat: none\nfalse_positives: null\n";
  await writeFile(file, `${odd}detection:\n  okta_systemlog: a pr\n`);
  const rule = parse((await importOkta(file, "2026-11-26")).yaml) as Readonly<Record<string, unknown>>;
  expect(Object.keys(rule)).toEqual([
    "title",
    "id",
    "status",
    "description",
    "date",
    "logsource",
    "detection",
    "falsepositives",
    "level",
    "triage",
  ]);
  expect(rule.description).toMatch(/^TODO: /);
});

test.each([
  ["\r", "a return"],
  ["\u0085", "NEL"],
  ["\u2028", "a line separator"],
  ["\u2029", "a paragraph separator"],
])("an expression with %j in it, %s, stays within its comment", async (lineBreak) => {
  const file = join(await mkdtemp(join(tmpdir(), "import-")), "filter.txt");
  await writeFile(file, `a eq "x${lineBreak}logsource: {product: windows}"`);
  const { yaml } = await importOkta(file, "2026-11-26");
  const lines = yaml.split(/[\n\r\u0085\u2028\u2029]/);
  expect(lines.slice(1, 4)).toEqual(['#   a eq "x', '#   logsource: {product: windows}"', "title: Okta filter"]);
});

test("an import says what is to be written, and what Okta's documents do not have", async () => {
  const file = join(await mkdtemp(join(tmpdir(), "import-")), "filter.txt");
  await writeFile(file, 'eventType eq "user.session.strat" and result eq "FAILURE"');
  const { yaml, remarks } = await importOkta(file, "2026-11-26");
  expect(remarks).toEqual([
    expect.stringMatching(/eventType: Okta's catalog of .* did you mean "user\.session\.start"\?$/),
    expect.stringMatching(
      /selection_1\.result: Okta's documents have no field "result"; did you mean "outcome\.result"\?$/,
    ),
    expect.stringMatching(/description: is still to be written: TODO: /),
    expect.stringMatching(/falsepositives\.0: is still to be written: TODO: /),
    expect.stringMatching(/triage\.0: is still to be written: TODO: /),
  ]);
  const [line] = remarks.map((remark) => Number(/^\d+/.exec(remark)?.[0]));
  expect(yaml.split("\n")[(line ?? 0) - 1]).toContain("user.session.strat");
});
