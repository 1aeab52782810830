import { type Content, type Html, html } from "../html.ts";
import { number } from "./words.ts";

/** A column of a table. */
export interface Column<Row> {
  readonly name: string;
  /** Numbers stand at the end of their cell. @default false */
  readonly isNumber?: boolean;
  readonly cell: (row: Row) => Content;
  /** What the column is sorted by. */
  readonly value: (row: Row) => string | number | null;
}

/**
 * A column of texts.
 *
 * @param draw what a cell shows of its text @default the text, a dash for none
 */
export function texts<Row>(
  name: string,
  of: (row: Row) => string | null,
  draw: (row: Row) => Content = (row) => of(row) ?? "–",
): Column<Row> {
  return { name, cell: draw, value: of };
}

/**
 * A column of numbers: one that is not known is a dash.
 *
 * @param draw what a cell shows of a number @default the number
 */
export function numbers<Row>(
  name: string,
  of: (row: Row) => number | null,
  draw: (value: number, row: Row) => Content = number,
): Column<Row> {
  const cell = (row: Row) => {
    const value = of(row);
    return value === null ? "–" : draw(value, row);
  };
  return { name, isNumber: true, cell, value: of };
}

/** What a table is about. */
export interface TableOptions<Row> {
  /** What a screen reader calls it. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** What exceeds the rows, in words; null for nothing. */
  readonly more: string | null;
}

/** A table whose columns sort, where there is a script. */
export function drawTable<Row>({ caption, columns, rows, more }: TableOptions<Row>): Html {
  const classOf = ({ isNumber = false }: Column<Row>) => (isNumber ? "number" : "");
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="sortable">
<caption class="unseen">${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col" class="${classOf(column)}">${column.name}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr>${columns.map(
        (column) =>
          html`<td class="${classOf(column)}" data-value="${column.value(row) ?? ""}">${column.cell(row)}</td>`,
      )}</tr>
`,
  )}</tbody></table></div>
${more === null ? null : html`<p class="muted note">${more}</p>`}`;
}

/** A bar of a share of the longest, from 0 to 1. */
export function drawBar(share: number): Html {
  const width = share <= 0 ? 0 : Math.max(1, Math.round(share * 120));
  return html`<svg class="bar" width="120" height="10" viewBox="0 0 120 10" aria-hidden="true"><rect class="back" width="120" height="10" rx="2"/><rect class="front" width="${width}" height="10" rx="2"/></svg>`;
}

export const tableStyle = `
.scroll{overflow-x:auto;max-width:100%}
.scroll table{min-width:34rem}
td .bar{vertical-align:-.05em;margin-inline-start:.5rem}
.bar .back{fill:var(--sunken)}
.bar .front{fill:var(--accent)}
th button{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer;text-align:inherit}
th button:hover{text-decoration:underline}
th[aria-sort=ascending] button::after{content:" \\2191"}
th[aria-sort=descending] button::after{content:" \\2193"}
.note{margin-top:.5rem;font-size:.875rem}
tbody tr:last-child td{border-bottom:0}
@media print{.scroll{overflow:visible}.scroll table{min-width:0;font-size:9pt}thead{display:table-header-group}tr{break-inside:avoid}}
`;

/** Sorts tables by a click on a heading: numbers the highest first, texts from A; again the other way round. */
export const tableScript = `
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  if (body.rows.length < 2) continue;
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const isNumber = head.classList.contains("number");
      const now = head.getAttribute("aria-sort");
      const order = now === null ? (isNumber ? "descending" : "ascending") : now === "ascending" ? "descending" : "ascending";
      for (const each of heads) each.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const valueOf = (row) => row.cells[column].dataset.value;
      const compare = (a, b) => isNumber ? (a === "" ? -1 : Number(a)) - (b === "" ? -1 : Number(b)) : a.localeCompare(b, "en");
      body.append(...[...body.rows].sort((a, b) => sign * compare(valueOf(a), valueOf(b))));
    });
  });
}
`;
