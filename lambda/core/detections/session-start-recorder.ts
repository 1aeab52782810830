import type { Rule } from "../sigma/rule.ts";
import { asksForSessionChange } from "./enriched-fields.ts";

const item = { linking: "any", cased: false, negated: false, part: null } as const;

/**
 * Runs beside rules that ask for `enrichment.session.changed`, so that the start of each session is kept though no rule matches it: it waits
 * for the field as they do, and never matches, as the value is none of the field's.
 */
export const sessionStartRecorder: Rule = {
  id: "8a0c2f5e-58e2-4b0c-9f0b-5a7d3c1e6b94",
  name: null,
  title: "Starts of sessions, for enrichment.session.changed",
  status: null,
  level: "informational",
  description: "Keeps the start of each session.",
  references: [],
  author: null,
  date: null,
  tags: [],
  falsePositives: [],
  pack: null,
  triage: [],
  filters: [],
  selections: {
    start: [
      [
        { ...item, field: "eventType", values: [[{ kind: "pattern", pattern: ["user.session.start"] }]] },
        { ...item, field: "enrichment.session.changed", values: [[{ kind: "pattern", pattern: ["nothing"] }]] },
      ],
    ],
  },
  condition: { kind: "selection", name: "start" },
};

/** Rules, and the recorder of session starts where one of them needs it. */
export function withSessionStarts(rules: readonly Rule[]): readonly Rule[] {
  return rules.some(asksForSessionChange) ? [...rules, sessionStartRecorder] : rules;
}
