import type { Rule } from "../sigma/rule.ts";
import { onceEach } from "../values/once-each.ts";

/** Whether a rule has a field that profile locations decide. */
export const asksForLocation = onceEach((rule: Pick<Rule, "selections">) => asksFor("geo", rule));

/** Whether a rule has a field that the person's other places decide. */
export const asksForTravel = onceEach((rule: Pick<Rule, "selections">) => asksFor("travel", rule));

function asksFor(name: "geo" | "travel", { selections }: Pick<Rule, "selections">): boolean {
  const isAsked = (field: string | null) => new RegExp(`^enrichment\\.${name}(\\.|$)`, "i").test(field ?? "");
  return Object.values(selections)
    .flat(2)
    .some(
      ({ field, values }) =>
        isAsked(field) || values.flat().some((operand) => operand.kind === "field" && isAsked(operand.field)),
    );
}
