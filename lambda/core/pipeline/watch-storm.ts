import { createStormAlert, severityOfStorm } from "../alerts/storm-alert.ts";
import { dueReport, isUnwatched, secondsToNextLook, stormIdOf, watchPatience } from "../storms/storm.ts";
import { share, within } from "../time/budget.ts";
import { delayReasons } from "./delay-reason.ts";
import { publishReport, type Report } from "./publish-report.ts";
import type { Run } from "./stages.ts";
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
  const step = <Value>(ask: (signal: AbortSignal) => Promise<Value>) => {
    const signal = share(budget.work, budget.steps.suppress);
    return within(signal, ask(signal));
  };
  const storm = await step((signal) => ports.sources.read(due.source, signal));
  const now = ports.now();
  if (storm === null || storm.since !== due.since || storm.ended) return;
  // Another message watches it.
  if (storm.watcher !== null && storm.watcher !== due.watcher && !isUnwatched(storm, now)) return;
  const report = dueReport(storm, now);
  if (report !== null) {
    const id = stormIdOf(due.source, due.since);
    const written: Report = {
      id,
      step: report.step,
      write: (source, incident) => createStormAlert(source, { id, storm, report, incident }),
      severityOf: (source) => severityOfStorm(source, storm, report.kind),
    };
    await publishReport(work, written, run);
  }
  if (report?.kind === "end" && (await step((signal) => ports.sources.end(due.source, storm, signal)))) return;
  const watch = {
    id: due.watcher,
    by: now.getTime() + watchPatience,
    ...(report !== null && { reported: storm.attempts }),
  };
  if (!(await step((signal) => ports.sources.watch(due.source, due.since, watch, now, signal)))) return;
  const waiting = { reason: delayReasons.stormWatched, since: now };
  const parked = { work: { ...work, waiting }, delaySeconds: secondsToNextLook(storm, now) };
  await within(budget.parking, ports.parkWork([parked], budget.parking));
}
