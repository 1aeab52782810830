import type { Correlation } from "../sigma/correlation.ts";
import type { Rule } from "../sigma/rule.ts";
import { type EnabledOptions, isEnabled } from "./compile-rules.ts";
import { withSessionStarts } from "./session-start-recorder.ts";

/** The detections of a folder, before any is chosen. */
export interface DetectionContents {
  readonly rules: readonly Rule[];
  readonly correlations: readonly Correlation[];
}

/** The detections that run. */
export interface ChosenDetections {
  /** Those that run, and those that one of them takes as a part. */
  readonly correlations: readonly Correlation[];
  /** The rules that events are matched with: those that run, those that correlations refer to, and what keeps the starts of sessions for them. */
  readonly evaluated: readonly Rule[];
  /** The rules among them that yield results of their own. */
  readonly own: readonly Rule[];
  /** The ids of rules and correlations that yield none. */
  readonly silent: ReadonlySet<string>;
}

/**
 * Chooses the detections that run: for the functions, backtests, and the tests of rules alike. A rule that correlations
 * refer to is evaluated for them, whatever its status; it yields results of its own where it runs without them, and one of
 * them has `generate: true`.
 */
export function chooseCorrelated(
  { rules, correlations: all }: DetectionContents,
  chosen: EnabledOptions,
): ChosenDetections {
  const correlations = withInner(
    all.filter((each) => isEnabled(each, chosen)),
    all,
  );
  const related = partIdsOf(correlations);
  const generating = partIdsOf([...correlations].filter(({ generate }) => generate));
  const enabled = new Set([...rules, ...all].filter((each) => isEnabled(each, chosen)).map(({ id }) => id));
  const silent = new Set([...related].filter((id) => !generating.has(id) || !enabled.has(id)));
  return {
    correlations: [...correlations],
    evaluated: withSessionStarts(rules.filter((rule) => isEnabled(rule, chosen) || related.has(rule.id))),
    own: rules.filter(({ id }) => enabled.has(id) && !silent.has(id)),
    silent,
  };
}

/** Some correlations, and those of all that take part in them, at any depth. */
export function withInner(some: Iterable<Correlation>, all: readonly Correlation[]): ReadonlySet<Correlation> {
  const found = new Set(some);
  // A set yields what is added to it while it is read: the correlations of a chain.
  for (const { rules } of found) {
    for (const { id } of rules) {
      const inner = all.find((each) => each.id === id);
      if (inner !== undefined) found.add(inner);
    }
  }
  return found;
}

/** The ids of the rules and correlations that correlations name. */
export function partIdsOf(correlations: Iterable<Correlation>): ReadonlySet<string> {
  return new Set([...correlations].flatMap(({ rules }) => rules.map(({ id }) => id)));
}
