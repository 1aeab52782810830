import type { Rule } from "../sigma/rule.ts";
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
  const isAsked = (field: string | null) => name.test(field ?? "");
  return Object.values(selections)
    .flat(2)
    .some(
      ({ field, values }) =>
        isAsked(field) || values.flat().some((operand) => operand.kind === "field" && isAsked(operand.field)),
    );
}
