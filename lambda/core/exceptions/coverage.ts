/** What an exception would have covered, counted over matches of the past. */
export interface Coverage {
  readonly matches: number;
  readonly covered: number;
  /** The persons of the matches. */
  readonly persons: number;
  /** The persons of the matches that it covers, with how many of each, the most first. */
  readonly coveredPersons: readonly (readonly [person: string, matches: number])[];
  /** When the first and the last of the covered matches were published (ISO 8601, UTC); null for none. */
  readonly first: string | null;
  readonly last: string | null;
  /** The covered matches by kind of network, the most first. */
  readonly kinds: readonly (readonly [kind: string, matches: number])[];
}

interface PastMatch {
  /** Whom it is about; null where that is not known. */
  readonly person: string | null;
  /** When it was published (ISO 8601, UTC). */
  readonly at: string;
  /** The kinds of its network, the worst first. */
  readonly kinds: readonly string[];
  readonly isCovered: boolean;
}

/** Counts matches of the past. */
export function createCoverageTally() {
  let [matches, covered] = [0, 0];
  let [first, last]: [string | null, string | null] = [null, null];
  const persons = new Set<string>();
  const coveredPersons = new Map<string, number>();
  const kinds = new Map<string, number>();
  const countIn = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
  const mostFirst = (counts: Map<string, number>) => [...counts].sort(([, a], [, b]) => b - a);
  return {
    count({ person, at, kinds: ofMatch, isCovered }: PastMatch): void {
      matches += 1;
      if (person !== null) persons.add(person);
      if (!isCovered) return;
      covered += 1;
      if (person !== null) countIn(coveredPersons, person);
      countIn(kinds, ofMatch[0] ?? "unnamed");
      if (first === null || at < first) first = at;
      if (last === null || at > last) last = at;
    },
    coverage: (): Coverage => ({
      matches,
      covered,
      persons: persons.size,
      coveredPersons: mostFirst(coveredPersons),
      first,
      last,
      kinds: mostFirst(kinds),
    }),
  };
}
