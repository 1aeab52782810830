import { type Correlation, holdsOfRules, isMonotone, meetsCriteria } from "../sigma/correlation.ts";
import { onceEach } from "../values/once-each.ts";
import type { Match } from "./advance.ts";
import type { GroupState } from "./group-state.ts";

/**
 * Whether a match changes nothing that the correlation decides: it would continue a chain, and the chain has not started.
 *
 * A `temporal_ordered` correlation that needs its first rule holds of no window without a match of it, before the others. A
 * match of another rule is therefore left out while no match of the first is known in the timespan before it: a read decides
 * that, and nothing is written. A first match that arrives later does not find it.
 *
 * @param beside the matches that arrive with it. @default none
 */
export function isIdle(
  correlation: Correlation,
  { slots }: GroupState,
  match: Arriving,
  beside: readonly Arriving[] = [],
): boolean {
  if (match.rule === 0 || !needsFirstRule(correlation)) return false;
  const start = match.at - correlation.milliseconds;
  const isFirst = ({ at, rule }: Arriving) => rule === 0 && at > start && at <= match.at;
  const isSame = ({ event, rule }: Arriving) => event === match.event && rule === match.rule;
  return !(
    beside.some(isFirst) ||
    slots.some(
      ({ fired, entries }) => fired?.by === match.event || entries.some((each) => isFirst(each) || isSame(each)),
    )
  );
}

type Arriving = Pick<Match, "at" | "event" | "rule">;

const needsFirstRule = onceEach((correlation: Correlation): boolean => {
  const { type, condition, rules } = correlation;
  // What an expression wants to be absent has to be known, whether or not the chain has started.
  if (type !== "temporal_ordered" || !isMonotone(correlation)) return false;
  if (condition.kind === "criteria") return !meetsCriteria(rules.length - 1, condition.criteria);
  const others = new Set(rules.slice(1).map((_, index) => String(index + 1)));
  return !holdsOfRules(condition.expression, others, others);
});
