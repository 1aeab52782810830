import { type LogEvent, publishedTime } from "../../lambda/core/okta/log-event.ts";
import { type Stop, stopOf, travellerOf } from "../../lambda/core/travel/stop.ts";
import { emptyTrail, type Trail, trailDays, visit } from "../../lambda/core/travel/trail.ts";
import { type ChosenTravel, travelOf } from "../../lambda/core/travel/travel.ts";

/** Compares the places of persons over events in order of time. */
export interface TravelFollower {
  /** Takes an event of which a rule asks for the travel. Null where there is no other place to compare with. */
  readonly take: (event: LogEvent) => ChosenTravel | null;
}

/** Events between two looks for trails that are over. */
const sweepAfter = 10_000;

/** Follows persons with the code of the functions, their trails in memory: those of the last {@link trailDays} days. */
export function createTravelFollower(): TravelFollower {
  const trails = new Map<string, Trail>();
  let taken = 0;
  const forget = (now: number) => {
    for (const [key, { stops }] of trails) {
      if (stops.every(({ at }) => at < now - trailDays * 86_400_000)) trails.delete(key);
    }
  };
  const follow = (traveller: string, stop: Stop): ChosenTravel | null => {
    const { trail, others } = visit(trails.get(traveller) ?? emptyTrail, stop);
    trails.set(traveller, trail);
    return others === null ? null : travelOf(stop, others);
  };
  return {
    take(event) {
      const at = publishedTime(event.published);
      if (Number.isNaN(at)) return null;
      taken += 1;
      if (taken % sweepAfter === 0) forget(at);
      const [traveller, stop] = [travellerOf(event), stopOf(event, new Date(at))];
      return traveller === null || stop === null ? null : follow(traveller, stop);
    },
  };
}
