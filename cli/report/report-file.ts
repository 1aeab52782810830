import { resolve } from "node:path";
import { anonymize } from "../../pages/report/anonymize.ts";
import type { Report } from "../../pages/report/report.ts";
import { linesToFile } from "../backtest/lines.ts";
import { InputError } from "../command.ts";

/** A file that a report is written to. */
export interface ReportFile {
  readonly write: (report: Report) => Promise<void>;
}

/** How a report is written. */
export interface ReportFileOptions {
  /** Whether persons, networks and what names them get pseudonyms. */
  readonly anonymize: boolean;
  /** Files that are read, which the report must not replace. */
  readonly read: readonly (string | undefined)[];
}

/**
 * Prepares the file of a report before anything is read, so that its faults are reported at once. The file stays as it is until the report
 * is whole: an attempt that fails costs no earlier report. A name that ends in `.json` gets the report's
 * data, one that ends in `.html` or `.htm` its page, and another is refused. Its owner alone can read it: a report is personal data.
 *
 * @throws InputError when the file cannot be written, or its name says nothing of its form
 */
export async function openReportFile(
  path: string,
  { anonymize: isAnonymous, read }: ReportFileOptions,
): Promise<ReportFile> {
  if (read.some((each) => each !== undefined && each !== "-" && resolve(each) === resolve(path))) {
    throw new InputError(`--report ${path} would replace a file that is read; name another file`);
  }
  const form = /\.(json|html?)$/i.exec(path)?.[1]?.toLowerCase();
  if (form === undefined) {
    throw new InputError(`${path}: a report is a page, FILE.html, or its data, FILE.json: name it so`);
  }
  const file = await linesToFile(path);
  return {
    async write(report) {
      const shown = isAnonymous ? anonymize(report) : report;
      try {
        await file.write(form === "json" ? JSON.stringify(shown, null, 2) : await writePage(shown));
        await file.close();
      } finally {
        await file.discard();
      }
    },
  };
}

/** The map of the world is loaded once the memory of what was read is free again. */
async function writePage(report: Report): Promise<string> {
  return (await import("../../pages/report/write-report.ts")).writeReport(report);
}
