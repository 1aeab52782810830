import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { geoGraticule10, geoNaturalEarth1, geoPath } from "d3-geo";
import type { MultiPoint } from "geojson";
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import { bySeverity, type Level } from "../lambda/core/sigma/rule.ts";
import { type Html, html } from "./html.ts";
import { severityClass } from "./theme.ts";

/** A place in degrees. */
export interface Place {
  /** -90 to 90. */
  readonly latitude: number;
  /** -180 to 180. */
  readonly longitude: number;
}

/** A profile location: where a user is expected. */
export interface Home extends Place {
  /** What a reader sees of it: `Lisbon, PT (home of Ada Marques)`. */
  readonly title: string;
}

/** An exit of a network, from which sign-ins came. */
export interface Exit extends Place {
  /** What a reader sees of it, one sentence. */
  readonly title: string;
  /** The severity of the alert about it. */
  readonly severity: Level;
  /** How many sign-ins or alerts it stands for, at least 1: its area grows with them. @default 1 */
  readonly count?: number;
  /** The nearest profile location, joined with it by a great circle. */
  readonly home?: Place;
  /** Where it leads on the page: `#alert-…`. */
  readonly href?: string;
}

/** What a map shows. */
export interface WorldMap {
  /** The name of the drawing, which a screen reader says first. */
  readonly title: string;
  readonly exits: readonly Exit[];
  readonly homes: readonly Home[];
}

const width = 960;
const height = 440;

/** Without Antarctica, which has no cities. */
const shown: MultiPoint = {
  type: "MultiPoint",
  coordinates: [
    [-180, 0],
    [180, 0],
    [0, 82],
    [0, -56],
  ],
};
const projection = geoNaturalEarth1().fitExtent(
  [
    [4, 4],
    [width - 4, height - 4],
  ],
  shown,
);
projection.clipExtent([
  [0, 0],
  [width, height],
]);
/** A tenth of a unit: more digits are not seen, and are most of the drawing's bytes. */
const path = geoPath(projection).digits(1);

let drawnWorld: Html | undefined;

/** Land, borders and a net of degrees, drawn once; Natural Earth's map at 1:110 million, in the public domain. */
function drawWorld(): Html {
  if (drawnWorld !== undefined) return drawnWorld;
  const file = fileURLToPath(import.meta.resolve("world-atlas/countries-110m.json"));
  const world = JSON.parse(readFileSync(file, "utf8")) as Topology<{
    readonly countries: GeometryCollection;
    readonly land: GeometryCollection;
  }>;
  const borders = mesh(world, world.objects.countries, (a, b) => a !== b);
  drawnWorld = html`<path class="net" d="${path(geoGraticule10())}"/><path class="land" d="${path(
    feature(world, world.objects.land),
  )}"/><path class="borders" d="${path(borders)}"/>`;
  return drawnWorld;
}

/**
 * Draws the map as SVG: exits and profile locations, joined by great circles. Every exit and every profile location takes the
 * keyboard's focus, and shows its title with it and under the pointer. What stands at the same place is one mark.
 */
export function drawWorldMap({ title, exits, homes }: WorldMap): Html {
  const marks = [
    ...atOnePlace(homes).map(([home, ...others]) => drawHome(home, others.length)),
    ...atOnePlace(exits)
      // The largest first, so that none hides a smaller one.
      .map((group) => ({ group, count: group.reduce((sum, { count = 1 }) => sum + count, 0) }))
      .sort((a, b) => b.count - a.count)
      .map(({ group, count }) => drawExit(group, count)),
  ];
  return html`<svg class="map" viewBox="0 0 ${width} ${height}" role="group" aria-label="${title}">
${drawWorld()}
${exits.map(drawJourney)}
${marks}
</svg>`;
}

function drawJourney({ longitude, latitude, home, severity }: Exit): Html | null {
  if (home === undefined) return null;
  const line = path({
    type: "LineString",
    coordinates: [
      [home.longitude, home.latitude],
      [longitude, latitude],
    ],
  });
  return line === null ? null : html`<path class="journey ${severityClass(severity)}" d="${line}"/>`;
}

