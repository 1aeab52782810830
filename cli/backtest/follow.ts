import { asksForComparison } from "../../lambda/core/detections/enriched-fields.ts";
import type { Compared } from "../../lambda/core/pipeline/compared.ts";
import { followsSession } from "../../lambda/core/pipeline/follow-session.ts";
import { followsTravel } from "../../lambda/core/pipeline/follow-travel.ts";
import type { Candidate } from "../../lambda/core/pipeline/match.ts";
import { createSessionFollower } from "./follow-session.ts";
import { createTravelFollower } from "./follow-travel.ts";

/** Compares events, in order of time, with those before them. */
export interface Follower {
  /** Takes an event of which a rule asks for a comparison; leaves out what none asks for. */
  readonly take: (candidate: Candidate) => Partial<Compared>;
}

/** Whether some rule that matches an event, or may match, asks for a comparison. */
export function isCompared({ rules }: Candidate): boolean {
  return rules.some(({ rule }) => asksForComparison(rule));
}

/** Follows persons and sessions with the code of the functions, in memory. */
export function createFollower(): Follower {
  const travel = createTravelFollower();
  const sessions = createSessionFollower();
  return {
    take: (candidate) => ({
      ...(followsTravel(candidate) && { travel: travel.take(candidate.event) }),
      ...(followsSession(candidate) && { changed: sessions.take(candidate) }),
    }),
  };
}
