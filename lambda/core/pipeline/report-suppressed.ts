import { createAlert } from "../alerts/alert.ts";
import { fingerprintOf } from "../grouping/fingerprint.ts";
import { unknownUser } from "../history/history.ts";
import { remember } from "../history/remember.ts";
import { endOf, nothingSuppressed, type SuppressionWindow, unreported } from "../history/suppression-window.ts";
import { verdictToName } from "../history/verdict.ts";
import { incidentOf } from "../incidents/incident-id.ts";
import { looksLikeLogin } from "../okta/stranger.ts";
import { unknown } from "../profiles/judge-location.ts";
import type { CompiledRule } from "../sigma/compile.ts";
import { share, within } from "../time/budget.ts";
import { bestEffort } from "./close-window.ts";
import { delayReasons } from "./delay-reason.ts";
import { recordAlert } from "./incident.ts";
import { subjectOf } from "./observation.ts";
import { delays } from "./park.ts";
import { userOf } from "./person.ts";
import type { ParkedWork, PipelinePorts } from "./ports.ts";
import type { Result } from "./result.ts";
import type { ClaimedEvent, Run } from "./stages.ts";
import { countReport } from "./tally.ts";
import { maximumUnconfirmed, UnconfirmedPublishError, unconfirmedDelaySeconds } from "./unconfirmed.ts";
import type { Work } from "./work.ts";

/*
 * A window that suppressed session starts ends with a report, unless the next alert of its fingerprint reports them: never both. The
 * report opens a window of its own in the place of the one that ended, as an alert does, so that the store decides between the two.
 */

/** The report on a window, which is due when the window ends. */
function reportWork(
  work: Work,
  { window, matched }: Extract<Result, { readonly kind: "grouped" }>,
  now: Date,
): ParkedWork {
  const { fingerprint, id: windowId } = window;
  const report = { fingerprint, windowId };
  const waiting = { reason: delayReasons.windowOpen, since: now };
  const rules = matched.map(({ ruleId }) => ruleId);
  return { work: { ...work, rules, matched, waiting, report }, delaySeconds: secondsUntil(endOf(window), now) };
}

/** SQS delays a message by 15 minutes at most: a report on a longer window is parked again. */
function secondsUntil(until: number, now: Date): number {
  return Math.min(Math.max(Math.ceil((until - now.getTime()) / 1_000) + 1, 0), delays.longest);
}

/**
 * Parks the report on the window that an event is the first to be suppressed by. Work that is tried again parks one, too: the try before
 * may have counted it in the window, and ended before it parked the report. Of two reports, the store lets one go out.
 *
 * @returns false where the report cannot be parked: then the event is alerted on, as nothing else might tell of it
 */
export async function parkReport(
  { work, started: { claim }, subject }: ClaimedEvent,
  grouped: Extract<Result, { readonly kind: "grouped" }>,
  { ports, budget }: Run,
): Promise<boolean> {
  const isAgain = work.waiting !== null || (claim?.kind === "claimed" && claim.unconfirmed > 0);
  if (grouped.window.suppressed !== 1 && !isAgain) return true;
  const signal = share(budget.work, budget.steps.suppress);
  try {
    await within(signal, ports.parkWork([reportWork(work, grouped, ports.now())], signal));
    return true;
  } catch (error) {
    ports.observe({ kind: "reportLost", subject, error });
    return false;
  }
}

/**
 * Reports what a window suppressed, once it has ended; parks the report again while the window is open.
 *
 * @throws when it has to be tried once more
 */
