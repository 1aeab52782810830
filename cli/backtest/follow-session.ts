import { publishedTime } from "../../lambda/core/okta/log-event.ts";
import { followedSession } from "../../lambda/core/pipeline/follow-session.ts";
import type { Candidate } from "../../lambda/core/pipeline/match.ts";
import { changesSince, type SessionPart } from "../../lambda/core/session-start/session-change.ts";
import {
  firstOf,
  originOf,
  type SessionStart,
  sessionDays,
  sessionStartOf,
} from "../../lambda/core/session-start/session-start.ts";

/** Compares events, in order of time, with the starts of their sessions. */
export interface SessionFollower {
  /** Takes an event of which a rule asks for the change. Null where the session or its start is not known. */
  readonly take: (candidate: Pick<Candidate, "event">) => readonly SessionPart[] | null;
}

/** Events between two looks for sessions that are over. */
const sweepAfter = 10_000;

/** Follows sessions with the code of the functions, their starts in memory: those of the last {@link sessionDays} days. */
export function createSessionFollower(): SessionFollower {
  const starts = new Map<string, SessionStart>();
  let taken = 0;
  const forget = (now: number) => {
    for (const [key, { at }] of starts) if (at < now - sessionDays * 86_400_000) starts.delete(key);
  };
  return {
    take(candidate) {
      const { event } = candidate;
      const at = publishedTime(event.published);
      const session = followedSession(candidate);
      if (session === null || Number.isNaN(at)) return null;
      taken += 1;
      if (taken % sweepAfter === 0) forget(at);
      const start = firstOf([starts.get(session) ?? null, sessionStartOf(event, new Date(at))]);
      if (start === null) return null;
      starts.set(session, start);
      return changesSince(start, originOf(event));
    },
  };
}
