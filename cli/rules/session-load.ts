import { encodeSessionStart, sessionItemId } from "../../lambda/adapters/tables/session-starts.ts";
import { asksForSessionChange } from "../../lambda/core/detections/enriched-fields.ts";
import { withSessionStarts } from "../../lambda/core/detections/session-start-recorder.ts";
import { publishedTime } from "../../lambda/core/okta/log-event.ts";
import { followedSession } from "../../lambda/core/pipeline/follow-session.ts";
import { firstOf, type SessionStart, sessionStartOf } from "../../lambda/core/session-start/session-start.ts";
import type { Rule } from "../../lambda/core/sigma/rule.ts";
import { comparedLoad } from "./compared-load.ts";
import type { CorrelationLoad } from "./correlation-load.ts";

/** Bytes of a start's item beside its state: its id, its order, its end and the names of its attributes. */
const itemOverhead = sessionItemId("", new Uint8Array()).length + 110;

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
    if (first === null || first === kept) return 0;
    starts.set(session, first);
    return encodeSessionStart(first).length + itemOverhead;
  });
}
