import { distanceKm } from "../geo/distance.ts";
import type { Stop } from "./stop.ts";

/** A person's way between two stops. */
export interface Travel {
  /** The earlier stop. */
  readonly from: Stop;
  readonly to: Stop;
  /** Great-circle distance in kilometers, rounded to a tenth. */
  readonly distanceKm: number;
  /** Minutes between the stops, rounded to a tenth. */
  readonly minutes: number;
  /** Kilometers an hour, rounded; of two stops within a minute, as if a minute lay between them. */
  readonly speedKmh: number;
  /** Whether both stops are of one autonomous system, or of one operator of anonymous services. */
  readonly sameNetwork: boolean;
  /** Whether no airliner could have done it: see {@link travelBetween}. */
  readonly impossible: boolean;
}

/** The travel of a stop, as {@link travelOf} chooses it. */
export interface ChosenTravel extends Travel {
  /**
   * Whether it is impossible, and the first found of its day (UTC, of its later stop) between these two places and networks: who stays
   * there, returns, or goes through the same VPN again on that day tells nothing new.
   */
  readonly firstToday: boolean;
}

/**
 * Faster than a journey by air: airliners cruise at 770 to 900 km/h (http://www.askthepilots.com/how-fast-do-planes-fly/), and a journey
 * takes more than its flight.
 */
export const airlinerKmh = 1_000;

/** The least distance of two places in kilometers, as for profile locations: below it geolocation tells no journey. */
export const minimumTravelKm = 500;

/**
 * By how many kilometers a place may be wrong. Databases of addresses err by a median of 179 to 207 km in mobile networks, and of 3
 * to 16 km in fixed ones (https://arxiv.org/html/2605.21937). Where Okta names a state and no city, the place is the state's
 * middle: half of the way across a large one is allowed beside.
 */
const errorKm = { city: 200, state: 500 } as const;

/**
 * The way between two stops. It is impossible where the stops are at least {@link minimumTravelKm} apart, and the way, less the errors
 * that both places may have, is faster than {@link airlinerKmh}. A network of one's own carries a person's requests to exits in
 * several cities: between two stops of one autonomous system or one operator nothing is impossible.
 */
export function travelBetween(one: Stop, other: Stop): Travel {
  const [from, to] = isBefore(one, other) ? [one, other] : [other, one];
  const distance = distanceKm(from, to);
  const minutes = (to.at - from.at) / 60_000;
  const hours = Math.max(minutes, 1) / 60;
  const least = Math.max(0, distance - errorOf(from) - errorOf(to));
  const sameNetwork =
    (from.asNumber !== null && from.asNumber === to.asNumber) ||
    from.operators.some((operator) => to.operators.includes(operator));
  return {
    from,
    to,
    distanceKm: Math.round(distance * 10) / 10,
    minutes: Math.round(minutes * 10) / 10,
    speedKmh: Math.round(distance / hours),
    sameNetwork,
    impossible: !sameNetwork && distance >= minimumTravelKm && least / hours > airlinerKmh,
  };
}

const errorOf = ({ city }: Stop) => (city === null ? errorKm.state : errorKm.city);

/** Within a millisecond, the uuid decides, so that every order of arrival gives the same. */
const isBefore = (one: Stop, other: Stop) => (one.at === other.at ? one.event < other.event : one.at < other.at);

/**
 * The travel of a stop: the fastest impossible way between it and another, one that is the first of its day before all others; where
 * there is none, the way from the last stop before it, else to the first after it. Null where there is no other.
 *
 * @param others the stops that arrived before it
 */
export function travelOf(stop: Stop, others: readonly Stop[]): ChosenTravel | null {
  const ways = others.map((other) => travelBetween(stop, other));
  const impossible = ways.filter((way) => way.impossible);
  if (impossible.length > 0) {
    const found = new Set(waysAmong(others).map(newsOf));
    const first = impossible.filter((way) => !found.has(newsOf(way)));
    const fastest = best(
      first.length > 0 ? first : impossible,
      (one, other) => one.speedKmh - other.speedKmh || one.to.at - other.to.at,
    );
    return fastest && { ...fastest, firstToday: first.length > 0 };
  }
  const before = best(
    ways.filter(({ to }) => to === stop),
    (one, other) => one.from.at - other.from.at,
  );
  const way = before ?? best(ways, (one, other) => other.to.at - one.to.at);
  return way && { ...way, firstToday: false };
}

/** The impossible ways among stops. */
function waysAmong(stops: readonly Stop[]): readonly Travel[] {
  return stops.flatMap((stop, index) =>
    stops
      .slice(0, index)
      .map((other) => travelBetween(stop, other))
      .filter(({ impossible }) => impossible),
  );
}

/** What an impossible way tells: its two places, each with its network, and its day. The same in any order of arrival. */
export function newsOf({ from, to }: Travel): string {
  return JSON.stringify([new Date(to.at).toISOString().slice(0, 10), ...[placeOf(from), placeOf(to)].sort()]);
}

function placeOf({ city, state, country, latitude, longitude, asNumber, operators }: Stop): string {
  // An operator of VPNs has many autonomous systems.
  const network = operators.length > 0 ? operators.toSorted().join(" ") : asNumber;
  const place = city === null ? [Math.round(latitude), Math.round(longitude)] : [city];
  return JSON.stringify([country, state, ...place, network]);
}

function best(ways: readonly Travel[], compare: (one: Travel, other: Travel) => number): Travel | null {
  return ways.reduce<Travel | null>((found, way) => (found === null || compare(way, found) > 0 ? way : found), null);
}

/** The fields of `enrichment.travel`: null where there is no other stop to compare with. */
export function toTravelFields(travel: ChosenTravel | null): Readonly<Record<string, unknown>> {
  return {
    impossible: travel?.impossible ?? null,
    firstToday: travel?.firstToday ?? null,
    speedKmh: travel?.speedKmh ?? null,
    distanceKm: travel?.distanceKm ?? null,
    minutes: travel?.minutes ?? null,
    sameNetwork: travel?.sameNetwork ?? null,
    fromCity: travel?.from.city ?? null,
    fromCountry: travel?.from.country ?? null,
    toCity: travel?.to.city ?? null,
    toCountry: travel?.to.country ?? null,
  };
}
