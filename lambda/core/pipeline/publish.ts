import { createAlert } from "../alerts/alert.ts";
import { type SeveritySource, severityOf } from "../alerts/severity.ts";
import { toAlertStorm } from "../alerts/storm.ts";
import { canonicalLogin } from "../okta/person.ts";
import { looksLikeLogin } from "../okta/stranger.ts";
import { stormIdOf, withSession } from "../storms/storm.ts";
import { within } from "../time/budget.ts";
import { firedOf } from "./correlations.ts";
import { stormAround } from "./count-source.ts";
import type { Alertable } from "./except.ts";
import type { Grouped } from "./group.ts";
import { incidentSource } from "./incident.ts";
import { forSeverity, idsOf } from "./match.ts";
import { recallUser, withEarlier } from "./person.ts";
import type { PipelinePorts } from "./ports.ts";
import type { Result } from "./result.ts";
import type { ClaimedEvent, Run } from "./stages.ts";
import { maximumUnconfirmed, UnconfirmedPublishError } from "./unconfirmed.ts";
import { matchesOf } from "./work.ts";

/** Writes the alert and publishes it. Never rejects. */
export async function publishAlert(
  event: ClaimedEvent,
  { left: detections, by }: Alertable,
  { window, suppressed }: Grouped,
  { ports, budget }: Run,
): Promise<Result> {
  const sent = matchesOf(detections);
  const before = unconfirmedBefore(event);
  // An alert without an answer is published again unchanged, so that each copy has the same id, up to a limit.
  const unconfirmed = (count: number, error: unknown): Result => {
    return { kind: "failed", error, window, unconfirmed: { count, sent } };
  };
  try {
    if (ports.countAlert) {
      const severity = severityOf(severitySourceOf(event, detections, ports));
      ports.countAlert({ severity, geoVerdict: event.decision.judgement.verdict });
      return { kind: "published", alert: null, by, window };
    }
    const alert = createAlert(sourceOf(event, detections, suppressed, ports));
    budget.work.throwIfAborted();
    if (before >= maximumUnconfirmed) return unconfirmed(before, null);
    try {
      await ports.measure("Publishing", () => within(budget.work, ports.publish(alert, budget.work)));
    } catch (error) {
      if (error instanceof UnconfirmedPublishError || budget.work.aborted) return unconfirmed(before + 1, error);
      throw error;
    }
    return { kind: "published", alert, by, window };
  } catch (error) {
    return { kind: "failed", error, window, unconfirmed: null };
  }
}

/**
 * The number of earlier publishes of the alert without an answer. The message counts them when the store of claims is
 * down, the claim when the queue is down.
 */
export function unconfirmedBefore({ work, started: { claim } }: ClaimedEvent): number {
  return Math.max(work.unconfirmed ?? 0, claim?.kind === "claimed" ? claim.unconfirmed : 0);
}

/**
 * Whether the event's own alert may be out: then it is published again unchanged, and no alert about many events stands for it. A claim
 * alone does not say so: it counts a function that stopped before it published, too.
 */
export function mayBeOut({ work }: ClaimedEvent): boolean {
  return (work.unconfirmed ?? 0) > 0;
}

/** What the severity of an alert about an event alone is read of. */
export function severitySourceOf(
  claimed: ClaimedEvent,
  detections: Alertable["left"],
  ports: PipelinePorts,
): SeveritySource {
  const { work, decision, findings } = claimed;
  return {
    event: work.event,
    detections,
    // A login with a profile is a login of the org.
    isLogin: (login) =>
      looksLikeLogin(login, ports.loginDomains) || findings?.locations.has(canonicalLogin(login)) === true,
    severity: {
      adjustments: ports.severityAdjustments,
      enrichment: forSeverity(decision.enrichment, {
        isInStorm: stormAround(claimed, ports) !== null,
        hasFired: firedOf(detections).length > 0,
      }),
    },
  };
}

function sourceOf(
  claimed: ClaimedEvent,
  detections: Alertable["left"],
  suppressed: Grouped["suppressed"],
  ports: Run["ports"],
): Parameters<typeof createAlert>[0] {
  const { work } = claimed;
  const { event, delivery, followUp, waiting, eventCut = null } = work;
  const around = stormAround(claimed, ports);
  const { decision, started, findings, beside } = claimed;
  const { session } = started;
  const now = ports.now();
  const known = recallUser(session, findings);
  return {
    ...severitySourceOf(claimed, detections, ports),
    delivery,
    judgement: decision.judgement,
    travel: decision.travel,
    sessionChanged: decision.sessionChanged,
    thresholdKm: ports.mismatchDistanceKm,
    detectedAt: now,
    followUp,
    delay: waiting,
    eventCut,
    state: known && session && withEarlier(known.whole, beside.get(session.user.key) ?? [], event, now),
    suppressed,
    incident: incidentSource(event, idsOf(detections), findings, known?.whole ?? null, ports),
    storm:
      around &&
      toAlertStorm(
        stormIdOf(around.source.key, around.storm.since),
        // The session is added to the storm beside its alert.
        withSession(around.storm, around.source.event.login),
        null,
        event,
      ),
    ...(ports.writesWords === false && { withWords: false }),
  };
}
