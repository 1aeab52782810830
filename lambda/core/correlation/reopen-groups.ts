import { type Firing, groupKey } from "./correlate.ts";
import type { GroupState } from "./group-state.ts";
import type { GroupStore } from "./group-store.ts";

/** Writes of a group that are lost to others before it is left as it is. */
const maximumRounds = 4;

/**
 * Takes firings back, as no alert is about them: the next event that completes the same span of the group fires again.
 *
 * @throws where the store does not answer: the groups then stay silent until their next span
 */
export async function reopenGroups(firings: readonly Firing[], store: GroupStore, signal: AbortSignal): Promise<void> {
  const byGroup = Map.groupBy(firings, groupKey);
  if (byGroup.size === 0) return;
  const found = await store.read(byGroup.keys(), signal);
  await Promise.all(
    [...byGroup].map(async ([key, ofGroup]) => {
      let stored = found.get(key);
      for (let round = 0; round < maximumRounds && stored !== undefined; round += 1) {
        const state = withoutFirings(stored.state, ofGroup);
        if (state === stored.state) return;
        const milliseconds = ofGroup[0]?.correlation.milliseconds ?? 0;
        stored = (await store.write(key, { state, seen: stored.version, milliseconds }, signal)) ?? undefined;
      }
    }),
  );
}

/** The very same object where the state has none of them. */
function withoutFirings(state: GroupState, firings: readonly Firing[]): GroupState {
  const isOne = ({ number, fired }: GroupState["slots"][number]) =>
    firings.some(({ slot, by }) => slot === number && fired?.by === by);
  if (!state.slots.some(isOne)) return state;
  return { ...state, slots: state.slots.map((slot) => (isOne(slot) ? { ...slot, fired: null } : slot)) };
}
