import type { SuppressionWindow } from "../history/suppression-window.ts";
import { share } from "../time/budget.ts";
import type { ClaimedEvent, Run } from "./stages.ts";

/** Closes a window as if it had never been. */
export async function closeWindow(
  window: SuppressionWindow | null,
  { started: { session } }: ClaimedEvent,
  { budget }: Run,
  signal = share(budget.parking, budget.steps.complete),
): Promise<void> {
  await bestEffort(window && session?.close(window, signal));
}

/** For bookkeeping whose failure changes nothing. */
export async function bestEffort(promise: Promise<void> | null | undefined): Promise<void> {
  await promise?.catch(() => {});
}
