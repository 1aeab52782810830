import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Stop } from "../../../lambda/core/travel/stop.ts";
import { emptyTrail, maximumStops, type Trail, visit } from "../../../lambda/core/travel/trail.ts";
import { newsOf, travelBetween, travelOf } from "../../../lambda/core/travel/travel.ts";
import { places, start, stopAt } from "./stops.ts";

/** The impossible ways that stops find, each as the events of its two ends, in this order of arrival. */
function findWays(arriving: readonly Stop[]) {
  let trail: Trail = emptyTrail;
  const found: string[] = [];
  for (const stop of arriving) {
    const visited = visit(trail, stop);
    trail = visited.trail;
    for (const other of visited.others ?? []) {
      const { from, to, impossible } = travelBetween(stop, other);
      if (impossible) found.push(`${from.event} ${to.event}`);
    }
  }
  return { trail, found: [...new Set(found)].sort() };
}

/** Every pair, compared straightforwardly. */
function waysOf(stops: readonly Stop[]): string[] {
  const inOrder = stops.toSorted((one, other) => one.at - other.at || (one.event < other.event ? -1 : 1));
  return inOrder
    .flatMap((to, index) => inOrder.slice(0, index).map((from) => travelBetween(from, to)))
    .flatMap(({ from, to, impossible }) => (impossible ? [`${from.event} ${to.event}`] : []))
    .sort();
}

const name = fc.constantFrom(...(Object.keys(places) as (keyof typeof places)[]));
const stop = fc
  .tuple(name, fc.integer({ min: 0, max: 2_000 }), fc.constantFrom(null, 64_500, 64_501), fc.uuid())
  .map(([place, minutes, asNumber, event]) => stopAt(place, minutes, { asNumber, event }));
/** Stops, each once or more, in any order. */
const disordered = fc.uniqueArray(stop, { maxLength: maximumStops, selector: ({ event }) => event }).chain((stops) =>
  fc
    .tuple(fc.shuffledSubarray(stops, { minLength: stops.length }), fc.array(fc.nat({ max: 100 }), { maxLength: 10 }))
    .map(([shuffled, repeated]) => ({
      stops,
      arriving: repeated.reduce<readonly Stop[]>((all, place) => {
        const again = shuffled[place % Math.max(1, shuffled.length)];
        return again === undefined ? all : all.toSpliced(place % (all.length + 1), 0, again);
      }, shuffled),
    })),
);

/** What an impossible way between stops tells, by each stop that tells something new. */
function findNews(arriving: readonly Stop[]) {
  const news = new Set<string>();
  const tellers = new Set<string>();
  let trail: Trail = emptyTrail;
  for (const stop of arriving) {
    const visited = visit(trail, stop);
    trail = visited.trail;
    const travel = travelOf(stop, visited.others ?? []);
    if (travel?.firstToday !== true) continue;
    // A stop that arrives again says what it said.
    expect(tellers.has(stop.event) || !news.has(newsOf(travel))).toBe(true);
    tellers.add(stop.event);
    for (const other of visited.others ?? []) {
      const way = travelBetween(stop, other);
      if (way.impossible) news.add(newsOf(way));
    }
  }
  return [...news].sort();
}

describe("a trail", () => {
  test("tells each pair of places once a day, by the stop at whose arrival it is found, in any order", () => {
    fc.assert(
      fc.property(disordered, ({ stops, arriving }) => {
        const inOrder = stops.toSorted((one, other) => one.at - other.at);
        expect(findNews(arriving)).toEqual(findNews(inOrder));
      }),
      { numRuns: 500 },
    );
  });

  test("finds the same impossible ways in any order of arrival, and of stops that arrive again", () => {
    fc.assert(
      fc.property(disordered, ({ stops, arriving }) => {
        expect(findWays(arriving).found).toEqual(waysOf(stops));
      }),
      { numRuns: 500 },
    );
  });

  test("gives a stop that arrives again what it gave it first, whatever has arrived since", () => {
    const [home, away, back] = [stopAt("lisbon", 0), stopAt("toronto", 20), stopAt("lisbon", 30)];
    const { trail } = findWays([home, back, away]);
    expect(visit(trail, away).others).toEqual([home, back]);
    expect(visit(trail, back).others).toEqual([home]);
    expect(visit(trail, home)).toEqual({ trail, others: [] });
  });

  test("keeps the latest stops, and compares none that is older than one that it has forgotten", () => {
    const stops = Array.from({ length: maximumStops + 5 }, (_, index) => stopAt("lisbon", index));
    const { trail } = findWays(stops);
    expect(trail.stops).toEqual(stops.slice(5));
    expect(trail.forgottenUntil).toBe(start + 4 * 60_000);
    expect(visit(trail, stopAt("toronto", 4))).toEqual({ trail, others: null });
    expect(visit(trail, stopAt("toronto", 4.5))).toEqual({ trail, others: null });
    expect(visit(trail, stopAt("toronto", 5.5)).others).toHaveLength(maximumStops - 1);
  });

  test("forgets stops that are a week older than the latest", () => {
    const week = 7 * 24 * 60;
    const { trail } = findWays([stopAt("lisbon", 0), stopAt("lisbon", 1), stopAt("lisbon", week + 1)]);
    expect(trail.stops.map(({ at }) => at)).toEqual([start + 60_000, start + (week + 1) * 60_000]);
    expect(visit(trail, stopAt("toronto", 0)).others).toBeNull();
  });
});
