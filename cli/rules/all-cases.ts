import { dirname } from "node:path";
import type { Detections, FromFile } from "../../lambda/adapters/rule-files/load-detections.ts";
import { withInner } from "../../lambda/core/detections/choose-correlated.ts";
import type { Correlation } from "../../lambda/core/sigma/correlation.ts";
import { withoutFilters } from "../../lambda/core/sigma/parse/parse-filter.ts";
import type { Rule } from "../../lambda/core/sigma/rule.ts";
import { InputError } from "../command.ts";
import { type RuleCase, type RuleCases, readCases, ruleFileOf, type StreamCase } from "./cases-file.ts";
import { rulesOfCorrelation } from "./coverage.ts";

/** A rule with its cases. */
export interface RuleWithCases {
  /** As written: without filters, which are about one org. */
  readonly rule: Rule;
  readonly file: string;
  readonly cases: readonly RuleCase[];
}

/** A correlation with its cases. */
export interface CorrelationWithCases {
  readonly rule: Correlation;
  readonly file: string;
  /** The correlations that take part in it, at any depth; without the correlation itself. */
  readonly inner: readonly Correlation[];
  /** The rules whose matches it correlates, at any depth, as written: without filters. */
  readonly rules: readonly Rule[];
  readonly cases: readonly StreamCase[];
}

/** Everything that has cases. */
export interface AllWithCases {
  readonly rules: readonly RuleWithCases[];
  readonly correlations: readonly CorrelationWithCases[];
}

/**
 * Reads the cases of all rules and correlations of a folder of detections.
 *
 * @param detections as loaded
 * @param baseFolders further folders with base events, beside the rules' own
 * @returns every rule and correlation, those without cases with none
 * @throws RuleFileError for cases that cannot be read; InputError for cases without a rule, or of the wrong kind
 */
export async function readAllCases(detections: Detections, baseFolders: readonly string[]): Promise<AllWithCases> {
  const { rules, correlations } = detections;
  const ofRules = new Map<FromFile<Rule | Correlation>, RuleCase[]>();
  const ofCorrelations = new Map<FromFile<Rule | Correlation>, StreamCase[]>();
  const both: readonly FromFile<Rule | Correlation>[] = [...rules, ...correlations];
  for (const file of detections.cases) {
    const ofFile = both.filter((each) => each.file === ruleFileOf(file));
    if (ofFile.length === 0) throw new InputError(`${file}: there is no rule ${ruleFileOf(file)}`);
    for (const { rule: named, cases, streams } of await readCases(file, [dirname(file), ...baseFolders])) {
      const isOfStreams = streams.length > 0 && cases.length === 0;
      const isOfEvents = cases.length > 0 && streams.length === 0;
      // A case says by its form what it is about.
      const ofKind = ofFile.filter(({ content }) => (isCorrelation(content) ? !isOfEvents : !isOfStreams));
      const rule = findRule(named === null && ofKind.length > 0 ? ofKind : ofFile, named, file);
      const [wrong] = isCorrelation(rule.content) ? cases : streams;
      if (wrong !== undefined) {
        throw new InputError(
          `${file}:${wrong.line}: ${isCorrelation(rule.content) ? "a correlation's case has events, and fires: true or false" : "a rule's case has an event, and matches: true or false"}`,
        );
      }
      ofRules.set(rule, [...(ofRules.get(rule) ?? []), ...cases]);
      ofCorrelations.set(rule, [...(ofCorrelations.get(rule) ?? []), ...streams]);
    }
  }
  return {
    rules: rules.map((rule) => ({
      rule: withoutFilters(rule.content),
      file: rule.file,
      cases: ofRules.get(rule) ?? [],
    })),
    correlations: correlations.map((each) => ({
      rule: each.content,
      file: each.file,
      ...partsOf(each.content, detections),
      cases: ofCorrelations.get(each) ?? [],
    })),
  };
}

function isCorrelation(content: Rule | Correlation): content is Correlation {
  return "timespan" in content;
}

function partsOf(correlation: Correlation, detections: Detections): Pick<CorrelationWithCases, "inner" | "rules"> {
  const all = withInner(
    [correlation],
    detections.correlations.map(({ content }) => content),
  );
  return {
    inner: [...all].filter((each) => each !== correlation),
    rules: rulesOfCorrelation(correlation, detections).map(withoutFilters),
  };
}

function findRule(
  rules: readonly FromFile<Rule | Correlation>[],
  named: RuleCases["rule"],
  file: string,
): FromFile<Rule | Correlation> {
  const matching =
    named === null
      ? rules
      : rules.filter(({ content: { id, name } }) => id === named.toLowerCase() || (name !== null && name === named));
  const [only] = matching;
  if (only !== undefined && matching.length === 1) return only;
  throw new InputError(
    named === null
      ? `${file}: the file of rules holds ${rules.length} that the cases may be about: name one by its id, rule: ${rules[0]?.content.id}`
      : `${file}: no rule of that file has the id or name ${named}`,
  );
}
