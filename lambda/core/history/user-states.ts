import type { UserState } from "./history.ts";
import type { StateChange } from "./remember.ts";
import type { SuppressionWindow } from "./suppression-window.ts";
import type { UserKey } from "./user-key.ts";

/** The store of what is remembered of users. Every method rejects when it cannot be reached. */
export interface UserStates {
  read(user: UserKey, signal: AbortSignal): Promise<UserState>;
  /**
   * Puts a window in the place of the one that was seen under its fingerprint; false when that is another by now.
   *
   * @param seen "unknown" where nothing was read: then it is opened where there is none, or one that is over and left
   * nothing to report
   */
  open(
    user: UserKey,
    seen: SuppressionWindow | "unknown" | null,
    window: SuppressionWindow,
    signal: AbortSignal,
  ): Promise<boolean>;
  /**
   * Counts a session start that a window suppressed, and remembers it.
   *
   * @returns how many the window has suppressed with it; null when the window is another by now
   */
  suppress(user: UserKey, window: SuppressionWindow, change: StateChange, signal: AbortSignal): Promise<number | null>;
  /**
   * Remembers a session start, and what became of its window.
   *
   * @param ended `published`, or `until` 0 where its alert was not published: then the next session start is alerted on. Null
   * where there is no window
   */
  record(user: UserKey, ended: SuppressionWindow | null, change: StateChange, signal: AbortSignal): Promise<void>;
}
