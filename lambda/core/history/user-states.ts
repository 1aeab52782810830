import type { NetworkKey, UserState } from "./history.ts";
import type { StateChange } from "./remember.ts";
import type { SuppressionWindow } from "./suppression-window.ts";
import type { UserKey } from "./user-key.ts";

/** The store of what is remembered of users. Every method rejects when it cannot be reached. */
export interface UserStates {
  readonly read: (user: UserKey, signal: AbortSignal) => Promise<UserState>;
  /**
   * Puts a window in the place of the one that was seen; false when that is another by now.
   *
   * @param seen "unknown" where nothing was read: then it is opened where there is none, or one that is over and has nothing
   * left to be told of
   */
  readonly open: (
    user: UserKey,
    network: NetworkKey,
    seen: SuppressionWindow | "unknown" | null,
    window: SuppressionWindow,
    signal: AbortSignal,
  ) => Promise<boolean>;
  /** Counts a session that a window held back, and remembers it; false when the window is another by now. */
  readonly hold: (
    user: UserKey,
    network: NetworkKey,
    window: SuppressionWindow,
    change: StateChange,
    signal: AbortSignal,
  ) => Promise<boolean>;
  /**
   * Remembers a session, and what became of its window.
   *
   * @param network that of the window; null where there is no window
   * @param ended `published`, or `until` 0 where its alert did not go out: then the next session is alerted on
   */
  readonly record: (
    user: UserKey,
    network: NetworkKey | null,
    ended: SuppressionWindow | null,
    change: StateChange,
    signal: AbortSignal,
  ) => Promise<void>;
}
