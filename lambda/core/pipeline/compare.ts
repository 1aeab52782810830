import type { Comparisons } from "./compared.ts";
import { followSessions, followsSession } from "./follow-session.ts";
import { followsTravel, followTravel } from "./follow-travel.ts";
import type { Findings } from "./ports.ts";
import type { MatchedWork, Run } from "./stages.ts";

/**
 * Compares the events of a delivery with others: those of their persons, and the starts of their sessions. Never rejects: what a store does
 * not say is unknown.
 *
 * @param lookUp has read what is kept of the others
 */
export async function compareEvents(
  all: readonly MatchedWork[],
  lookUp: Promise<Findings | null>,
  run: Run,
): Promise<Comparisons> {
  if (!all.some(({ candidate }) => followsTravel(candidate) || followsSession(candidate))) return nothing;
  const [travels, changes] = await Promise.all([followTravel(all, lookUp, run), followSessions(all, lookUp, run)]);
  return { travels, changes };
}

const nothing: Comparisons = { travels: new Map(), changes: new Map() };