export async function reportSuppressed(work: Work, due: NonNullable<Work["report"]>, run: Run): Promise<void> {
  const { ports, budget } = run;
  const user = userOf(work.event);
  if (user === null) return;
  const signal = share(budget.work, budget.steps.suppress);
  const state = await within(signal, ports.userStates.read(user.key, signal));
  const window = state.windows.get(due.fingerprint);
  const now = ports.now();
  const id = `${work.event.uuid}#report`;
  const isStarted = window?.id === id;
  // A later alert, or this report, has reported it.
  if (window === undefined || (window.id !== due.windowId && !isStarted) || (isStarted && window.published)) return;
  const end = endOf(window);
  if (!isStarted && now.getTime() < end) return await parkAgain(work, secondsUntil(end, now), run);
  const suppressed = isStarted ? window.reported : unreported(window);
  if (suppressed.count === 0) return;
  const incident = window.incident ?? incidentOf({ event: work.event, loginDomains: ports.loginDomains });
  // The key of a window in a storm names the storm as well, and a verdict is kept by what the alert says.
  const judged = fingerprintOf(
    work.event,
    (work.matched ?? []).map(({ ruleId }) => ruleId),
  );
  const verdict = verdictToName(state.verdicts, judged);
  const known = await within(signal, ports.incidents.read(incident, signal)).catch(() => undefined);
  const alert = createAlert({
    event: work.event,
    delivery: work.delivery,
    detections: detectionsOf(work, ports.rules.rules),
    judgement: unknown(notJudged),
    thresholdKm: ports.mismatchDistanceKm,
    detectedAt: now,
    followUp: true,
    eventCut: work.eventCut ?? null,
    suppressed,
    incident: { id: incident, known, verdict },
    reportsSuppressed: true,
    isLogin: (login) => looksLikeLogin(login, ports.loginDomains),
  });
  const opened: SuppressionWindow = {
    fingerprint: due.fingerprint,
    id,
    openedAt: now.getTime(),
    until: now.getTime() + budget.lease,
    published: false,
    suppressed: 0,
    incident,
    reported: suppressed,
  };
  if (!(await within(signal, ports.userStates.open(user.key, window, opened, signal)))) {
    throw new Error("what was suppressed changed meanwhile");
  }
  const close = async (ended: SuppressionWindow) => {
    const bookkeeping = share(budget.parking, budget.steps.complete);
    const change = remember(unknownUser, null, null, now);
    await within(bookkeeping, ports.userStates.record(user.key, { ...ended, until: 0 }, change, bookkeeping));
  };
  try {
    await within(budget.work, ports.publish(alert, budget.work));
  } catch (error) {
    const unconfirmed = (work.unconfirmed ?? 0) + 1;
    const mayBePublished = error instanceof UnconfirmedPublishError || budget.work.aborted;
    if (!mayBePublished || unconfirmed < maximumUnconfirmed) await close(opened);
    if (!mayBePublished) throw error;
    if (unconfirmed < maximumUnconfirmed) {
      return await parkAgain({ ...work, unconfirmed }, unconfirmedDelaySeconds(unconfirmed), run);
    }
  }
  const bookkeeping = share(budget.parking, budget.steps.complete);
  await Promise.all([
    close({ ...opened, published: true, reported: nothingSuppressed }),
    bestEffort(recordAlert(alert, work.event, user.key, ports, bookkeeping)),
    countReport(alert, subjectOf(work), run),
  ]);
  ports.observe({ kind: "suppressedReported", subject: subjectOf(work), count: suppressed.count });
}

/** Why a report has no verdict about a location. */
export const notJudged = "A report on suppressed session starts judges no location.";

async function parkAgain(work: Work, delaySeconds: number, { ports, budget }: Run): Promise<void> {
  await within(budget.parking, ports.parkWork([{ work, delaySeconds }], budget.parking));
}

/** The rules that the event matched, as far as this release has them. */
export function detectionsOf({ matched = [] }: Work, rules: PipelinePorts["rules"]["rules"]) {
  const byId = new Map<string, CompiledRule["rule"]>(rules.map(({ rule }) => [rule.id, rule]));
  return matched.flatMap(({ ruleId, matched: by }) => {
    const rule = byId.get(ruleId);
    return rule === undefined ? [] : [{ rule, matched: by }];
  });
}
