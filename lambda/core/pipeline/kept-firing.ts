import * as v from "valibot";
import type { Firing } from "../correlation/correlate.ts";
import { eventNote } from "../correlation/group-state.ts";
import type { Correlation } from "../sigma/correlation.ts";
import { finiteNumber } from "../values/stored.ts";

/** A firing as a message on the retry queue keeps it: what its alert says of it, which its group may have forgotten by then. */
export const keptFiring = v.object({
  group: v.array(v.string()),
  slot: finiteNumber(),
  event: v.string(),
  at: finiteNumber(),
  by: v.string(),
  window: v.array(
    v.object({
      at: finiteNumber(),
      event: v.string(),
      rule: finiteNumber(),
      isPart: v.exactOptional(v.boolean()),
      note: v.exactOptional(eventNote),
    }),
  ),
});
export type KeptFiring = v.InferOutput<typeof keptFiring>;

/** The first and the last entries of a firing that work keeps, each. */
const keptEntries = 50;

/** What work keeps of a firing. */
export function keepFiring({ group, slot, event, at, by, window }: Firing): KeptFiring {
  const isLong = window.length > 2 * keptEntries;
  const kept = isLong ? [...window.slice(0, keptEntries), ...window.slice(-keptEntries)] : window;
  return {
    group: [...group],
    slot,
    event,
    at,
    by,
    window: kept.map(({ note, isPart = false, ...entry }) => ({
      at: entry.at,
      event: entry.event,
      rule: entry.rule,
      ...(isPart && { isPart }),
      ...(note && { note }),
    })),
  };
}

/** The firing of a correlation, as work kept it. */
export function restoreFiring(correlation: Correlation, kept: KeptFiring): Firing {
  const window = kept.window.map(({ note, ...entry }) => ({
    ...entry,
    values: [],
    holds: false,
    ...(note && { note }),
  }));
  return { ...kept, correlation, window };
}
