import pMap from "p-map";
import type { Delivery } from "../okta/event-hook.ts";
import { refreshesOf } from "../profiles/refresh.ts";
import { type Budget, share, within } from "../time/budget.ts";
import { compareEvents } from "./compare.ts";
import { correlateEvents } from "./correlate.ts";
import { isReported } from "./correlations.ts";
import { delayReasons } from "./delay-reason.ts";
import { handleEvent } from "./handle-event.ts";
import { lookUpUsers } from "./look-up.ts";
import { type Candidate, findCandidates } from "./match.ts";
import { subjectOfWhole } from "./observation.ts";
import { delays, keepMatches, parkLeft, parkMalformed, waitingWork } from "./park.ts";
import { byUser } from "./person.ts";
import type { PipelinePorts } from "./ports.ts";
import type { Handled } from "./result.ts";
import { type MatchedEvent, type MatchedWork, type Run, startRun } from "./stages.ts";
import { countHandled } from "./tally.ts";
import type { Work } from "./work.ts";

/**
 * The report of a delivery: the number of events by their result. `parked` counts work on the retry queue, of which an
 * alerted event may leave some as well; `deadLettered` includes malformed events; `failed` counts events that have to
 * be delivered again.
 */
export type DeliveryReport = Readonly<Record<Handled["kind"], number>>;

/** Events that are handled at once: the alerts of nearly every delivery. */
const concurrency = 50;

/**
 * Takes a delivery through the pipeline: match, then handle each event (`handle-event.ts`), then park the work that is
 * left. Nearly no event matches. Never rejects: unfinished work is parked, and work that cannot be parked is counted
 * and observed.
 *
 * @param candidates the events that match, where they have been found already
 */
export async function processDelivery(
  delivery: Delivery,
  ports: PipelinePorts,
  budget: Budget,
  candidates = ports.measure("Matching", () => findCandidates(delivery.events, ports.rules)),
): Promise<DeliveryReport> {
  const run = startRun(ports, budget);
  const [malformedParked, handled] = await Promise.all([
    parkMalformed(delivery, run),
    candidates.length === 0 ? [] : handleEvents(candidates, delivery, run),
    refreshProfiles(delivery, run),
  ]);
  const left = handled.flatMap((each) => each.left);
  const [leftParked] = await Promise.all([parkLeft(left, run), countHandled(handled, subjectOfWhole(delivery), run)]);
  const count = (kind: Handled["kind"]) => handled.filter((each) => each.kind === kind).length;
  const malformed = delivery.malformed.length;
  return {
    unmatched: count("unmatched"),
    observed: count("observed"),
    duplicate: count("duplicate"),
    excepted: count("excepted"),
    grouped: count("grouped"),
    inStorm: count("inStorm"),
    gathered: count("gathered"),
    published: count("published"),
    parked: leftParked ? left.length : 0,
    deadLettered: count("deadLettered") + (malformedParked ? malformed : 0),
    failed: (leftParked ? 0 : left.length) + (malformedParked ? 0 : malformed),
  };
}

async function handleEvents(candidates: readonly Candidate[], delivery: Delivery, run: Run): Promise<Handled[]> {
  const all = candidates.map((candidate): MatchedWork => {
    const work: Work = { event: candidate.event, delivery, rules: null, followUp: false, waiting: null };
    return { candidate, work };
  });
  const lookUp = lookUpUsers(all, run);
  const compared = compareEvents(all, lookUp, run);
  const correlated = correlateEvents(all, lookUp, compared, run);
  const reported = all.filter(({ candidate, work }) => isReported(candidate, work, run.ports));
  const beside = byUser(reported.map(({ candidate }) => candidate.event));
  const handle = (each: MatchedWork, index: number): Handled | Promise<Handled> => {
    const matched: MatchedEvent = { ...each, lookUp, correlated, compared, beside };
    // The first events have all the time; a later one is not started where its time would not suffice.
    const isTooLate = index >= concurrency && run.budget.begin.aborted;
    return isTooLate ? tooLate(matched, run) : handleEvent(matched, run);
  };
  return all.length <= concurrency ? Promise.all(all.map(handle)) : pMap(all, handle, { concurrency });
}

function tooLate(matched: MatchedEvent, { ports }: Run): Handled {
  const left = waitingWork(keepMatches(matched, ports), delayReasons.timeRanOut, delays.failed, ports.now());
  return { kind: "parked", left: [left] };
}

/** A failed request loses no event: the next sync refreshes the profile. */
async function refreshProfiles(delivery: Delivery, { ports, budget }: Run): Promise<void> {
  if (ports.refreshProfiles === null) return;
  const users = refreshesOf(delivery.events);
  if (users.length === 0) return;
  const signal = share(budget.work, budget.steps.refresh);
  try {
    await within(signal, ports.refreshProfiles(users, signal));
  } catch (error) {
    ports.observe({ kind: "refreshesLost", subject: subjectOfWhole(delivery), count: users.length, error });
  }
}
