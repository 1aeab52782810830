import { publishedTime } from "../okta/log-event.ts";
import { formatKm } from "../profiles/judge-location.ts";
import { plural } from "../text/shorten.ts";
import type { Stop } from "../travel/stop.ts";
import type { Travel } from "../travel/travel.ts";
import type { Alert } from "./alert-schema.ts";

/*
 * How an alert tells that a person would have had to be faster than an airliner.
 */

/** An impossible travel, as an alert has it. */
export type AlertTravel = NonNullable<Alert["travel"]>;

/** Null for a possible travel, and for none. */
export function toAlertTravel(travel: Travel | null): Alert["travel"] {
  if (travel === null || !travel.impossible) return null;
  const { from, to, distanceKm, minutes, speedKmh } = travel;
  return { from: toAlertStop(from), to: toAlertStop(to), distanceKm, minutes, speedKmh };
}

function toAlertStop({ event, at, city, state, country, asNumber, operators, isAnonymous }: Stop) {
  return {
    eventUuid: event,
    published: new Date(at).toISOString(),
    city,
    state,
    countryCode: country,
    asNumber,
    operators,
    anonymous: isAnonymous,
  };
}

/** Both places, with their times in UTC: `Lisbon 08:10, then Toronto 08:31: 5,723 km in 21 minutes`. */
export function describeTravel({ travel }: Pick<Alert, "travel">): string | null {
  if (travel === null) return null;
  const { from, to, distanceKm, minutes } = travel;
  const stop = (each: AlertTravel["from"]) => [nameStop(each), timeOf(each)].filter(Boolean).join(" ");
  const zone = timeOf(from) === null && timeOf(to) === null ? "" : " UTC";
  return `${stop(from)}, then ${stop(to)}${zone}: ${formatKm(distanceKm)} in ${describeMinutes(minutes)}`;
}

/** A sentence with both places, the speed, and what else may explain it. Null for no impossible travel. */
export function explainTravel({ travel }: Pick<Alert, "travel">): string | null {
  if (travel === null) return null;
  const hidden = [travel.from, travel.to].filter(({ anonymous }) => anonymous);
  const exits = hidden.map((stop) => `${nameStop(stop)} is the exit of ${describeHidden(stop)}`);
  const why = exits.length === 0 ? "" : ` ${exits.join(", and ")}: who switches it on or off at home looks the same.`;
  return `${describeTravel({ travel })}, ${roundSpeed(travel.speedKmh)}.${why}`;
}

/** Hours and minutes in UTC: `08:10`. */
function timeOf({ published }: AlertTravel["from"]): string | null {
  const time = publishedTime(published);
  return Number.isNaN(time) ? null : new Date(time).toISOString().slice(11, 16);
}

function nameStop({ city, state, countryCode }: AlertTravel["from"]): string {
  return city ?? state ?? countryCode ?? "an unknown place";
}

function describeHidden({ operators }: AlertTravel["from"]): string {
  return operators.length === 0 ? "a network that hides its users" : operators.join(", ");
}

function describeMinutes(minutes: number): string {
  if (minutes < 1) return "less than a minute";
  if (minutes < 120) return plural(Math.round(minutes), "minute");
  return plural(Math.round(minutes / 60), "hour");
}

/** Two figures: the places and the times are no more exact. */
function roundSpeed(speedKmh: number): string {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, speedKmh))) - 1);
  return formatKm(Math.round(speedKmh / unit) * unit).replace(/ km$/, " km/h");
}
