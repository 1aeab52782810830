import { expect, test } from "vitest";
import { drawWorldMap } from "../../pages/world-map.ts";

const lisbon = { latitude: 38.7167, longitude: -9.1333 };
const toronto = { latitude: 43.6567, longitude: -79.34 };

const journeysOf = (svg: string) => [...svg.matchAll(/<path class="journey [^"]*" d="([^"]*)"/g)].map(([, d]) => d);

test("an exit and its profile location are joined by a great circle, which is longer on the map than a straight line", () => {
  const svg = drawWorldMap({
    title: "Exits",
    homes: [{ ...lisbon, title: "Lisbon" }],
    exits: [{ ...toronto, title: "Toronto", severity: "high", home: lisbon }],
  }).toString();
  const [line = ""] = journeysOf(svg);
  const points = [...line.matchAll(/[ML](-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)] as const);
  expect(points.length).toBeGreaterThan(4);
  const northernmost = Math.min(...points.map(([, y]) => y));
  // North of both ends, as flights are.
  expect(northernmost).toBeLessThan(Math.min(points.at(0)?.[1] ?? 0, points.at(-1)?.[1] ?? 0) - 2);
});

test("a line over the antimeridian leaves the map at one side and comes in at the other", () => {
  const svg = drawWorldMap({
    title: "Exits",
    homes: [],
    exits: [
      {
        latitude: 35.7,
        longitude: 139.7,
        title: "Tokyo",
        severity: "low",
        home: { latitude: 37.8, longitude: -122.4 },
      },
    ],
  }).toString();
  expect(journeysOf(svg)[0]?.match(/M/g)).toHaveLength(2);
});

test("what stands at one place is one mark with the severest colour, whose area grows with the number", () => {
  const svg = drawWorldMap({
    title: "Exits",
    homes: [],
    exits: [
      { ...toronto, title: "a low one", severity: "low", count: 3 },
      { ...toronto, title: "a critical one", severity: "critical" },
    ],
  }).toString();
  expect(svg.match(/<g class="exit mark [^>]*>/g)).toEqual([
    '<g class="exit mark severity-critical" tabindex="0" role="img" aria-label="a critical one, and 1 more">',
  ]);
  expect(svg).toContain('<circle class="dot" r="10.0"/>');
});

test("titles are text, and every mark takes the keyboard's focus", () => {
  const title = "<script>alert(1)</script>";
  const svg = drawWorldMap({
    title,
    homes: [{ ...lisbon, title }],
    exits: [
      { ...toronto, title, severity: "high", href: '#"onclick="alert(1)' },
      { latitude: 0, longitude: 0, title, severity: "low" },
    ],
  }).toString();
  expect(svg).not.toContain("<script");
  expect(svg).toContain('href="#&quot;onclick=&quot;alert(1)"');
  expect(svg.match(/class="[^"]*mark[^"]*" (?:tabindex="0"|href=)/g)).toHaveLength(3);
});
