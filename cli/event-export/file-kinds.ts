/** How to get an export that can be read. */
export const readableForms =
  "an export is Okta's System Log as JSON (/api/v1/logs), the admin console's CSV, or the events out of a SIEM, " +
  "as JSON lines, JSON or CSV";

/** A kind of file without events, or with events in an unsupported form. */
interface FileKind {
  readonly name: string;
  readonly is: (start: Buffer) => boolean;
  readonly instead: string;
}

const startsWith = (magic: string) => {
  const bytes = Buffer.from(magic, "latin1");
  return (start: Buffer) => start.subarray(0, bytes.length).equals(bytes);
};
const anyOf = (...magics: readonly string[]) => {
  const tests = magics.map(startsWith);
  return (start: Buffer) => tests.some((test) => test(start));
};
const isXlsx = (start: Buffer) => /\[Content_Types\]\.xml|xl\/|_rels\//.test(start.toString("latin1"));
const zip = startsWith("PK\x03\x04");
const beginning = (start: Buffer) =>
  start
    .toString("latin1")
    .replace(/^\xef\xbb\xbf/, "")
    .trimStart()
    .toLowerCase();

const unpack = "unpack it first; gzip alone is read as it is";

/** Kinds by their first bytes, from each format's specification. */
const fileKinds: readonly FileKind[] = [
  { name: "an Excel workbook", is: (start) => zip(start) && isXlsx(start), instead: "save it as CSV (UTF-8)" },
  { name: "an older Excel workbook", is: startsWith("\xd0\xcf\x11\xe0"), instead: "save it as CSV (UTF-8)" },
  { name: "a ZIP archive", is: zip, instead: unpack },
  {
    name: "a Parquet file",
    is: startsWith("PAR1"),
    instead: "convert it to JSON lines, for example with DuckDB: COPY (FROM 'x.parquet') TO 'x.jsonl' (FORMAT json)",
  },
  { name: "an Avro file", is: startsWith("Obj\x01"), instead: "convert it to JSON lines: avro-tools tojson" },
  { name: "an ORC file", is: startsWith("ORC"), instead: "convert it to JSON lines" },
  { name: "compressed by Zstandard", is: startsWith("\x28\xb5\x2f\xfd"), instead: `zstd -d; ${unpack}` },
  { name: "compressed by bzip2", is: startsWith("BZh"), instead: `bunzip2; ${unpack}` },
  { name: "compressed by xz", is: startsWith("\xfd7zXZ\x00"), instead: `unxz; ${unpack}` },
  { name: "a tar archive", is: (start) => start.toString("latin1", 257, 262) === "ustar", instead: unpack },
  { name: "a 7-Zip archive", is: startsWith("7z\xbc\xaf\x27\x1c"), instead: unpack },
  { name: "an SQLite database", is: startsWith("SQLite format 3\x00"), instead: "export its table as JSON or CSV" },
  { name: "a PDF document", is: startsWith("%PDF"), instead: readableForms },
  { name: "a Windows event log", is: anyOf("ElfFile", "ElfChnk"), instead: readableForms },
  {
    name: "a web page (HTML)",
    is: (start) => /^<(?:!doctype html|html|head|body|script)/.test(beginning(start)),
    instead: "most often the sign-in page that a download without a session answers; sign in, or use a token",
  },
  { name: "XML", is: (start) => /^<[?!a-z]/.test(beginning(start)), instead: readableForms },
];

/**
 * Names the kind of a file that cannot be read, with the remedy.
 *
 * @param start the file's first bytes, up to some hundred
 * @returns null for a file that may hold events
 */
export function describeFileKind(start: Buffer): string | null {
  const found = fileKinds.find(({ is }) => is(start));
  return found === undefined ? null : `it seems to be ${found.name}; ${found.instead}`;
}
