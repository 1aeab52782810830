import { encodeSessionStart, sessionItemId } from "../../lambda/adapters/tables/session-starts.ts";
import { encodeTrail, trailItemId } from "../../lambda/adapters/tables/trails.ts";
import { compileRules } from "../../lambda/core/detections/compile-rules.ts";
import { asksForSessionChange, asksForTravel } from "../../lambda/core/detections/enriched-fields.ts";
import { withSessionStarts } from "../../lambda/core/detections/session-start-recorder.ts";
import { type LogEvent, publishedTime } from "../../lambda/core/okta/log-event.ts";
import { followedSession } from "../../lambda/core/pipeline/follow-session.ts";
import { findCandidate } from "../../lambda/core/pipeline/match.ts";
import { firstOf, type SessionStart, sessionStartOf } from "../../lambda/core/session-start/session-start.ts";
import type { Rule } from "../../lambda/core/sigma/rule.ts";
import { stopOf, travellerOf } from "../../lambda/core/travel/stop.ts";
import { emptyTrail, type Trail, visit } from "../../lambda/core/travel/trail.ts";
import type { CorrelationLoad } from "./correlation-load.ts";
import { ordinaryDays } from "./ordinary-week.ts";

/**
 * Reckons the reads and writes a day of what rules compare events with: an ordinary week runs through the code of the functions, and its
 * last day, when stores are full, is scaled to a number of events.
 *
 * @param follow takes an event that a rule may match: what reckons the bytes of the item that it writes, 0 for a read alone; null
 * for neither
 */
async function comparedLoad(
  rules: readonly Rule[],
  eventsADay: number,
  follow: (event: LogEvent) => (() => number) | null,
): Promise<CorrelationLoad> {
  const set = await compileRules(rules);
  if (set.rules.length === 0) return { reads: 0, writes: 0 };
  /** Of the last day. */
  let followed: readonly ((() => number) | null)[] = [];
  for await (const day of ordinaryDays()) {
    followed = day.map((event) => (findCandidate(event, set) === null ? null : follow(event)));
  }
  const load = { reads: 0, writes: 0 };
  for (const bytesOf of followed) {
    if (bytesOf === null) continue;
    // It is less than 4 KB: a strongly consistent read is a unit.
    load.reads += 1;
    load.writes += Math.ceil(bytesOf() / 1_024);
  }
  const scale = followed.length === 0 ? 0 : eventsADay / followed.length;
  return { reads: Math.round(load.reads * scale), writes: Math.round(load.writes * scale) };
}

/** Bytes of a trail's item beside its state: its id, its version, its end and the names of its attributes. */
const trailOverhead = trailItemId("", new Uint8Array()).length + 60;

/**
 * Reckons the reads and writes a day of the places that rules with `enrichment.travel` compare, all of these rules together: an ordinary
 * week runs through the code of the functions, and its last day, when trails are full, is scaled to a number of events.
 */
export async function travelLoad(rules: readonly Rule[], eventsADay: number): Promise<CorrelationLoad> {
  const trails = new Map<string, Trail>();
  return await comparedLoad(rules.filter(asksForTravel), eventsADay, (event) => {
    const traveller = travellerOf(event);
    const stop = stopOf(event, new Date(publishedTime(event.published)));
    if (traveller === null || stop === null) return null;
    const before = trails.get(traveller) ?? emptyTrail;
    const { trail } = visit(before, stop);
    if (trail === before) return () => 0;
    trails.set(traveller, trail);
    return () => encodeTrail(trail).length + trailOverhead;
  });
}

/** Bytes of a start's item beside its state: its id, its order, its end and the names of its attributes. */
const startOverhead = sessionItemId("", new Uint8Array()).length + 110;

/**
 * Reckons the reads and writes a day of the starts of sessions that rules with `enrichment.session.changed` compare with, all of these rules
 * together: an ordinary week runs through the code of the functions, and its last day is scaled to a number of events.
 */
export async function sessionLoad(rules: readonly Rule[], eventsADay: number): Promise<CorrelationLoad> {
  const starts = new Map<string, SessionStart>();
  return await comparedLoad(withSessionStarts(rules.filter(asksForSessionChange)), eventsADay, (event) => {
    const session = followedSession({ event });
    if (session === null) return null;
    const kept = starts.get(session) ?? null;
    const first = firstOf([kept, sessionStartOf(event, new Date(publishedTime(event.published)))]);
    if (first === null || first === kept) return () => 0;
    starts.set(session, first);
    return () => encodeSessionStart(first).length + startOverhead;
  });
}
