import * as v from "valibot";

/** The verdicts on incidents. */
export const verdicts = ["true-positive", "benign", "expected"] as const;

/** How an incident was judged. It is remembered of its person by the fingerprints of its alerts. */
export const verdictSchema = v.object({
  verdict: v.picklist(verdicts),
  note: v.string(),
  /** Its author. */
  by: v.string(),
  /** By the clock of its author's machine (ISO 8601, UTC). */
  at: v.string(),
  /** When the last alert was detected that its author saw (ISO 8601, UTC). @default `at` */
  seen: v.optional(v.string()),
});
export type Verdict = Readonly<v.InferOutput<typeof verdictSchema>>;

/** The time of the last alert that a verdict is about (ISO 8601, UTC): what came later waits for another. */
export function judgedUntil({ seen, at }: Verdict): string {
  return seen ?? at;
}

/**
 * The verdict that an alert names: the latest true positive of its person, whatever that was about, else the one on the
 * last alert of the same fingerprint. Null for none.
 *
 * @param kept the verdicts that are remembered of the person, by fingerprint
 * @param fingerprint null where the event has none
 */
export function verdictToName(kept: ReadonlyMap<string, Verdict>, fingerprint: string | null): Verdict | null {
  return lastTruePositive(kept) ?? (fingerprint === null ? null : kept.get(fingerprint)) ?? null;
}

/** The latest true positive of a person; null for none. */
export function lastTruePositive(kept: ReadonlyMap<string, Verdict>): Verdict | null {
  const [latest] = [...kept.values()]
    .filter(({ verdict }) => verdict === "true-positive")
    .sort((a, b) => (a.at > b.at ? -1 : 1));
  return latest ?? null;
}

/** The verdicts that are remembered of a user. */
export const maximumVerdicts = 20;

/**
 * The fingerprints whose verdicts are to be forgotten, so that there is room for others: the oldest, and true positives last. Harmless ones
 * would have the person's attack forgotten otherwise.
 */
export function surplusVerdicts(kept: ReadonlyMap<string, Verdict>, added: readonly string[]): readonly string[] {
  const others = [...kept].filter(([fingerprint]) => !added.includes(fingerprint));
  const isAttack = ({ verdict }: Verdict) => Number(verdict === "true-positive");
  const worthiestFirst = others.sort(([, a], [, b]) => isAttack(b) - isAttack(a) || (a.at > b.at ? -1 : 1));
  return worthiestFirst.slice(Math.max(0, maximumVerdicts - added.length)).map(([fingerprint]) => fingerprint);
}
