import * as z from "zod/mini";
import type { Firing } from "../correlation/correlate.ts";
import { eventNote } from "../correlation/group-state.ts";
import type { Correlation } from "../sigma/correlation.ts";

/** A firing as a message on the retry queue keeps it: what its alert says of it, which its group may have forgotten by then. */
export const keptFiring = z.object({
  group: z.array(z.string()),
  slot: z.number(),
  event: z.string(),
  at: z.number(),
  by: z.string(),
  window: z.array(
    z.object({
      at: z.number(),
      event: z.string(),
      rule: z.number(),
      isPart: z.exactOptional(z.boolean()),
      note: z.exactOptional(eventNote),
    }),
  ),
});
export type KeptFiring = z.infer<typeof keptFiring>;

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
