import pMap from "p-map";
import { asksForSessionChange } from "../detections/enriched-fields.ts";
import { sessionId } from "../okta/session-id.ts";
import { changesSince } from "../session-start/session-change.ts";
import { firstOf, originOf, type SessionStart, sessionStartOf } from "../session-start/session-start.ts";
import { UNKNOWN } from "../sigma/field.ts";
import { share, within } from "../time/budget.ts";
import type { KnownChange, SessionChanges } from "./compared.ts";
import type { Candidate } from "./match.ts";
import { subjectOf } from "./observation.ts";
import type { Findings } from "./ports.ts";
import type { MatchedWork, Run } from "./stages.ts";

/** Whether some rule that matches an event, or may match, asks for what changed in its session: only then is the start read and kept. */
export function followsSession({ rules }: Pick<Candidate, "rules">): boolean {
  return rules.some(({ rule }) => asksForSessionChange(rule));
}

/** The session of which the start is compared with an event. Null for a test, and where Okta names no session. */
export function followedSession({ event }: Pick<Candidate, "event">): string | null {
  return event.isTest ? null : sessionId(event);
}

/** Starts that are written at once. */
const concurrency = 50;

/**
 * Compares a delivery's events with the starts of their sessions. A start is written where one of the events comes before the one that is
 * kept: a session's first event, and a `user.session.start` that arrives late. Never rejects: where a start cannot be read or written, what
 * changed is unknown.
 *
 * @param lookUp has read the starts
 */
export async function followSessions(
  all: readonly MatchedWork[],
  lookUp: Promise<Findings | null>,
  run: Run,
): Promise<SessionChanges> {
  const following = all.filter(({ candidate }) => followsSession(candidate));
  if (following.length === 0) return none;
  const { ports } = run;
  const changes = new Map<string, KnownChange>(following.map(({ work }) => [work.event.uuid, null]));
  const used = following.flatMap((each) => {
    const session = followedSession(each.candidate);
    return session === null ? [] : [{ ...each, session }];
  });
  if (used.length === 0) return changes;
  const known = (await lookUp)?.sessionStarts ?? null;
  const followOne = async ([session, ofSession]: readonly [string, readonly MatchedWork[]]) => {
    try {
      // The look-up has said that it failed.
      const start = known === null ? UNKNOWN : await keepStart(session, ofSession, known.get(session) ?? null, run);
      for (const { work } of ofSession) {
        const isKnown = start !== UNKNOWN && start !== null;
        changes.set(work.event.uuid, isKnown ? changesSince(start, originOf(work.event)) : start);
      }
    } catch (error) {
      for (const { work } of ofSession) {
        changes.set(work.event.uuid, UNKNOWN);
        ports.observe({ kind: "sessionChangeUnknown", subject: subjectOf(work), error });
      }
    }
  };
  const ofSessions = [...Map.groupBy(used, ({ session }) => session)];
  await pMap(ofSessions, followOne, { concurrency });
  return changes;
}

const none: SessionChanges = new Map();

/** The start of a session, by what is kept of it and by a delivery's events; null where none of them can be one. */
async function keepStart(
  session: string,
  events: readonly MatchedWork[],
  kept: SessionStart | null,
  { ports, budget }: Run,
): Promise<SessionStart | null> {
  const first = firstOf([kept, ...events.map(({ work }) => sessionStartOf(work.event, ports.now()))]);
  if (first === null || first === kept) return kept;
  const signal = share(budget.work, budget.steps.suppress);
  return await within(signal, ports.sessionStarts.keep(session, first, signal));
}
