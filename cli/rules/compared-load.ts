import { compileRules } from "../../lambda/core/detections/compile-rules.ts";
import type { LogEvent } from "../../lambda/core/okta/log-event.ts";
import { findCandidate } from "../../lambda/core/pipeline/match.ts";
import type { Rule } from "../../lambda/core/sigma/rule.ts";
import type { CorrelationLoad } from "./correlation-load.ts";
import { ordinaryDays } from "./ordinary-week.ts";

/**
 * Reckons the reads and writes a day of what rules compare events with: an ordinary week runs through the code of the functions, and its
 * last day, when stores are full, is scaled to a number of events.
 *
 * @param follow takes an event that a rule may match: the bytes of the item that it writes, 0 for a read alone, null for neither
 */
export async function comparedLoad(
  rules: readonly Rule[],
  eventsADay: number,
  follow: (event: LogEvent) => number | null,
): Promise<CorrelationLoad> {
  const set = await compileRules(rules);
  let load = { reads: 0, writes: 0 };
  let events = 0;
  if (set.rules.length === 0) return load;
  for await (const day of ordinaryDays()) {
    load = { reads: 0, writes: 0 };
    events = day.length;
    for (const event of day) {
      const bytes = findCandidate(event, set) === null ? null : follow(event);
      if (bytes === null) continue;
      // It is less than 4 KB: a strongly consistent read is a unit.
      load.reads += 1;
      load.writes += Math.ceil(bytes / 1_024);
    }
  }
  const scale = events === 0 ? 0 : eventsADay / events;
  return { reads: Math.round(load.reads * scale), writes: Math.round(load.writes * scale) };
}
