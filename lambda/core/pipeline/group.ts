import type { Session } from "../grouping/session.ts";
import type { Suppression } from "../grouping/suppression.ts";
import type { UserState } from "../history/history.ts";
import type { HeldBack, SuppressionWindow } from "../history/suppression-window.ts";
import { share } from "../time/budget.ts";
import { delayReasons } from "./delay-reason.ts";
import type { Alertable } from "./except.ts";
import { idsOf } from "./match.ts";
import { delays, keepMatches, waitingWork } from "./park.ts";
import { recallUser } from "./person.ts";
import type { Result } from "./result.ts";
import type { ClaimedEvent, Run } from "./stages.ts";

/** An event that is alerted on, with the window that its alert opens. */
export interface Grouped {
  readonly kind: "alert";
  /** Null for none. */
  readonly window: SuppressionWindow | null;
  /** The sessions that were suppressed before it; null when that is not known. */
  readonly heldBack: HeldBack | null;
}

/** Suppresses a session within the window of an earlier alert, or opens a window for its own. */
export async function groupSession(
  event: ClaimedEvent,
  { left: detections, by }: Alertable,
  run: Run,
): Promise<Grouped | Result> {
  const { session, window } = event.started;
  const ruleIds = idsOf(detections);
  if (window !== null) return { kind: "alert", window: { ...window, detections: ruleIds }, heldBack: window.told };
  const known = recallUser(session, event.findings);
  if (!session?.isSuppressible || known === null) return { kind: "alert", window: null, heldBack: null };
  const suppression = await suppressSession(session, event, ruleIds, known.own, run);
  switch (suppression?.kind) {
    case "held":
      return { kind: "grouped", by };
    case "waiting": {
      const { sessionInProgress } = delayReasons;
      const left = waitingWork(keepMatches(event), sessionInProgress, delays.failed, run.ports.now());
      return { kind: "parked", left };
    }
    default:
      return { kind: "alert", window: suppression?.opened ?? null, heldBack: suppression?.heldBack ?? null };
  }
}

/** Null when the store could not be asked: then the alert goes out. */
async function suppressSession(
  session: Session,
  { subject }: ClaimedEvent,
  ruleIds: readonly string[],
  state: UserState,
  { ports, budget }: Run,
): Promise<Suppression | null> {
  const signal = share(budget.work, budget.steps.suppress);
  try {
    return await ports.measure("Suppression", () => session.suppress(ruleIds, state, signal));
  } catch (error) {
    budget.work.throwIfAborted();
    ports.observe({ kind: "historyUnavailable", subject, error });
    return null;
  }
}
