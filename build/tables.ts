/**
 * A table of a document, with the cells of each column as wide as its widest, as the formatter of documents writes it.
 *
 * @param rows the first is the heading
 * @param numbers whether all columns but the first hold numbers, which stand to the right. @default false
 */
export function renderTable(rows: readonly (readonly string[])[], numbers = false): string {
  const [heading = [], ...body] = rows;
  const widths = heading.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const isLeft = (column: number) => column === 0 || !numbers;
  const pad = (cell: string, column: number) =>
    isLeft(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = widths.map((width, column) => (isLeft(column) ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(heading.map(pad)), line(rule), ...body.map((cells) => line(cells.map(pad)))].join("\n");
}
