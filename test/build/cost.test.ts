import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("the tables of costs in the documents are those that are computed, and that the command prints", async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["build/cost.ts", "--check"], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
  });
  expect(stderr).toBe("");
  const read = (name: string) => readFile(new URL(`../../docs/${name}.md`, import.meta.url), "utf8");
  for (const name of ["cost", "security"]) {
    for (const [, table = ""] of (await read(name)).matchAll(/: npm run cost -->\n\n(.*?)\n\n<!-- end -->/gs)) {
      expect(stdout).toContain(table);
    }
  }
});

test("the README's summary has the figures of the table, to ten cents", async () => {
  const read = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), "utf8");
  const table = await read("docs/cost.md");
  const inTable = (pattern: RegExp) =>
    (pattern.exec(table)?.[1] ?? "").split("|").map((cell) => Number(cell.replaceAll("*", "")));
  const tenCents = (usd: number) => (Math.round(usd * 10) / 10).toFixed(2);
  const totals = inTable(/^\| \*\*all\*\* +\|(.+)\|$/m).map(tenCents);
  const [alarms = Number.NaN] = inTable(/^\| CloudWatch: \d+ alarms +\|(.+)\|$/m);
  const [, summary = ""] = /## What it costs\n(.*?)\n## /s.exec(await read("README.md")) ?? [];
  expect(summary.match(/\d+\.\d\d/g)).toEqual([...totals, tenCents(alarms)]);
});

test("with all alarms and the defaults a small org pays 3.50 USD a month at most, and the largest 20", async () => {
  const document = await readFile(new URL("../../docs/cost.md", import.meta.url), "utf8");
  const [, row = ""] = /^\| \*\*all\*\* +\|(.+)\|$/m.exec(document) ?? [];
  const [small = Number.NaN, , large = Number.NaN] = row.split("|").map((cell) => Number(cell.replaceAll("*", "")));
  expect(small).toBeLessThanOrEqual(3.5);
  expect(large).toBeLessThanOrEqual(20);
});

test("what a flood costs a day is what its refused requests cost a million, in both documents", async () => {
  const read = (name: string) => readFile(new URL(`../../docs/${name}.md`, import.meta.url), "utf8");
  const [, million = ""] = /^\| \*\*all\*\*, at a Function URL \| +\*\*([\d.]+)\*\*/m.exec(await read("cost")) ?? [];
  const [, day = ""] =
    /^\| Function URL +\| (\d+) USD with Lambda's usual quota of 1,000 /m.exec(await read("security")) ?? [];
  // Ten thousand requests a second; the million is rounded to a cent, the day up to a dollar.
  const millions = (10_000 * 86_400) / 1_000_000;
  expect(Number(million)).toBeGreaterThan(0.2);
  expect(Number(day)).toBeGreaterThanOrEqual(millions * (Number(million) - 0.005));
  expect(Number(day)).toBeLessThanOrEqual(millions * (Number(million) + 0.005) + 1);
});
