import type { Operand, Rule } from "../sigma/rule.ts";
import { onceEach } from "../values/once-each.ts";

/** Whether a rule has a field that profile locations decide. */
export const asksForLocation = onceEach((rule: Pick<Rule, "selections">) => asksFor(/^enrichment\.geo(\.|$)/i, rule));

/** Whether a rule has a field that the person's other places decide. */
export const asksForTravel = onceEach((rule: Pick<Rule, "selections">) => asksFor(/^enrichment\.travel(\.|$)/i, rule));

/** Whether a rule has the field that the start of the session decides. */
export const asksForSessionChange = onceEach((rule: Pick<Rule, "selections">) =>
  asksFor(/^enrichment\.session\.changed$/i, rule),
);

/** Whether a rule has a field that other events of the person or of the session decide. */
export function asksForComparison(rule: Pick<Rule, "selections">): boolean {
  return asksForTravel(rule) || asksForSessionChange(rule);
}

function asksFor(name: RegExp, { selections }: Pick<Rule, "selections">): boolean {
  const isAsked = (field: string | null) => field !== null && name.test(field);
  const isOperandAsked = (operand: Operand) => operand.kind === "field" && isAsked(operand.field);
  return Object.values(selections).some((maps) =>
    maps.some((items) =>
      items.some(({ field, values }) => isAsked(field) || values.some((operands) => operands.some(isOperandAsked))),
    ),
  );
}
