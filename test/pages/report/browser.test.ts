import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeReport } from "../../../pages/report/write-report.ts";
import { empty, none, person, reportOf } from "./reports.ts";

/** Debian's browser. */
const executablePath = "/usr/bin/chromium";
const isThere = existsSync(executablePath);

const hostile = `"><img src=x onerror="document.title='taken'"><b>Bea</b>`;
const report = reportOf(10_000, {
  persons: {
    ...none,
    rows: [person({ person: hostile, signIns: 9, alerts: 3 }), person({ person: "zoe@example.com", signIns: 1_200 })],
  },
  thresholds: [
    { km: 300, isCurrent: false, far: 12, alerts: 30 },
    { km: 500, isCurrent: true, far: 7, alerts: 30 },
  ],
  exceptions: {
    rows: [
      {
        scope: { user: "ada@example.com", operator: "NORD_VPN" },
        command: 'npx okta-proxy-watch exceptions add --user ada@example.com --operator NORD_VPN --reason "..."',
        alerts: 12,
        covers: 18,
        persons: 1,
        far: 0,
      },
    ],
    together: 12,
    truePositives: 0,
  },
});

describe.skipIf(!isThere)(
  `the report in a browser${isThere ? "" : ` (skipped: ${executablePath} is not installed)`}`,
  () => {
    let browser: Browser;
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "report-page-"));
      browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    });
    afterAll(async () => {
      await browser.close();
      await rm(folder, { recursive: true });
    });

    async function open(shown = report, options: BrowserContextOptions = {}): Promise<Page> {
      const path = join(folder, "report.html");
      await writeFile(path, writeReport(shown));
      const page = await (await browser.newContext(options)).newPage();
      await page.goto(pathToFileURL(path).href);
      return page;
    }

    const firstPerson = (page: Page) =>
      page.locator("table:has(caption:text-is('Persons')) tbody tr td").first().innerText();

    test("sorts a table by a click and by the keyboard, numbers the highest first, and back again", async () => {
      const page = await open();
      expect(await firstPerson(page)).toBe(hostile);
      const signIns = page.locator("table:has(caption:text-is('Persons')) th button", { hasText: "Sign-ins" });
      await signIns.click();
      expect(await firstPerson(page)).toBe("zoe@example.com");
      await signIns.press("Enter");
      expect(await firstPerson(page)).toBe(hostile);
      expect(await page.locator("th[aria-sort]").getAttribute("aria-sort")).toBe("ascending");
      expect(await page.title()).toContain("Sign-ins through anonymous networks");
      await page.context().close();
    });

    test("is whole without its script, with names of strangers as text", async () => {
      const page = await open(report, { javaScriptEnabled: false });
      const text = await page.locator("main").innerText();
      for (const part of ["10,000", hostile, "ada@example.com, operator NORD_VPN", "How far is far"]) {
        expect(text.toLowerCase()).toContain(part.toLowerCase());
      }
      expect(await page.locator("main img").count()).toBe(0);
      await page.context().close();
    });

    test.each([360, 1_200])("is no wider than a screen of %i pixels", async (width) => {
      const page = await open(report, { viewport: { width, height: 800 } });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      await page.context().close();
    });

    test("names an exit of its map to the keyboard", async () => {
      const page = await open();
      const exit = page.locator(".map .exit").first();
      await exit.focus();
      expect(await exit.getAttribute("aria-label")).toContain("Toronto, Ontario, Canada: 10,000 sign-ins");
      expect(await exit.locator(".tip").evaluate((tip) => getComputedStyle(tip).display)).toBe("block");
      await page.context().close();
    });

    test.each([
      ["light", report],
      ["dark", report],
      ["light", empty],
    ] as const)("has nothing serious that axe finds, in the %s scheme", async (colorScheme, shown) => {
      const page = await open(shown, { colorScheme, bypassCSP: true });
      await page.evaluate(await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8"));
      const found = await page.evaluate(async () => {
        const { axe } = window as unknown as { readonly axe: typeof import("axe-core") };
        const { violations } = await axe.run();
        return violations.map(({ id, impact, nodes }) => [id, impact, nodes[0]?.html]);
      });
      expect(found.filter(([, impact]) => impact === "serious" || impact === "critical")).toEqual([]);
      await page.context().close();
    });
  },
);
