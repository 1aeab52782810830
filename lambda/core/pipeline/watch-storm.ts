import { createStormAlert } from "../alerts/storm-alert.ts";
import { incidentOf } from "../incidents/incident-id.ts";
import { looksLikeLogin } from "../okta/stranger.ts";
import {
  type DueReport,
  dueReport,
  isUnwatched,
  type Storm,
  secondsToNextLook,
  stormIdOf,
  watchPatience,
} from "../storms/storm.ts";
import { share, within } from "../time/budget.ts";
import { bestEffort } from "./close-window.ts";
import { delayReasons } from "./delay-reason.ts";
import { recordAlert } from "./incident.ts";
import { subjectOf } from "./observation.ts";
import { detectionsOf } from "./report-suppressed.ts";
import type { Run } from "./stages.ts";
import { countReport } from "./tally.ts";
import { maximumUnconfirmed, UnconfirmedPublishError } from "./unconfirmed.ts";
import type { Work } from "./work.ts";

/*
 * A storm is reported by one message on the retry queue, its watcher: when it starts, when its attempts reach the next step, and when
 * it ends. The watcher is parked again after each look. A claim for each report decides between two watchers, and between a watcher and
 * its repetition.
 */

/**
 * Reports what is due about a storm, and parks its watcher again until the storm ends.
 *
 * @throws when it has to be tried once more
 */
export async function watchStorm(work: Work, due: NonNullable<Work["storm"]>, run: Run): Promise<void> {
  const { ports, budget } = run;
  const step = () => share(budget.work, budget.steps.suppress);
  const reading = step();
  const storm = await within(reading, ports.sources.read(due.source, reading));
  const now = ports.now();
  if (storm === null || storm.since !== due.since || storm.ended) return;
  // Another message watches it.
  if (storm.watcher !== null && storm.watcher !== due.watcher && !isUnwatched(storm, now)) return;
  const report = dueReport(storm, now);
  if (report !== null) await publishOnce(work, due, storm, report, run);
  if (report?.kind === "end") {
    const ending = step();
    if (await within(ending, ports.sources.end(due.source, storm, ending))) return;
  }
  const watching = step();
  const watch = {
    id: due.watcher,
    by: now.getTime() + watchPatience,
    ...(report !== null && { reported: storm.attempts }),
  };
  if (!(await within(watching, ports.sources.watch(due.source, due.since, watch, now, watching)))) return;
  const waiting = { reason: delayReasons.stormWatched, since: now };
  const parked = { work: { ...work, waiting }, delaySeconds: secondsToNextLook(storm, now) };
  await within(budget.parking, ports.parkWork([parked], budget.parking));
}

/** Publishes a report, once: its claim says whether it is published. */
async function publishOnce(
  work: Work,
  { source, since }: NonNullable<Work["storm"]>,
  storm: Storm,
  report: DueReport,
  run: Run,
): Promise<void> {
  const { ports, budget } = run;
  const id = stormIdOf(source, since);
  const key = `storm ${id} ${report.step}`;
  const claiming = share(budget.work, budget.steps.claim);
  const claim = await within(claiming, ports.claims.claim(key, { lease: budget.lease }, claiming));
  if (claim.kind === "done") return;
  if (claim.kind === "inProgress") throw new Error("another request publishes the report");
  const bookkeeping = () => share(budget.parking, budget.steps.complete);
  const complete = (outcome: "alerted" | "deadLettered") =>
    bestEffort(ports.claims.complete(key, { outcome, undecided: [], exceptions: [] }, bookkeeping()));
  const { unconfirmed } = claim;
  if (unconfirmed >= maximumUnconfirmed) return await complete("deadLettered");
  const reading = share(budget.work, budget.steps.lookUp);
  const reported = ports.incidents.read(incidentOf({ storm: id }), reading);
  const incident = await within(reading, reported).catch(() => undefined);
  try {
    const alert = createStormAlert(
      {
        event: work.event,
        delivery: work.delivery,
        detections: detectionsOf(work, ports.rules.rules),
        thresholdKm: ports.mismatchDistanceKm,
        detectedAt: ports.now(),
        eventCut: work.eventCut ?? null,
        isLogin: (login) => looksLikeLogin(login, ports.loginDomains),
      },
      { id, storm, report, incident },
    );
    await within(budget.work, ports.publish(alert, budget.work));
    ports.observe({ kind: "stormReported", subject: subjectOf(work), alert });
    await Promise.all([
      bestEffort(recordAlert(alert, work.event, null, ports, bookkeeping())),
      countReport(alert, subjectOf(work), run),
    ]);
  } catch (error) {
    const mayBePublished = error instanceof UnconfirmedPublishError || budget.work.aborted;
    await bestEffort(ports.claims.release(key, unconfirmed + (mayBePublished ? 1 : 0), bookkeeping()));
    throw error;
  }
  await complete("alerted");
}
