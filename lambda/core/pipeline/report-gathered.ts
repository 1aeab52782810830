import { createGatheredAlert, severityOfGathering } from "../alerts/storm-alert.ts";
import { gatheringIdOf, secondsUntilDue } from "../storms/gathering.ts";
import { share, within } from "../time/budget.ts";
import { delays } from "./park.ts";
import { publishReport, type Report } from "./publish-report.ts";
import type { Run } from "./stages.ts";
import type { Work } from "./work.ts";

/**
 * Reports the sign-ins that were gathered, once their five minutes are over.
 *
 * @throws when it has to be tried once more
 */
export async function reportGathered(work: Work, gathering: NonNullable<Work["gathering"]>, run: Run): Promise<void> {
  const { ports, budget } = run;
  const delaySeconds = Math.min(secondsUntilDue(gathering, ports.now()), delays.longest);
  if (delaySeconds > 0) {
    return await within(budget.parking, ports.parkWork([{ work, delaySeconds }], budget.parking));
  }
  const closing = share(budget.work, budget.steps.suppress);
  const gathered = await within(closing, ports.sources.close(gathering, closing));
  if (gathered === null || gathered.persons.length === 0) return;
  const id = gatheringIdOf(gathering);
  const step = String(gathering.start);
  const report: Report = {
    id,
    step,
    write: (source, incident) => createGatheredAlert(source, { id, step, start: gathering.start, gathered, incident }),
    severityOf: (source) => severityOfGathering(source, gathered),
  };
  await publishReport(work, report, run);
}
