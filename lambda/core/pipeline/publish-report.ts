import type { Alert } from "../alerts/alert-schema.ts";
import type { AlertSource } from "../alerts/alert-source.ts";
import type { Incident } from "../incidents/incident.ts";
import { incidentOf } from "../incidents/incident-id.ts";
import { looksLikeLogin } from "../okta/stranger.ts";
import type { Level } from "../sigma/rule.ts";
import { share, within } from "../time/budget.ts";
import { bestEffort } from "./close-window.ts";
import { recordAlert } from "./incident.ts";
import { subjectOf } from "./observation.ts";
import { detectionsOf } from "./report-suppressed.ts";
import type { Run } from "./stages.ts";
import { countReport } from "./tally.ts";
import { maximumUnconfirmed, UnconfirmedPublishError } from "./unconfirmed.ts";
import type { Work } from "./work.ts";

/** A report about many persons: on a storm, or on sign-ins that were gathered. */
export interface Report {
  /** The id of its storm or gathering, by which its incident goes. */
  readonly id: string;
  /** Tells it from the other reports of the same id. */
  readonly step: string;
  /**
   * Writes its alert.
   *
   * @param incident what was reported before; null for nothing, undefined where that is not known
   */
  write(source: Omit<AlertSource, "judgement" | "incident">, incident: Incident | null | undefined): Alert;
  /** The severity of that alert. */
  severityOf(source: Pick<AlertSource, "event" | "detections">): Level;
}

/**
 * Publishes a report, once: its claim says whether it is published.
 *
 * @throws when it has to be tried once more
 */
export async function publishReport(work: Work, { id, step, write, severityOf }: Report, run: Run): Promise<void> {
  const { ports, budget } = run;
  const key = `storm ${id} ${step}`;
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
  const read = ports.incidents.read(incidentOf({ storm: id }), reading);
  const incident = await within(reading, read).catch(() => undefined);
  try {
    const source = {
      event: work.event,
      delivery: work.delivery,
      detections: detectionsOf(work, ports.rules.rules),
      thresholdKm: ports.mismatchDistanceKm,
      detectedAt: ports.now(),
      eventCut: work.eventCut ?? null,
      isLogin: (login: string) => looksLikeLogin(login, ports.loginDomains),
    };
    if (ports.countAlert) {
      ports.countAlert({ severity: severityOf(source), geoVerdict: "unknown" });
      return await complete("alerted");
    }
    const alert = write(source, incident);
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
