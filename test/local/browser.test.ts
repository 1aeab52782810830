import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { sampleProfiles } from "../../local/sample-people.ts";
import { samples } from "../../local/samples.ts";
import { browserPath, findBarriers, isTooWide, openBrowser, orSkipped, watchFaults } from "../fixtures/browser.ts";
import { delivery, sessionStart } from "../fixtures/events.ts";

const hookSecret = "a-secret-of-the-hook";

describe.skipIf(browserPath === null)(`the page in a browser${orSkipped}`, () => {
  let run: EmbeddedRun;
  let browser: Browser;
  let page: Page;
  let faults: readonly string[];
  beforeAll(async () => {
    const page = { onDelivery: () => {} };
    run = await startEmbeddedRun({ port: 0, hookSecret, mismatchDistanceKm: 500, onError: () => {}, page });
    await run.putProfiles(sampleProfiles());
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await run?.stop();
  });
  beforeEach(async () => {
    page = await browser.newPage();
    faults = watchFaults(page);
    await page.goto(run.url);
    await page.locator("#live[data-state=live]").waitFor();
  });
  afterEach(async () => {
    expect(faults).toEqual([]);
    await page.close();
  });

  test("is empty at first, and says what to do", async () => {
    await page.getByText("No alert so far.").waitFor();
    expect(await findBarriers(page)).toEqual([]);
  });

  test("brings what each sample's button delivers, without being loaded again", async () => {
    await page.evaluate("globalThis.isSamePage = true");
    for (const { label } of Object.values(samples)) {
      const before = await page.locator("#deliveries > li").count();
      await page.getByRole("button", { name: label, exact: true }).click();
      await expect.poll(() => page.locator("#deliveries > li").count()).toBeGreaterThan(before);
    }
    await page.locator("details.alert").filter({ hasText: "storm of" }).first().waitFor();
    for (const text of ["no alert", "alerted", "in a storm"]) {
      await page.locator("#deliveries .badge", { hasText: text }).first().waitFor();
    }
    expect(await page.evaluate("globalThis.isSamePage")).toBe(true);
    expect(await page.locator("#announcement").textContent()).toMatch(/^\w+ alert: /);
    // The newest alert alone is open.
    expect(await page.locator("details.alert[open]").count()).toBe(1);
    expect(await page.locator("#map .journey").count()).toBeGreaterThan(3);
  });

  test("shows each form of an alert, by pointer and by keyboard", async () => {
    const alert = page.locator("details.alert[open]");
    // An alert that is being read stays open when the storm's reports arrive.
    await alert.locator("summary").focus();
    for (const [name, text] of [
      ["Phone", "Messages"],
      ["Slack", "Next steps"],
      ["Teams", "Next steps"],
      ["PagerDuty", "dedup key"],
      ["JSON", '"schemaVersion"'],
      ["Mail", "Subject"],
    ] as const) {
      await alert.locator("label", { hasText: name }).click();
      const shown = alert.locator("section.view:visible");
      expect(await shown.count()).toBe(1);
      expect(await shown.textContent()).toContain(text);
    }
    await alert.locator("input[type=radio]:checked").focus();
    await page.keyboard.press("ArrowRight");
    expect(await alert.locator("section.view:visible").getAttribute("aria-label")).toBe("Phone");
  });

  test("says on the map, by keyboard, where an exit is, and leads from it to its alert", async () => {
    const exit = page.locator("#map a.exit").last();
    expect(await exit.locator(".tip").isVisible()).toBe(false);
    await page.locator("#map").scrollIntoViewIfNeeded();
    await page.getByRole("button", { name: "Password spray" }).focus();
    // From the last sample on, the next stops of the keyboard are the marks of the map.
    for (let presses = 0; presses < 40 && !(await exit.locator(".tip").isVisible()); presses++) {
      await page.keyboard.press("Tab");
    }
    expect(await exit.locator(".tip").textContent()).toMatch(
      /^(?:medium|high|critical): .+, .+@example\.com, .+ km from /,
    );
    const target = await exit.getAttribute("href");
    await page.keyboard.press("Enter");
    await page.locator(`${target}[open]`).waitFor();
    expect(await page.evaluate("document.activeElement.tagName")).toBe("SUMMARY");
  });

  test("breaks a service and mends it, and makes and removes an exception", async () => {
    const sns = page.getByRole("button", { name: "SNS is down" });
    await sns.click();
    await page.locator("#chaos-sns[aria-pressed=true]").waitFor();
    expect(run.faults.sns.fault()).not.toBeNull();
    await sns.click();
    await page.locator("#chaos-sns[aria-pressed=false]").waitFor();
    const alert = page
      .locator("details.alert")
      .filter({ has: page.locator("form.except") })
      .first();
    if ((await alert.getAttribute("open")) === null) await alert.locator("summary").click();
    await alert.getByRole("button", { name: "this person" }).click();
    const remove = page.locator("#exceptions button");
    await remove.waitFor();
    await remove.click();
    await page.locator("#exceptions").getByText("None.").waitFor();
  });

  test.each([
    { colorScheme: "light", names: ["Slack", "PagerDuty", "JSON", "Phone"] },
    { colorScheme: "dark", names: ["Teams"] },
  ] as const)("has no serious barrier in the $colorScheme scheme, and fits 360 px", async ({ colorScheme, names }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.getByRole("button", { name: "Tor", exact: true }).click();
    // The alert that was newest before is closed by then.
    await page.locator("#announcement", { hasText: "sign-in through Tor" }).waitFor({ state: "attached" });
    for (const name of names) {
      await page.locator("details.alert[open] label", { hasText: name }).click();
      expect(await findBarriers(page)).toEqual([]);
    }
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await isTooWide(page)).toBe(false);
    expect(await findBarriers(page)).toEqual([]);
  });

  test("heads each alert with a login on whole lines, from 360 px on", async () => {
    const heights = `[...document.querySelectorAll("details.alert .who")].map((who) => who.getClientRects().length > 0
      && who.getBoundingClientRect().height / Number.parseFloat(getComputedStyle(who).lineHeight))`;
    for (const width of [360, 640, 1000, 1100, 1280]) {
      await page.setViewportSize({ width, height: 740 });
      const lines = (await page.evaluate(heights)) as readonly number[];
      expect(lines.length).toBeGreaterThan(5);
      expect(Math.max(...lines)).toBeLessThanOrEqual(2.5);
    }
  });

  test("breaks a long login within the screen, in each form of its alert", async () => {
    const login = `${"a".repeat(60)}${"verylongfamilyname".repeat(5)}@subsidiary-of-a-long-name.example.com`;
    const actor = { id: "00ulong", type: "User", alternateId: login, displayName: login };
    const response = await fetch(run.url, {
      method: "POST",
      headers: { authorization: hookSecret, "content-type": "application/json" },
      body: JSON.stringify(delivery([sessionStart({ actor })])),
    });
    expect(response.status).toBe(204);
    const alert = page.locator("details.alert").filter({ hasText: login }).first();
    await alert.waitFor();
    for (const width of [360, 1_280]) {
      await page.setViewportSize({ width, height: 740 });
      for (const isOpen of [false, true]) {
        await alert.evaluate((element, open) => element.toggleAttribute("open", open), isOpen);
        expect(await isTooWide(page)).toBe(false);
      }
      for (const label of await alert.locator(".views > label").all()) {
        await label.click();
        expect(await isTooWide(page)).toBe(false);
      }
    }
  });

  test("shows hostile names and user agents as text", async () => {
    const hostile = `"><img src=x onerror=alert(1)></script><script>alert(2)</script>`;
    const actor = { id: "00uhostile", type: "User", alternateId: hostile, displayName: hostile };
    const client = {
      ipAddress: "203.0.113.9",
      userAgent: { rawUserAgent: hostile, os: hostile, browser: hostile },
      geographicalContext: { city: hostile, country: hostile, geolocation: { lat: 10, lon: 10 } },
    };
    const published = new Date().toISOString();
    await fetch(run.url, {
      method: "POST",
      headers: { authorization: hookSecret, "content-type": "application/json" },
      body: JSON.stringify(delivery([sessionStart({ published, actor, client })])),
    });
    const alert = page.locator("details.alert[open]", { hasText: "<img src=x" });
    await alert.waitFor();
    for (const label of await alert.locator("label").all()) await label.click();
    expect(await page.locator("img, iframe, object, script:not([type=module])").count()).toBe(0);
  });

  test("reads without JavaScript: what was delivered, the alerts in all forms, and the buttons work", async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const plain = await context.newPage();
    await plain.goto(run.url);
    expect(await plain.locator("details.alert[open]").count()).toBe(1);
    await plain.locator("details.alert[open] label", { hasText: "Slack" }).click();
    expect(await plain.locator("details.alert[open] section.view:visible").textContent()).toContain("Next steps");
    const before = await plain.locator("#deliveries > li").count();
    await plain.getByRole("button", { name: "Ordinary sign-in" }).click();
    await expect.poll(() => plain.locator("#deliveries > li").count()).toBe(before + 1);
    await context.close();
  });
});
