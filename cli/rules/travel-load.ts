import { encodeTrail, trailItemId } from "../../lambda/adapters/tables/trails.ts";
import { compileRules } from "../../lambda/core/detections/compile-rules.ts";
import { asksForTravel } from "../../lambda/core/detections/enriched-fields.ts";
import { publishedTime } from "../../lambda/core/okta/log-event.ts";
import { findCandidate } from "../../lambda/core/pipeline/match.ts";
import type { Rule } from "../../lambda/core/sigma/rule.ts";
import { stopOf, travellerOf } from "../../lambda/core/travel/stop.ts";
import { emptyTrail, type Trail, visit } from "../../lambda/core/travel/trail.ts";
import type { CorrelationLoad } from "./correlation-load.ts";
import { ordinaryDays } from "./ordinary-week.ts";

/** Bytes of a trail's item beside its state: its id, its version, its end and the names of its attributes. */
const itemOverhead = trailItemId("", new Uint8Array()).length + 60;

/**
 * Reckons the reads and writes a day of the places that rules with `enrichment.travel` compare, all of these rules together: an ordinary
 * week runs through the code of the functions, and its last day, when trails are full, is scaled to a number of events.
 */
export async function travelLoad(rules: readonly Rule[], eventsADay: number): Promise<CorrelationLoad> {
  const set = await compileRules(rules.filter(asksForTravel));
  const trails = new Map<string, Trail>();
  let load = { reads: 0, writes: 0 };
  let events = 0;
  if (set.rules.length === 0) return load;
  for await (const day of ordinaryDays()) {
    load = { reads: 0, writes: 0 };
    events = day.length;
    for (const event of day) {
      if (findCandidate(event, set) === null) continue;
      const traveller = travellerOf(event);
      const stop = stopOf(event, new Date(publishedTime(event.published)));
      if (traveller === null || stop === null) continue;
      // It is less than 4 KB: a strongly consistent read is a unit.
      load.reads += 1;
      const before = trails.get(traveller) ?? emptyTrail;
      const { trail } = visit(before, stop);
      if (trail === before) continue;
      trails.set(traveller, trail);
      load.writes += Math.ceil((encodeTrail(trail).length + itemOverhead) / 1_024);
    }
  }
  const scale = events === 0 ? 0 : eventsADay / events;
  return { reads: Math.round(load.reads * scale), writes: Math.round(load.writes * scale) };
}
