import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("the table of costs in the documents is the one that is computed", async () => {
  const { stderr } = await promisify(execFile)(process.execPath, ["build/cost.ts", "--check"], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
  });
  expect(stderr).toBe("");
});

test("with all alarms and the defaults a small org pays 3 USD a month at most, and the largest 20", async () => {
  const document = await readFile(new URL("../../docs/cost.md", import.meta.url), "utf8");
  const [, row = ""] = /^\| \*\*all\*\* +\|(.+)\|$/m.exec(document) ?? [];
  const [small = Number.NaN, , large = Number.NaN] = row.split("|").map((cell) => Number(cell.replaceAll("*", "")));
  expect(small).toBeLessThanOrEqual(3);
  expect(large).toBeLessThanOrEqual(20);
});
