import type { CsvError, Info } from "csv-parse";
import type { JsonFault, JsonValue } from "../json-values.ts";
import { feed } from "./decode.ts";

/** The largest row of an event. */
const maximumRowBytes = 16 * 1_048_576;

const delimiters = [",", ";", "\t", "|"] as const;

/** Names of the column of a one-column table, which holds the whole event. */
const eventColumns = /^"?(?:_raw|@?message|event\.original|RawData)"?$/i;

/**
 * Recognizes a CSV file by its first line: names with a delimiter, and no JSON there or on the next line.
 *
 * @param start the file's first bytes, decoded
 * @returns its delimiter; null for a file that is no CSV
 */
export function findDelimiter(start: Buffer): string | null {
  const text = start
    .toString("utf8")
    .replace(/^\ufeff/, "")
    .trimStart();
  const [line = "", next = ""] = text.split(/(?:\r?\n)+/, 2);
  if (/^[{[<]/.test(line) || /\{\s*\\?"/.test(line) || next.startsWith("{")) return null;
  const counted = delimiters.map((delimiter) => ({ delimiter, count: line.split(delimiter).length - 1 }));
  const best = counted.reduce((most, each) => (each.count > most.count ? each : most));
  if (best.count > 0) return best.delimiter;
  return eventColumns.test(line.trim()) ? "," : null;
}

/** The faults of a row in csv-parse, by its code (https://csv.js.org/parse/errors/). */
const reasons: Partial<Record<CsvError["code"], string>> = {
  CSV_INVALID_CLOSING_QUOTE: "a quote closes within a cell",
  INVALID_OPENING_QUOTE: "a quote opens within a cell",
  CSV_QUOTE_NOT_CLOSED: "a quote does not close",
  CSV_MAX_RECORD_SIZE: `a row is over ${maximumRowBytes / 1_048_576} MiB, as after a quote that does not close`,
};

/**
 * Reads the rows of a CSV file as records, by the names of its columns; empty cells are left out. A row with more cells than
 * there are columns, or with quotes that do not match, is a fault of its own, with the line that it ends on.
 */
export async function* readCsvRecords(
  chunks: AsyncIterable<Buffer>,
  delimiter: string,
): AsyncGenerator<JsonValue | JsonFault> {
  const faults: JsonFault[] = [];
  const { parse } = await import("csv-parse");
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    max_record_size: maximumRowBytes,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
  });
  parser.on("skip", (error: CsvError) => {
    // csv-parse's message holds the cell, which may be personal.
    faults.push({ fault: `no CSV: ${reasons[error.code] ?? error.code}`, line: Number(error.lines ?? 1) });
  });
  const fed = feed(chunks, parser);
  let columns: readonly string[] | null = null;
  try {
    for await (const { record: cells, info } of parser as AsyncIterable<{ record: string[]; info: Info }>) {
      yield* faults.splice(0);
      if (columns === null) columns = cells.map((name) => name.trim());
      else yield toRecord(columns, cells, info.lines);
    }
    yield* faults.splice(0);
  } finally {
    parser.destroy();
    await fed;
  }
}

function toRecord(columns: readonly string[], cells: readonly string[], line: number): JsonValue | JsonFault {
  if (cells.length > columns.length) {
    return { fault: `the row has ${cells.length} cells, and there are ${columns.length} columns`, line };
  }
  const filled = cells.flatMap((cell, index) => (cell === "" ? [] : [[columns[index] as string, cell] as const]));
  return { value: Object.fromEntries(filled), line };
}