function drawHome(home: Home, others: number): Html {
  const [x, y] = positionOf(home);
  const title = `${home.title}${others === 0 ? "" : `, and ${others} more`}`;
  return html`<g class="home mark" tabindex="0" role="img" aria-label="${title}" transform="translate(${x} ${y})">
<circle class="reach" r="14"/><path d="M0-6 6 0 0 6-6 0Z"/>${drawTip(title, x, y)}</g>`;
}

function drawExit([first, ...others]: readonly [Exit, ...Exit[]], count: number): Html {
  const [x, y] = positionOf(first);
  const severest = others.reduce(
    (worst, each) => (bySeverity(each.severity, worst.severity) < 0 ? each : worst),
    first,
  );
  const title = `${severest.title}${others.length === 0 ? "" : `, and ${others.length} more`}`;
  const radius = Math.min(5 * Math.sqrt(count), 26).toFixed(1);
  const mark = html`<circle class="reach" r="${Math.max(14, Number(radius))}"/><circle class="dot" r="${radius}"/>`;
  const tip = drawTip(title, x, y);
  const inside = html`<g transform="translate(${x} ${y})">${mark}${tip}</g>`;
  const classes = `exit mark ${severityClass(severest.severity)}`;
  return severest.href === undefined
    ? html`<g class="${classes}" tabindex="0" role="img" aria-label="${title}">${inside}</g>`
    : html`<a class="${classes}" href="${severest.href}" aria-label="${title}">${inside}</a>`;
}

/** The title beside a mark, on the side that has room. */
function drawTip(title: string, x: number, y: number): Html {
  const [anchor, side] = x > width * 0.6 ? ["end", -12] : x < width * 0.4 ? ["start", 12] : ["middle", 0];
  const rise = side === 0 || y > height - 30 ? -16 : 4;
  const text = title.length > 90 ? `${title.slice(0, 89).toWellFormed()}…` : title;
  return html`<text class="tip" text-anchor="${anchor}" x="${side}" y="${y < 40 && rise < 0 ? 26 : rise}">${text}</text>`;
}

function positionOf({ longitude, latitude }: Place): readonly [x: number, y: number] {
  const [x, y] = projection([longitude, latitude]) ?? [0, 0];
  return [Math.round(x * 10) / 10, Math.round(y * 10) / 10];
}

/** Groups of the same place, within a tenth of a degree. */
function atOnePlace<At extends Place>(places: readonly At[]) {
  const groups = Map.groupBy(places, ({ latitude, longitude }) => `${latitude.toFixed(1)} ${longitude.toFixed(1)}`);
  return [...groups.values()] as unknown as readonly (readonly [At, ...At[]])[];
}

/** The style of the map, for a page that shows one. */
export const mapStyle = `
.map{display:block;width:100%;height:auto;overflow:visible}
.map .net{fill:none;stroke:var(--line);stroke-width:.5;opacity:.6}
.map .land{fill:var(--land)}
.map .borders{fill:none;stroke:var(--border);stroke-width:.7}
.map .journey{fill:none;stroke:var(--severity);stroke-width:1.6;stroke-linecap:round;opacity:.75;stroke-dasharray:5 4}
.map .reach{fill:transparent}
.map .mark{cursor:default;outline-offset:-6px}
.map a.mark{cursor:pointer}
.map .exit .dot{fill:var(--severity);fill-opacity:.85;stroke:var(--surface);stroke-width:1.5}
.map .home path{fill:var(--home);stroke:var(--surface);stroke-width:1.5}
.map .tip{display:none;fill:var(--text);font-size:14px;font-weight:600;paint-order:stroke;stroke:var(--surface);
stroke-width:5px;stroke-linejoin:round;pointer-events:none}
.map .mark:is(:hover,:focus-visible) .tip{display:block}
@media (max-width:40rem){.map .tip{font-size:30px;stroke-width:9px}.map .home path{transform:scale(1.7)}
.map .exit .dot{transform:scale(1.7)}.map .journey{stroke-width:3;stroke-dasharray:9 7}}
`;
