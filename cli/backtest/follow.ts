import { asksForComparison } from "../../lambda/core/detections/enriched-fields.ts";
import { type LogEvent, publishedTime } from "../../lambda/core/okta/log-event.ts";
import type { Compared } from "../../lambda/core/pipeline/compared.ts";
import { followedSession, followsSession } from "../../lambda/core/pipeline/follow-session.ts";
import { followsTravel } from "../../lambda/core/pipeline/follow-travel.ts";
import type { Candidate } from "../../lambda/core/pipeline/match.ts";
import { changesSince } from "../../lambda/core/session-start/session-change.ts";
import {
  firstOf,
  originOf,
  type SessionStart,
  sessionDays,
  sessionStartOf,
} from "../../lambda/core/session-start/session-start.ts";
import { stopOf, travellerOf } from "../../lambda/core/travel/stop.ts";
import { emptyTrail, type Trail, trailDays, visit } from "../../lambda/core/travel/trail.ts";
import { travelOf } from "../../lambda/core/travel/travel.ts";

/** Events between two looks for trails and sessions that are over. */
const sweepAfter = 10_000;
const day = 86_400_000;

/** Whether some rule that matches an event, or may match, asks for a comparison. */
export function isCompared({ rules }: Candidate): boolean {
  return rules.some(({ rule }) => asksForComparison(rule));
}

/**
 * Follows persons and sessions with the code of the functions, in memory: the trails of the last {@link trailDays} days, and the
 * sessions of the last {@link sessionDays}.
 *
 * @returns compares an event with those before it: called in order of time, with the events of which a rule asks for that. It leaves out
 * what no rule asks for; what there is nothing to compare with is null
 */
export function createFollower(): (candidate: Candidate) => Partial<Compared> {
  const trails = new Map<string, Trail>();
  const starts = new Map<string, SessionStart>();
  let taken = 0;
  const forget = (now: number) => {
    for (const [key, { stops }] of trails) if (stops.every(({ at }) => at < now - trailDays * day)) trails.delete(key);
    for (const [key, { at }] of starts) if (at < now - sessionDays * day) starts.delete(key);
  };
  const travelTo = (event: LogEvent, at: number) => {
    const [traveller, stop] = [travellerOf(event), stopOf(event, new Date(at))];
    if (traveller === null || stop === null) return null;
    const { trail, others } = visit(trails.get(traveller) ?? emptyTrail, stop);
    trails.set(traveller, trail);
    return others === null ? null : travelOf(stop, others);
  };
  const changesOf = (candidate: Candidate, at: number) => {
    const session = followedSession(candidate);
    if (session === null) return null;
    const start = firstOf([starts.get(session) ?? null, sessionStartOf(candidate.event, new Date(at))]);
    if (start === null) return null;
    starts.set(session, start);
    return changesSince(start, originOf(candidate.event));
  };
  return (candidate) => {
    const at = publishedTime(candidate.event.published);
    const isTimed = !Number.isNaN(at);
    taken += 1;
    if (taken % sweepAfter === 0) forget(at);
    return {
      ...(followsTravel(candidate) && { travel: isTimed ? travelTo(candidate.event, at) : null }),
      ...(followsSession(candidate) && { changed: isTimed ? changesOf(candidate, at) : null }),
    };
  };
}
