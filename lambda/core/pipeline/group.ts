import type { Session } from "../grouping/session.ts";
import type { Suppression } from "../grouping/suppress.ts";
import type { UserState } from "../history/history.ts";
import type { Suppressed, SuppressionWindow } from "../history/suppression-window.ts";
import { stormIdOf } from "../storms/storm.ts";
import { share } from "../time/budget.ts";
import { closeWindow } from "./close-window.ts";
import { namesOfFirings } from "./correlations.ts";
import { stormAround } from "./count-source.ts";
import { delayReasons } from "./delay-reason.ts";
import type { Alertable } from "./except.ts";
import { idsOf } from "./match.ts";
import { delays, keepMatches, waitingWork } from "./park.ts";
import { recallUser } from "./person.ts";
import { parkReport } from "./report-suppressed.ts";
import type { Result } from "./result.ts";
import type { ClaimedEvent, Run } from "./stages.ts";
import { matchesOf } from "./work.ts";

/** An event that is alerted on, with the window that its alert opens. */
export interface Grouped {
  readonly kind: "alert";
  /** Null for none. */
  readonly window: SuppressionWindow | null;
  /** The sessions that were suppressed before it; null when that is not known. */
  readonly suppressed: Suppressed | null;
}

const alone: Grouped = { kind: "alert", window: null, suppressed: null };

/** Suppresses a session within the window of an alert that says the same, or opens a window for its own. */
export async function groupSession(
  event: ClaimedEvent,
  { left: detections, by }: Alertable,
  run: Run,
): Promise<Grouped | Result> {
  const { session, window: early } = event.started;
  // The first session start in a storm is never suppressed by an alert from before the storm.
  const around = stormAround(event, run.ports);
  const storm = around === null ? [] : [stormIdOf(around.source.key, around.storm.since)];
  // Nor is what completes a correlation, which no earlier alert tells of.
  const names = [...idsOf(detections), ...storm, ...namesOfFirings(detections)];
  const window = session?.windowFor(names) ?? null;
  if (early !== null && early.fingerprint === window?.fingerprint) return alertIn(early);
  // It says more, or less, than was certain when its window was opened.
  const closed = closeWindow(early, event, run);
  const known = recallUser(session, event.findings);
  if (session === null || window === null || known === null) {
    await closed;
    return alone;
  }
  const [suppression] = await Promise.all([suppressSession(session, event, window, known.own, run), closed]);
  switch (suppression?.kind) {
    case "suppressed": {
      const grouped = { kind: "grouped", by, window: suppression.window, matched: matchesOf(detections) } as const;
      return (await parkReport(event, grouped, run)) ? grouped : alone;
    }
    case "waiting": {
      const { sessionInProgress } = delayReasons;
      const left = waitingWork(keepMatches(event, run.ports), sessionInProgress, delays.failed, run.ports.now());
      return { kind: "parked", left };
    }
    case "alert":
      return alertIn(suppression.opened);
    default:
      return alone;
  }
}

function alertIn(window: SuppressionWindow): Grouped {
  return { kind: "alert", window, suppressed: window.reported };
}

/** Null when the store could not be asked: then the alert goes out. */
async function suppressSession(
  session: Session,
  { subject }: ClaimedEvent,
  window: SuppressionWindow,
  state: UserState,
  { ports, budget }: Run,
): Promise<Suppression | null> {
  const signal = share(budget.work, budget.steps.suppress);
  try {
    return await ports.measure("Suppression", () => session.suppress(window, state, signal));
  } catch (error) {
    budget.work.throwIfAborted();
    ports.observe({ kind: "historyUnavailable", subject, error });
    return null;
  }
}
