import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { writeReport } from "../../../pages/report/write-report.ts";
import { browserPath, findBarriers, isTooWide, openBrowser, orSkipped, watchFaults } from "../../fixtures/browser.ts";
import { empty, none, person, reportOf } from "./reports.ts";

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
        inDoubt: [],
        moreInDoubt: 0,
      },
    ],
    together: 12,
    truePositives: 0,
    refused: [],
    moreRefused: 0,
  },
});

describe.skipIf(browserPath === null)(`the report in a browser${orSkipped}`, () => {
  let browser: Browser;
  let folder: string;
  let faults: readonly string[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "report-page-"));
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  async function open(shown = report, options: BrowserContextOptions = {}): Promise<Page> {
    const path = join(folder, "report.html");
    await writeFile(path, writeReport(shown));
    const page = await (await browser.newContext(options)).newPage();
    faults = watchFaults(page);
    await page.goto(pathToFileURL(path).href);
    return page;
  }

  afterEach(() => expect(faults).toEqual([]));

  const firstPerson = (page: Page) =>
    page.locator("table:has(caption:text-is('Persons')) tbody tr td").first().textContent();

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
    const text = (await page.locator("main").textContent()) ?? "";
    for (const part of ["10,000", hostile, "ada@example.com, operator NORD_VPN", "How far is far"]) {
      expect(text.toLowerCase()).toContain(part.toLowerCase());
    }
    expect(await page.locator("main img").count()).toBe(0);
    await page.context().close();
  });

  test.each([360, 1_200])("is no wider than a screen of %i pixels", async (width) => {
    const page = await open(report, { viewport: { width, height: 800 } });
    expect(await isTooWide(page)).toBe(false);
    await page.context().close();
  });

  test.each([360, 1_280])("breaks a long login within a screen of %i pixels", async (width) => {
    const login = `${"a".repeat(60)}@subsidiary-of-a-long-name.example.com`;
    const scope = { user: login, operator: "AN_OPERATOR_WITH_A_VERY_LONG_NAME_THAT_HAS_NO_END_VPN" };
    const row = {
      scope,
      command: `npx okta-proxy-watch exceptions add --user ${login}`,
      alerts: 1,
      covers: 2,
      persons: 1,
      far: 0,
      inDoubt: [],
      moreInDoubt: 0,
    };
    const doubt = { why: "true-positive", person: login, incident: crypto.randomUUID() } as const;
    const refused = [{ doubt, alerts: 2, command: `npx okta-proxy-watch incidents show ${doubt.incident}` }];
    const rows = [person({ person: login })];
    const shown = reportOf(9, {
      persons: { ...none, rows },
      exceptions: { ...report.exceptions, rows: [row, row, row], refused },
    });
    const page = await open(shown, { viewport: { width, height: 800 } });
    expect(await isTooWide(page)).toBe(false);
    await page.context().close();
  });

  test("names an exit of its map to the keyboard", async () => {
    const page = await open();
    const exit = page.locator(".map .exit").first();
    await exit.focus();
    expect(await exit.getAttribute("aria-label")).toContain("Toronto, Ontario, Canada: 10,000 sign-ins");
    expect(await exit.locator(".tip").isVisible()).toBe(true);
    await page.context().close();
  });

  test.each([
    ["light", report],
    ["dark", report],
    ["light", empty],
  ] as const)("has nothing serious that axe finds, in the %s scheme", async (colorScheme, shown) => {
    const page = await open(shown, { colorScheme, bypassCSP: true });
    expect(await findBarriers(page)).toEqual([]);
    await page.context().close();
  });
});
