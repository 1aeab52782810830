import { type Html, html } from "../html.ts";
import type { CalendarDay } from "./report.ts";
import { number, shortDay } from "./words.ts";

const left = 92;
const cell = 22;
const right = 170;

/** A calendar: a row for each day, a cell for each hour (UTC), darker where more sign-ins came; at its end the day's alerts. */
export function drawCalendar(days: readonly CalendarDay[]): Html {
  const isHourly = days.every(({ hours }) => hours !== null);
  const most = Math.max(1, ...days.flatMap(({ hours, signIns }) => hours ?? [signIns]));
  const mostAlerts = Math.max(1, ...days.map(({ alerts }) => alerts));
  // Many days are drawn in flat rows, with a name a week.
  const isFlat = days.length > 62;
  const row = isFlat ? 8 : 16;
  const width = left + 24 * cell + right;
  const top = 22;
  const height = top + days.length * row + 4;
  const signIns = days.reduce((sum, each) => sum + each.signIns, 0);
  const busiest = [...days].sort((a, b) => b.alerts - a.alerts)[0];
  const label = `Calendar by day${isHourly ? " and hour" : ""}: ${number(signIns)} sign-ins through anonymous networks on ${number(days.length)} days${
    busiest === undefined || busiest.alerts === 0
      ? ""
      : `; the most alerts on ${shortDay(busiest.day)}: ${number(busiest.alerts)}`
  }`;
  const hours = isHourly ? Array.from({ length: 8 }, (_, index) => index * 3) : [];
  return html`<svg class="calendar" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">
${hours.map((hour) => html`<text class="axis" x="${left + hour * cell}" y="12">${String(hour).padStart(2, "0")}:00</text>`)}
<text class="axis" x="${left + 24 * cell + 12}" y="12">Alerts</text>
${days.map((each, index) => drawDay(each, { y: top + index * row, row, most, mostAlerts, isNamed: !isFlat || index % 7 === 0 }))}
</svg>`;
}

interface RowOptions {
  readonly y: number;
  readonly row: number;
  readonly most: number;
  readonly mostAlerts: number;
  readonly isNamed: boolean;
}

function drawDay(
  { day, signIns, hours, alerts }: CalendarDay,
  { y, row, most, mostAlerts, isNamed }: RowOptions,
): Html {
  const isWeekend = [0, 6].includes(new Date(day).getUTCDay());
  const name = isNamed
    ? html`<text class="day${isWeekend ? " weekend" : ""}" x="${left - 10}" y="${y + row - 4}" text-anchor="end">${shortDay(day)}</text>`
    : null;
  // The eye tells areas and shades by their root.
  const shade = (count: number) => (0.2 + 0.8 * Math.sqrt(count / most)).toFixed(2);
  const cells = hours?.map((count, hour) => {
    const at = html`x="${left + hour * cell}" y="${y}" width="${cell - 2}" height="${row - 2}"`;
    if (count === 0) return html`<rect class="none" ${at}/>`;
    const title = `${shortDay(day)}, ${String(hour).padStart(2, "0")}:00 UTC: ${number(count)}`;
    return html`<rect class="some" fill-opacity="${shade(count)}" ${at}><title>${title}</title></rect>`;
  });
  const length = alerts === 0 ? 0 : Math.max(1, Math.round((alerts / mostAlerts) * (right - 70)));
  const x = left + 24 * cell + 12;
  return html`${name}${cells ?? drawWhole(signIns, { y, row, most })}<rect class="alerts" x="${x}" y="${y}" width="${length}" height="${row - 2}"/>${
    alerts === 0 || !isNamed
      ? null
      : html`<text class="count" x="${x + length + 6}" y="${y + row - 4}">${number(alerts)}</text>`
  }
`;
}

/** A bar for the sign-ins of a day whose hours are not known. */
function drawWhole(signIns: number, { y, row, most }: Pick<RowOptions, "y" | "row" | "most">): Html {
  const length = Math.round((signIns / most) * (24 * cell - 60));
  const count =
    signIns === 0
      ? null
      : html`<text class="count" x="${left + length + 6}" y="${y + row - 4}">${number(signIns)}</text>`;
  return html`<rect class="some" x="${left}" y="${y}" width="${length}" height="${row - 2}"/>${count}`;
}

export const calendarStyle = `
.calendar{display:block;max-width:none}
.calendar text{fill:var(--muted);font-size:11px;font-variant-numeric:tabular-nums}
.calendar .weekend{opacity:.75}
.calendar .count{fill:var(--text)}
.calendar .none{fill:var(--sunken)}
.calendar .some{fill:var(--accent)}
.calendar .alerts{fill:var(--muted)}
@media print{.calendar{width:100%;height:auto}}
`;
