import { encodeTrail, trailItemId } from "../../lambda/adapters/tables/trails.ts";
import { asksForTravel } from "../../lambda/core/detections/enriched-fields.ts";
import { publishedTime } from "../../lambda/core/okta/log-event.ts";
import type { Rule } from "../../lambda/core/sigma/rule.ts";
import { stopOf, travellerOf } from "../../lambda/core/travel/stop.ts";
import { emptyTrail, type Trail, visit } from "../../lambda/core/travel/trail.ts";
import { comparedLoad } from "./compared-load.ts";
import type { CorrelationLoad } from "./correlation-load.ts";

/** Bytes of a trail's item beside its state: its id, its version, its end and the names of its attributes. */
const itemOverhead = trailItemId("", new Uint8Array()).length + 60;

/**
 * Reckons the reads and writes a day of the places that rules with `enrichment.travel` compare, all of these rules together: an ordinary
 * week runs through the code of the functions, and its last day, when trails are full, is scaled to a number of events.
 */
export async function travelLoad(rules: readonly Rule[], eventsADay: number): Promise<CorrelationLoad> {
  const trails = new Map<string, Trail>();
  return await comparedLoad(rules.filter(asksForTravel), eventsADay, (event) => {
    const traveller = travellerOf(event);
    const stop = stopOf(event, new Date(publishedTime(event.published)));
    if (traveller === null || stop === null) return null;
    const before = trails.get(traveller) ?? emptyTrail;
    const { trail } = visit(before, stop);
    if (trail === before) return 0;
    trails.set(traveller, trail);
    return encodeTrail(trail).length + itemOverhead;
  });
}
