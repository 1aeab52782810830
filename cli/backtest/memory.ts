import { type UserState, unknownUser } from "../../lambda/core/history/history.ts";
import { applyChange, type StateChange } from "../../lambda/core/history/remember.ts";
import { isOver, type SuppressionWindow } from "../../lambda/core/history/suppression-window.ts";
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
  const setWindow = (user: UserKey, window: SuppressionWindow) => {
    const state = get(user);
    users.set(user, { ...state, windows: new Map(state.windows).set(window.fingerprint, window) });
  };
  /** DynamoDB refuses an update that writes a window and removes it. */
  const change = (user: UserKey, made: StateChange, written: string | null) => {
    if (written !== null && made.forgotten.windows.includes(written)) throw new Error("two document paths overlap");
    users.set(user, applyChange(get(user), made));
  };
  return {
    get,
    read: async (user) => get(user),
    async open(user, seen, window) {
      const before = get(user).windows.get(window.fingerprint) ?? null;
      const isFree =
        seen === "unknown" ? before === null || isOver(before, window.openedAt) : isSameWindow(before, seen);
      if (isFree) setWindow(user, window);
      return isFree;
    },
    async suppress(user, { fingerprint, id }, made) {
      const before = get(user).windows.get(fingerprint);
      if (before?.id !== id) return null;
      const suppressed = before.suppressed + 1;
      setWindow(user, { ...before, suppressed });
      change(user, made, fingerprint);
      return suppressed;
    },
    async record(user, ended, made) {
      const before = ended === null ? undefined : get(user).windows.get(ended.fingerprint);
      if (ended !== null && before?.id === ended.id) {
        const { published, until } = ended;
        setWindow(user, { ...before, published, until });
      }
      change(user, made, ended?.fingerprint ?? null);
    },
  };
}

function isSameWindow(window: SuppressionWindow | null, seen: SuppressionWindow | null): boolean {
  return window?.id === seen?.id && window?.suppressed === seen?.suppressed && window?.published === seen?.published;
}
