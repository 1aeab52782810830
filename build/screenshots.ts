import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium, type Page } from "playwright-core";
import { startEmbeddedRun } from "../local/embedded-run.ts";
import { sampleProfiles } from "../local/sample-people.ts";
import { inventMonth } from "./invented-month.ts";
import { readScriptOptions } from "./script-options.ts";

readScriptOptions(
  `Usage: npm run screenshots

Takes the pictures of the embedded run's page, and of a report about a month, from invented people: docs/images/page*.png and
docs/images/report.png. It needs Chromium.

Environment:
  CHROMIUM     Chromium's path (default: /usr/bin/chromium)
  -h, --help   this text`,
  [],
);
execFileSync(process.execPath, [fileURLToPath(new URL("bundle.ts", import.meta.url)), "--quiet"], { stdio: "inherit" });

const folder = fileURLToPath(new URL("../docs/images/", import.meta.url));
/** The most bytes of a picture that a document shows. */
const mostBytes = 200_000;

interface Shot {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly colorScheme: "light" | "dark";
  /** The form of the newest alert that is shown. */
  readonly view: string;
}

const shots: readonly Shot[] = [
  { name: "page", width: 1100, height: 735, colorScheme: "light", view: "Mail" },
  { name: "page-dark", width: 1100, height: 735, colorScheme: "dark", view: "Slack" },
  { name: "page-phone", width: 390, height: 844, colorScheme: "dark", view: "Phone" },
];

process.env.POWERTOOLS_LOG_LEVEL ??= "SILENT";
process.env.POWERTOOLS_METRICS_DISABLED ??= "true";
const run = await startEmbeddedRun({
  port: 0,
  hookSecret: crypto.randomUUID(),
  mismatchDistanceKm: 500,
  suppressMinutes: 60,
  stormAfter: 5,
  onError: (error) => process.stderr.write(`${String(error)}\n`),
  page: { onDelivery: () => {} },
});
await run.putProfiles(sampleProfiles());
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  await mkdir(folder, { recursive: true });
  for (const sample of ["ordinary", "near", "far", "failed", "spray", "tor"]) {
    await fetch(`${run.url}_local/page/samples`, { method: "POST", body: new URLSearchParams({ sample }) });
  }
  await waitForAlerts();
  for (const shot of shots) await take(shot);
  await takeReport();
} finally {
  await browser.close();
  await run.stop();
}

async function waitForAlerts(): Promise<void> {
  const page = await browser.newPage();
  await page.goto(run.url);
  await page.locator("details.alert").filter({ hasText: "Tor" }).first().waitFor();
  await page.locator("details.alert").filter({ hasText: "Storm of" }).first().waitFor();
  await page.close();
}

async function take({ name, width, height, colorScheme, view }: Shot): Promise<void> {
  const page: Page = await browser.newPage({ viewport: { width, height }, colorScheme, reducedMotion: "reduce" });
  await page.goto(run.url);
  await page.locator("#live[data-state=live]").waitFor();
  await page.locator("details.alert[open] label", { hasText: view }).click();
  if (width < 500) await page.locator("#map").evaluate("(map) => map.scrollIntoView()");
  await save(page, name);
}

async function takeReport(): Promise<void> {
  const files = await mkdtemp(join(tmpdir(), "report-picture-"));
  const at = (name: string) => join(files, name);
  try {
    const { events, profiles } = inventMonth();
    await writeFile(at("october.jsonl"), events.map((event) => JSON.stringify(event)).join("\n"));
    await writeFile(at("profiles.csv"), profiles);
    const launcher = fileURLToPath(new URL("../cli/okta-proxy-watch.js", import.meta.url));
    const options = ["--events", at("october.jsonl"), "--profiles", at("profiles.csv"), "--report", at("report.html")];
    execFileSync(process.execPath, [launcher, "backtest", ...options], { stdio: "ignore" });
    const page = await browser.newPage({ viewport: { width: 1_000, height: 936 }, colorScheme: "light" });
    await page.goto(pathToFileURL(at("report.html")).href);
    await save(page, "report");
  } finally {
    await rm(files, { recursive: true });
  }
}

async function save(page: Page, name: string): Promise<void> {
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path });
  await page.close();
  const { size } = await stat(path);
  process.stdout.write(`docs/images/${name}.png ${(size / 1_000).toFixed(0)} kB\n`);
  if (size > mostBytes) throw new Error(`${name}.png has over ${mostBytes / 1_000} kB`);
}
