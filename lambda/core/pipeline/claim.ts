import { createSession } from "../grouping/session.ts";
import { incidentOf } from "../incidents/incident-id.ts";
import { share, within } from "../time/budget.ts";
import type { Claim } from "./claims.ts";
import { findCorrelation, firedOf, type WithCorrelations } from "./correlations.ts";
import { countSource } from "./count-source.ts";
import { delayReasons } from "./delay-reason.ts";
import { idsOf, type OfRule } from "./match.ts";
import { type Subject, subjectOf } from "./observation.ts";
import { delays, forgottenFollowUp, keepMatches, waitingWork } from "./park.ts";
import { userOf } from "./person.ts";
import type { Result } from "./result.ts";
import type { ClaimedEvent, CorrelatedEvents, Run, Started } from "./stages.ts";
import type { Work } from "./work.ts";

/** Claims the work; opens its window and counts it at its source beside. */
export async function claimWork(work: Work, rules: readonly OfRule[], run: Run): Promise<Started> {
  const { ports, budget } = run;
  const { event, followUp } = work;
  const ruleIds = idsOf(rules);
  const key = keyOf(work, ports);
  const user = userOf(event);
  const { userStates: states, suppressMinutes, loginDomains } = ports;
  const incident = incidentOf({ event, loginDomains });
  const session =
    user === null
      ? null
      : createSession(event, user, key, followUp, { states, suppressMinutes, incident, now: ports.now() });
  const open = async () => {
    const window = session?.windowFor(ruleIds) ?? null;
    if (session === null || window === null) return null;
    const signal = share(budget.work, budget.steps.open);
    // Where no window can be opened now, `group.ts` tries again once what is known of the user is there.
    const isOpen = await ports.measure("Suppression", () => session.open(window, signal)).catch(() => false);
    return isOpen ? window : null;
  };
  const subject = { ...subjectOf(work), ruleIds };
  const [claim, window, source] = await Promise.all([
    askForClaim(key, work, subject, run),
    open(),
    countSource(work, subject, run),
  ]);
  const isSourceBusy = source === "busy";
  return { key, claim, session, window, source: isSourceBusy ? null : source, isSourceBusy };
}

/**
 * The key of work's claim: of its event, of a later decision about some rules of it, or of correlations that fire for it once
 * it is alerted on.
 */
function keyOf({ event: { uuid }, followUp, rules }: Work, ports: WithCorrelations): string {
  if (!followUp) return uuid;
  const isOfCorrelations = rules?.every((id) => findCorrelation(id, ports) !== undefined);
  return isOfCorrelations ? `${uuid}#correlations` : `${uuid}#follow-up`;
}

/** Null when the store could not be asked: the alert may then be a duplicate, and goes out all the same. */
async function askForClaim(
  key: string,
  { again = false }: Work,
  subject: Subject,
  { ports, budget }: Run,
): Promise<Claim | null> {
  const options = { lease: budget.lease, again };
  const signal = share(budget.work, budget.steps.claim);
  try {
    return await ports.measure("Claim", () => within(signal, ports.claims.claim(key, options, signal)));
  } catch (error) {
    // When all the time is gone, nothing goes out any more, and the claim may have been made.
    budget.work.throwIfAborted();
    ports.observe({ kind: "claimsUnavailable", subject, error });
    return null;
  }
}

/**
 * The ids of the correlations that an earlier alert about the event names: a group whose correlation is decided again, as another could
 * not be, gives the same firing. It reads the event's claim where a follow-up has one.
 *
 * @throws where the store of claims does not answer
 */
export async function reportedBefore(
  { event: { uuid }, followUp }: Work,
  correlated: CorrelatedEvents,
  { ports, budget }: Run,
): Promise<ReadonlySet<string>> {
  if (!followUp || (correlated.get(uuid)?.firings ?? []).length === 0) return new Set();
  const signal = share(budget.work, budget.steps.claim);
  const claim = await within(signal, ports.claims.find(uuid, signal));
  return new Set(claim?.kind === "done" ? claim.end.correlations : []);
}

/** Whether the work is ours to do: also where the store could not be asked. */
export function isClaimed({ claim }: Started): boolean {
  return claim === null || claim.kind === "claimed";
}

/** The way out of work that is done, or that another function has claimed. */
export function notClaimed(event: ClaimedEvent, { ports }: Run): Result {
  const {
    work,
    started: { claim },
  } = event;
  if (claim?.kind === "inProgress") {
    const now = ports.now();
    const seconds =
      claim.until === null ? delays.inProgress : Math.ceil((claim.until.getTime() - now.getTime()) / 1_000) + 1;
    const delay = Math.min(Math.max(seconds, delays.failed), delays.longest);
    return { kind: "parked", left: waitingWork(keepMatches(event, ports), delayReasons.inProgress, delay, now) };
  }
  if (work.followUp || claim?.kind !== "done") return { kind: "duplicate", left: [] };
  const { undecided, correlations = [] } = claim.end;
  // An event before it came later than it, so that a correlation fires that did not when it was alerted on.
  const fired = firedOf(event.decision.detections).filter((id) => !correlations.includes(id));
  // The function that alerted may have been stopped before it parked what it could not decide.
  const left = [undecided, fired.filter((id) => !undecided.includes(id))].filter((ids) => ids.length > 0);
  return { kind: "duplicate", left: left.map((ids) => forgottenFollowUp(work, ids, ports.now())) };
}
