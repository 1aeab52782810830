import { expect, test } from "vitest";
import { memoryStates } from "../../../cli/backtest/memory.ts";
import { type DueAlert, suppress } from "../../../lambda/core/grouping/suppress.ts";
import { newWindow } from "../../../lambda/core/grouping/window.ts";
import { unknownUser } from "../../../lambda/core/history/history.ts";
import { remember } from "../../../lambda/core/history/remember.ts";
import type { SuppressionWindow } from "../../../lambda/core/history/suppression-window.ts";
import type { UserStates } from "../../../lambda/core/history/user-states.ts";

/* What becomes of a session start where others change the window of its news at the same time. */

const now = new Date("2026-11-24T09:30:03Z");
const user = "id#00u1";
const signal = () => AbortSignal.timeout(100_000);
const published: SuppressionWindow = { ...newWindow("f", "first", now, 60), published: true };

function due(window: SuppressionWindow | null): DueAlert {
  const state = { ...unknownUser, windows: new Map(window === null ? [] : [["f", window]]) };
  return { user, window: newWindow("f", "second", now, 60), state, network: null, session: null, now };
}

/** States that lose so many writes to others. */
function losing(
  losses: number,
  window: SuppressionWindow | null,
): { readonly states: UserStates; readonly tries: () => number } {
  let tries = 0;
  const isLost = () => {
    tries += 1;
    return tries <= losses;
  };
  const states: UserStates = {
    ...memoryStates(),
    read: async () => due(window).state,
    open: async () => !isLost(),
    suppress: async () => (isLost() ? null : 1),
  };
  return { states, tries: () => tries };
}

test("a session start that a window no longer counts is judged anew: it is alerted on where the window is gone", async () => {
  const { states } = losing(1, null);
  expect(await suppress(states, due(published), signal())).toMatchObject({ kind: "alert", opened: { id: "second" } });
});

test("a session start after a true positive of its person is alerted on; the next one is suppressed by that alert", async () => {
  const states = memoryStates();
  const at = (minutes: number) => new Date(now.getTime() + minutes * 60_000);
  const verdict = { verdict: "true-positive", note: "stolen", by: "ana", at: at(5).toISOString() } as const;
  const start = async (id: string, minutes: number) => {
    const read = await states.read(user, signal());
    const state = { ...read, verdicts: new Map(minutes < 5 ? [] : [["another", verdict]]) };
    const window = newWindow("f", id, at(minutes), 60);
    const outcome = await suppress(
      states,
      { user, window, state, network: null, session: null, now: at(minutes) },
      signal(),
    );
    if (outcome.kind === "alert") {
      const change = remember(state, null, null, at(minutes));
      await states.record(user, { ...outcome.opened, published: true }, change, signal());
    }
    return outcome.kind;
  };
  expect([await start("a", 0), await start("b", 4), await start("c", 6), await start("d", 7)]).toEqual([
    "alert",
    "suppressed",
    "alert",
    "suppressed",
  ]);
});

test.each([
  ["suppressed", published],
  ["alert", null],
] as const)(
  "five lost writes to others leave it: %s; after the sixth, the alert goes out without a window",
  async (kind, window) => {
    expect(await suppress(losing(5, window).states, due(window), signal())).toMatchObject({ kind });
    const { states, tries } = losing(6, window);
    await expect(suppress(states, due(window), signal())).rejects.toThrow("6 times");
    expect(tries()).toBe(6);
  },
);
