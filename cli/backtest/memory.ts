import { type UserState, unknownUser } from "../../lambda/core/history/history.ts";
import { applyChange, type StateChange } from "../../lambda/core/history/remember.ts";
import type { SuppressionWindow } from "../../lambda/core/history/suppression-window.ts";
import type { UserKey } from "../../lambda/core/history/user-key.ts";
import type { UserStates } from "../../lambda/core/history/user-states.ts";
import type { ClaimResult, Claims } from "../../lambda/core/pipeline/claims.ts";

/*
 * The pipeline's stores of the state table, in memory. The interfaces document each method; here every call completes
 * at once, for one pipeline that handles one event after the other.
 */

/** The time for which results are kept, as in the state table. */
const rememberMilliseconds = 7 * 86_400_000;

/** Claims in memory. Results expire after seven days by this clock. */
export function memoryClaims(now: () => Date): Claims {
  const ends = new Map<string, { readonly end: ClaimResult; readonly until: number }>();
  const forget = () => {
    for (const [key, { until }] of ends) {
      if (until > now().getTime()) return;
      ends.delete(key);
    }
  };
  const find = async (key: string) => {
    const found = ends.get(key);
    return found === undefined ? null : ({ kind: "done", end: found.end } as const);
  };
  return {
    async claim(key) {
      forget();
      return (await find(key)) ?? { kind: "claimed", unconfirmed: 0 };
    },
    async complete(key, end) {
      ends.set(key, { end, until: now().getTime() + rememberMilliseconds });
    },
    async release() {},
    find,
  };
}

/** Users' states, in memory. */
export interface MemoryStates extends UserStates {
  /** The current state under this key. */
  readonly get: (user: UserKey) => UserState;
}

/** Users' states, in memory. */
export function memoryStates(): MemoryStates {
  const users = new Map<UserKey, UserState>();
  const get = (user: UserKey) => users.get(user) ?? unknownUser;
  const setWindow = (user: UserKey, network: string, window: SuppressionWindow) => {
    const state = get(user);
    users.set(user, { ...state, windows: new Map(state.windows).set(network, window) });
  };
  const change = (user: UserKey, made: StateChange) => users.set(user, applyChange(get(user), made));
  return {
    get,
    read: async (user) => get(user),
    async open(user, network, seen, window) {
      const before = get(user).windows.get(network) ?? null;
      const isFree = seen === "unknown" ? isOver(before, window.openedAt) : isSame(before, seen);
      if (isFree) setWindow(user, network, window);
      return isFree;
    },
    async hold(user, network, window, made) {
      const before = get(user).windows.get(network);
      if (before?.id !== window.id) return false;
      setWindow(user, network, { ...before, heldBack: before.heldBack + 1 });
      change(user, made);
      return true;
    },
    async record(user, network, ended, made) {
      const before = network === null ? undefined : get(user).windows.get(network);
      if (network !== null && ended !== null && before?.id === ended.id) {
        const { published, until, detections } = ended;
        setWindow(user, network, { ...before, published, until, detections });
      }
      change(user, made);
    },
  };
}

/** Whether there is no window, or one that ended by this time (milliseconds since 1970) and left nothing to report. */
function isOver(window: SuppressionWindow | null, at: number): boolean {
  if (window === null) return true;
  const isReported = window.heldBack === 0 && (window.published || window.told.count === 0);
  return isReported && window.until <= at;
}

function isSame(window: SuppressionWindow | null, seen: SuppressionWindow | null): boolean {
  return window?.id === seen?.id && window?.heldBack === seen?.heldBack && window?.published === seen?.published;
}
