import type { Alert } from "../alerts/alert-schema.ts";
import { type DayCounts, nameOf, nothingCounted, sumCounts } from "../digest/day-counts.ts";
import { hasOtherSession } from "../history/history.ts";
import { anonymousNetwork } from "../okta/anonymous-network.ts";
import { sessionStart } from "../okta/log-event.ts";
import { succeeded } from "../okta/outcome.ts";
import { personOf } from "../okta/person.ts";
import { share, within } from "../time/budget.ts";
import type { Subject } from "./observation.ts";
import { recallUser, withEarlier } from "./person.ts";
import type { Handled, Result } from "./result.ts";
import type { ClaimedEvent, Run } from "./stages.ts";

/*
 * What the digest counts of the events that the pipeline handles. Each is counted when its work is done, so once where nothing is
 * interrupted: a function that is stopped between its alert and its counts leaves them out.
 */

/** Counts a handled event. Test events, duplicates and work that is left are not counted. */
export function tally(result: Result, event: ClaimedEvent, { ports }: Run): DayCounts {
  const { work } = event;
  const isReported = result.kind === "published" || result.kind === "inStorm" || result.kind === "gathered";
  const isDone = isReported || result.kind === "grouped" || result.kind === "excepted";
  if (!isDone || work.event.isTest) return nothingCounted;
  const names = result.by.map(({ id }) => nameOf("exception", id));
  if (result.kind === "grouped") names.push("suppressed");
  if (result.kind === "excepted") names.push("excepted");
  if (result.kind === "inStorm" || result.kind === "gathered") names.push("inStorms");
  if (result.kind === "published" && result.alert !== null) names.push(...namesOfAlert(result.alert));
  // A follow-up is about a sign-in that is counted.
  const signIn = work.followUp ? nothingCounted : tallySignIn(event, ports.now());
  return sumCounts([count(names), signIn]);
}

function namesOfAlert({ severity, detections }: Alert): readonly string[] {
  return ["alerts", `severity#${severity}`, ...detections.map(({ id }) => nameOf("rule", id))];
}

function count(names: readonly string[], persons: readonly string[] = []): DayCounts {
  return { numbers: new Map(names.map((name) => [name, 1])), persons: new Set(persons) };
}

/** Counts a session start through an anonymous network by its kinds and operators, and its person where that is new. */
function tallySignIn(claimed: ClaimedEvent, now: Date): DayCounts {
  const { event } = claimed.work;
  if (event.eventType !== sessionStart) return nothingCounted;
  const { verdict, kinds, operators } = anonymousNetwork(event);
  if (verdict !== true) return nothingCounted;
  const names = [
    "signIns",
    ...kinds.map((kind) => `kind#${kind}`),
    ...operators.map((each) => nameOf("operator", each)),
  ];
  if (!succeeded(event.fields.outcome?.result ?? null)) return count([...names, "failed"]);
  if (!isFirst(claimed, now)) return count(names);
  const person = personOf(event);
  // The login of a person whom Okta does not know may be a password.
  const name = person?.isKnown ? (person.login ?? person.id) : null;
  return count([...names, "newPersons"], name === null ? [] : [name.toWellFormed().slice(0, 100)]);
}

/** Whether no other session of the event's person through an anonymous network is remembered; false where that is not known. */
function isFirst({ work: { event }, started: { session }, findings, beside }: ClaimedEvent, now: Date): boolean {
  const known = recallUser(session, findings);
  if (known === null || session === null) return false;
  const state = withEarlier(known.whole, beside.get(session.user.key) ?? [], event, now);
  return !hasOtherSession(state, event, now);
}

/**
 * Adds what was counted to the day, in one write, after the alerts are out. Best effort: a digest may lack what a write that fails
 * had counted.
 */
export async function countHandled(handled: readonly Handled[], subject: Subject, run: Run): Promise<void> {
  await addToDay(sumCounts(handled.flatMap((each) => each.counts ?? [])), subject, run);
}

/** Counts an alert that reports events which are counted already: about a storm, or about what was suppressed. Best effort, too. */
export async function countReport(alert: Alert, subject: Subject, run: Run): Promise<void> {
  if (!alert.test) await addToDay(count(namesOfAlert(alert)), subject, run);
}

async function addToDay(counts: DayCounts, subject: Subject, { ports, budget }: Run): Promise<void> {
  if (ports.countDay === null || counts.numbers.size === 0) return;
  const signal = share(budget.parking, budget.steps.complete);
  try {
    const day = ports.now().toISOString().slice(0, 10);
    await within(signal, ports.countDay(day, counts, signal));
  } catch (error) {
    ports.observe({ kind: "countsLost", subject, error });
  }
}
