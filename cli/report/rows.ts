import type { Table } from "../../pages/report/report.ts";

/** The most rows of a table of a report. */
export const maximumRows = 200;

/**
 * A table of the first rows; the others are counted.
 *
 * @param beyond sign-ins of things that were not distinguished
 */
export function tableOf<Row extends { readonly signIns: number | null }>(rows: readonly Row[], beyond = 0): Table<Row> {
  const rest = rows.slice(maximumRows);
  const moreSignIns = rest.reduce((sum, { signIns }) => sum + (signIns ?? 0), beyond);
  return { rows: rows.slice(0, maximumRows), more: rest.length, moreSignIns };
}
