import { link, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { linesToFile } from "../../../cli/backtest/lines.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lines-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** More than is kept in memory. */
const long = "x".repeat(100_000);

test("an earlier file stays whole while lines are written, and what is discarded leaves nothing behind", async () => {
  const path = join(folder, "alerts.jsonl");
  await writeFile(path, "earlier");
  const file = await linesToFile(path);
  expect(await readdir(folder)).toEqual(["alerts.jsonl"]);
  await file.write(long);
  expect(await readFile(path, "utf8")).toBe("earlier");
  expect(await readdir(folder)).toHaveLength(2);
  await file.discard();
  expect(await readFile(path, "utf8")).toBe("earlier");
  expect(await readdir(folder)).toEqual(["alerts.jsonl"]);
});

test("a closed file takes the place of the earlier one, behind a link, for its owner alone", async () => {
  const path = join(folder, "alerts.jsonl");
  const linked = join(folder, "link.jsonl");
  await writeFile(path, "earlier", { mode: 0o644 });
  await symlink(path, linked);
  await link(path, join(folder, "other.jsonl"));
  const file = await linesToFile(linked);
  await file.write("a");
  await file.close();
  await file.discard();
  expect(await readFile(path, "utf8")).toBe("a\n");
  expect(await readFile(join(folder, "other.jsonl"), "utf8")).toBe("earlier");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await readdir(folder)).sort()).toEqual(["alerts.jsonl", "link.jsonl", "other.jsonl"]);
});

test("a file without lines is empty, and a device takes lines itself", async () => {
  const path = join(folder, "empty.jsonl");
  await (await linesToFile(path)).close();
  expect(await readFile(path, "utf8")).toBe("");
  const device = await linesToFile("/dev/null");
  await device.write(long);
  await device.close();
  expect((await stat("/dev/null")).isCharacterDevice()).toBe(true);
});
