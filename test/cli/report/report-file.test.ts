import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openReportFile } from "../../../cli/report/report-file.ts";
import { reportOf } from "../../pages/report/reports.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "report file-"));
});
afterAll(() => rm(folder, { recursive: true }));
const options = { anonymize: false, read: [] };

test("an earlier report stays as it is until the next one is whole, and a new one leaves no empty file before", async () => {
  const path = join(folder, "report.json");
  const file = await openReportFile(path, options);
  expect(await readdir(folder)).toEqual([]);
  await writeFile(path, "an earlier report");
  await openReportFile(path, options);
  expect(await readFile(path, "utf8")).toBe("an earlier report");
  await file.write(reportOf(1));
  expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ kind: "report", alerts: 1 });
});

test("a file that cannot be written is refused before anything is read", async () => {
  const taken = join(folder, "folder.html");
  await mkdir(taken);
  await expect(openReportFile(taken, options)).rejects.toThrow("cannot be written: EISDIR");
  await expect(openReportFile(join(folder, "none", "r.html"), options)).rejects.toThrow("cannot be written: ENOENT");
});

test("a name says whether the report is a page or its data; another name is refused", async () => {
  for (const name of ["r.txt", "r", "r.html.pdf", "-"]) {
    await expect(openReportFile(join(folder, name), options)).rejects.toThrow(
      `${name}: a report is a page, FILE.html, or its data, FILE.json: name it so`,
    );
  }
  for (const [name, start] of [
    ["r.HTML", "<!doctype html>"],
    ["r.htm", "<!doctype html>"],
    ["r.JSON", "{"],
  ] as const) {
    await (await openReportFile(join(folder, name), options)).write(reportOf(1));
    const text = await readFile(join(folder, name), "utf8");
    expect(text.toLowerCase().startsWith(start)).toBe(true);
  }
});
