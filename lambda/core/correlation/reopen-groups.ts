import { BusyGroupError } from "./advance-groups.ts";
import { type Firing, groupKey, partKey } from "./correlate.ts";
import type { GroupState } from "./group-state.ts";
import type { ChangedPart, GroupStore, StoredGroup } from "./group-store.ts";

/** Writes of a group that are lost to others before it is left as it is. */
const maximumRounds = 4;

/**
 * Takes firings back, as no alert is about them: the next event that completes the same span of the group fires again.
 *
 * @throws where the store does not answer, and BusyGroupError: the groups then stay silent until their next span
 */
export async function reopenGroups(firings: readonly Firing[], store: GroupStore, signal: AbortSignal): Promise<void> {
  const byGroup = Map.groupBy(firings, groupKey);
  if (byGroup.size === 0) return;
  const found = await store.read(byGroup.keys(), signal);
  await Promise.all(
    [...byGroup].map(async ([key, ofGroup]) => {
      let seen = found.get(key);
      for (let round = 0; round < maximumRounds && seen !== undefined; round += 1) {
        const changed = reopened(seen, ofGroup);
        if (changed.size === 0) return;
        seen = (await store.write(key, { seen, changed }, signal)) ?? undefined;
      }
      if (seen !== undefined) throw new BusyGroupError("others changed a group meanwhile whose firing is taken back");
    }),
  );
}

/** The parts of a group that hold any of the firings, without them. */
function reopened({ parts }: StoredGroup, firings: readonly Firing[]): ReadonlyMap<string, ChangedPart> {
  const changed = new Map<string, ChangedPart>();
  for (const [correlation, ofPart] of Map.groupBy(firings, (each) => each.correlation)) {
    const part = parts.get(partKey(correlation));
    if (part === undefined) continue;
    const state = withoutFirings(part.state, ofPart);
    if (state !== part.state) changed.set(partKey(correlation), { state, milliseconds: correlation.milliseconds });
  }
  return changed;
}

/** The very same object where the state has none of them. */
function withoutFirings(state: GroupState, firings: readonly Firing[]): GroupState {
  const isOne = ({ number, fired }: GroupState["slots"][number]) =>
    firings.some(({ slot, by }) => slot === number && fired?.by === by);
  if (!state.slots.some(isOne)) return state;
  return { ...state, slots: state.slots.map((slot) => (isOne(slot) ? { ...slot, fired: null } : slot)) };
}
