import { encodeSessionStart, sessionItemId } from "../../lambda/adapters/tables/session-starts.ts";
import { compileRules } from "../../lambda/core/detections/compile-rules.ts";
import { asksForSessionChange } from "../../lambda/core/detections/enriched-fields.ts";
import { withSessionStarts } from "../../lambda/core/detections/session-start-recorder.ts";
import { publishedTime } from "../../lambda/core/okta/log-event.ts";
import { followedSession } from "../../lambda/core/pipeline/follow-session.ts";
import { findCandidate } from "../../lambda/core/pipeline/match.ts";
import { firstOf, type SessionStart, sessionStartOf } from "../../lambda/core/session-start/session-start.ts";
import type { Rule } from "../../lambda/core/sigma/rule.ts";
import type { CorrelationLoad } from "./correlation-load.ts";
import { ordinaryDays } from "./ordinary-week.ts";

/** Bytes of a start's item beside its state: its id, its order, its end and the names of its attributes. */
const itemOverhead = sessionItemId("", new Uint8Array()).length + 110;

/**
 * Reckons the reads and writes a day of the starts of sessions that rules with `enrichment.session.changed` compare with, all of these rules
 * together: an ordinary week runs through the code of the functions, and its last day is scaled to a number of events.
 */
export async function sessionLoad(rules: readonly Rule[], eventsADay: number): Promise<CorrelationLoad> {
  const set = await compileRules(withSessionStarts(rules.filter(asksForSessionChange)));
  const starts = new Map<string, SessionStart>();
  let load = { reads: 0, writes: 0 };
  let events = 0;
  if (set.rules.length === 0) return load;
  for await (const day of ordinaryDays()) {
    load = { reads: 0, writes: 0 };
    events = day.length;
    for (const event of day) {
      const session = followedSession({ event });
      if (session === null || findCandidate(event, set) === null) continue;
      // It is less than 4 KB: a strongly consistent read is a unit.
      load.reads += 1;
      const kept = starts.get(session) ?? null;
      const first = firstOf([kept, sessionStartOf(event, new Date(publishedTime(event.published)))]);
      if (first === null || first === kept) continue;
      starts.set(session, first);
      load.writes += Math.ceil((encodeSessionStart(first).length + itemOverhead) / 1_024);
    }
  }
  const scale = events === 0 ? 0 : eventsADay / events;
  return { reads: Math.round(load.reads * scale), writes: Math.round(load.writes * scale) };
}
