import { claimWork, isClaimed, notClaimed, reportedBefore } from "./claim.ts";
import { comparedOf } from "./compared.ts";
import { isExpected, isWanted } from "./correlations.ts";
import { delayReasons } from "./delay-reason.ts";
import { type Alertable, exceptDetections, reopenExcepted } from "./except.ts";
import { gatherSignIn } from "./gather.ts";
import { groupSession } from "./group.ts";
import { addToStorm, joinStorm, joinThreat } from "./join-storm.ts";
import { judgeCandidate, locate } from "./judge.ts";
import { lookUpUser } from "./look-up.ts";
import { idsOf } from "./match.ts";
import { subjectOf } from "./observation.ts";
import { delays, failedWork, keepMatches, waitingWork } from "./park.ts";
import { mayBeOut, publishAlert } from "./publish.ts";
import { record, recordUnclaimed } from "./record.ts";
import type { Handled, Result } from "./result.ts";
import type { ClaimedEvent, MatchedEvent, Run } from "./stages.ts";
import { tally } from "./tally.ts";

/**
 * Handles an event that rules match: claim, look up, correlate, judge, except, join a storm, group, publish, record. Where a
 * rule matches without the user's location, the claim runs beside the look-up, so that an alert waits for three calls in
 * sequence. An event that is no more than a part of correlations, of which none fires, is done once it is judged.
 * Never rejects: the work that is left holds the error.
 */
export async function handleEvent(matched: MatchedEvent, run: Run): Promise<Handled> {
  const { candidate, work } = matched;
  try {
    run.budget.work.throwIfAborted();
    const certain = candidate.certain.filter(({ rule }) => isWanted(rule.id, work, run.ports));
    const [found, early, correlated, comparisons] = await Promise.all([
      matched.lookUp,
      certain.length > 0 ? claimWork(work, certain, run) : null,
      matched.correlated,
      matched.compared,
    ]);
    const reported = await reportedBefore(work, correlated, run);
    const judged = judgeCandidate(matched, { findings: found, correlated, comparisons }, reported, run);
    if (judged.kind === "observed") run.ports.observe({ kind: "observed", subject: subjectOf(work) });
    if (judged.kind !== "judged") return recordUnclaimed(judged);
    // The user of an event that no rule is expected to report is looked up once a correlation fires, or a comparison finds something.
    const isLookedUp = found === null || isExpected(candidate, work, run.ports);
    const [findings, started] = await Promise.all([
      isLookedUp ? found : lookUpUser(matched, run),
      early ?? claimWork(work, judged.decision.detections, run),
    ]);
    const { mismatchDistanceKm } = run.ports;
    // What was looked up before left out the locations of that user.
    const locations = findings?.locations ?? null;
    const compared = comparedOf(comparisons, candidate);
    const located = isLookedUp ? {} : locate(candidate.event, locations, mismatchDistanceKm, compared);
    const decision = { ...judged.decision, ...located };
    const subject = { ...subjectOf(work), ruleIds: idsOf(decision.detections) };
    const claimed = { ...matched, findings, decision, started, subject };
    const { result, event } = await alertOn(claimed, run);
    const handled = await record(result, event, run);
    return run.ports.countDay === null ? handled : { ...handled, counts: tally(result, event, run) };
  } catch (error) {
    return { kind: "failed", left: [failedWork(matched, error, run)] };
  }
}

/** Alerts on an event that no storm reports. */
async function alertSingly(event: ClaimedEvent, alertable: Alertable, run: Run): Promise<Result> {
  const grouped = await groupSession(event, alertable, run);
  if (grouped.kind !== "alert") return grouped;
  const gathered = mayBeOut(event) ? null : await gatherSignIn(event, alertable, grouped, run);
  return gathered ?? (await publishAlert(event, alertable, grouped, run));
}

/** The result of claimed work, and the event as far as it is decided. */
interface AlertedOn {
  readonly result: Result;
  readonly event: ClaimedEvent;
}

/** Runs the stages of claimed work, up to the first that returns a result. */
async function alertOn(claimed: ClaimedEvent, run: Run): Promise<AlertedOn> {
  let event = claimed;
  try {
    if (!isClaimed(event.started)) return { result: notClaimed(event, run), event };
    const alertable = exceptDetections(event, run);
    event = await reopenExcepted(event, alertable.kind === "excepted" ? [] : alertable.left, run);
    if (alertable.kind === "excepted") return { result: alertable, event };
    return { result: await alertOnRest(event, alertable, run), event };
  } catch (error) {
    return { result: { kind: "failed", error, window: claimed.started.window, unconfirmed: null }, event };
  }
}

/** Alerts on what no exception covers. */
async function alertOnRest(event: ClaimedEvent, alertable: Alertable, run: Run): Promise<Result> {
  if (event.started.isSourceBusy) {
    const { sourceBusy } = delayReasons;
    const work = keepMatches(event, run.ports);
    return { kind: "parked", left: waitingWork(work, sourceBusy, delays.failed, run.ports.now()) };
  }
  if (!mayBeOut(event)) {
    const joined = (await joinStorm(event, alertable, run)) ?? (await joinThreat(event, alertable, run));
    if (joined !== null) return joined;
  }
  const [result] = await Promise.all([alertSingly(event, alertable, run), addToStorm(event, run)]);
  return result;
}
