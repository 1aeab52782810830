import { execFileSync } from "node:child_process";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { inventMonth } from "./invented-month.ts";
import { readScriptOptions } from "./script-options.ts";

readScriptOptions(
  `Usage: npm run screenshots

Takes the picture of a report about a month of invented people: docs/images/report.png. It needs Chromium.

Environment:
  CHROMIUM     Chromium's path (default: /usr/bin/chromium)
  -h, --help   this text`,
  [],
);

const picture = fileURLToPath(new URL("../docs/images/report.png", import.meta.url));
/** The most bytes of a picture that a document shows. */
const mostBytes = 200_000;

const folder = await mkdtemp(join(tmpdir(), "report-picture-"));
const at = (name: string) => join(folder, name);
try {
  const { events, profiles } = inventMonth();
  await writeFile(at("october.jsonl"), events.map((event) => JSON.stringify(event)).join("\n"));
  await writeFile(at("profiles.csv"), profiles);
  const launcher = fileURLToPath(new URL("../cli/okta-proxy-watch.js", import.meta.url));
  const files = ["--events", at("october.jsonl"), "--profiles", at("profiles.csv"), "--report", at("report.html")];
  execFileSync(process.execPath, [launcher, "backtest", ...files], { stdio: "ignore" });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1_000, height: 936 }, colorScheme: "light" });
    await page.goto(pathToFileURL(at("report.html")).href);
    await page.screenshot({ path: picture });
  } finally {
    await browser.close();
  }
  const { size } = await stat(picture);
  process.stdout.write(`docs/images/report.png ${(size / 1_000).toFixed(0)} kB\n`);
  if (size > mostBytes) throw new Error(`report.png has over ${mostBytes / 1_000} kB`);
} finally {
  await rm(folder, { recursive: true });
}
