import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { drawPreview } from "../../cli/alert-preview.ts";
import { viewNames } from "../../pages/alert-views.ts";
import { browserPath, findBarriers, isTooWide, openBrowser, orSkipped, watchFaults } from "../fixtures/browser.ts";
import { cases } from "../fixtures/cases.ts";
import { spawnCli } from "../fixtures/command.ts";

test("send-test-alert --preview writes a page with the samples' alerts in every form, without access to AWS", async () => {
  const folder = join(await mkdtemp(join(tmpdir(), "preview-")), "new");
  const nothing = { AWS_EC2_METADATA_DISABLED: "true", SETTINGS_FILE: "/dev/null" };
  const { code, stdout, stderr } = await spawnCli("send-test-alert", ["--preview", folder], { environment: nothing });
  expect([code, stdout, stderr]).toEqual([0, `${join(folder, "alerts.html")}\n`, ""]);
  const page = await readFile(join(folder, "alerts.html"), "utf8");
  expect(page).toContain("[high] sign-in through Tor: ada@example.com, Canada</h2>");
  expect(page).toContain("[medium] failed sign-in through");
  expect(page).toMatch(/<h2[^>]*>\[critical\] chain of 4 acts/);
  expect(page).toMatch(/<h2[^>]*>\[\w+\] storm of /);
  expect(page).toMatch(/It stands in a storm of \d+ failed attempts/);
  // The preview has a history of its own: none of it reads like an outage.
  expect(page).not.toContain("could not be read");
  for (const name of viewNames) expect(page).toContain(`aria-label="${name}"`);
  // What a phone shows: subject, and the first line.
  expect(page).toMatch(
    /<p class="title">\[high\] sign-in through Tor[^<]*<\/p><p class="text">HIGH: sign-in through Tor Who: Ada/,
  );
  expect(page.match(/(?:src|<link[^>]* href)="(?!data:)/g)).toBeNull();
});

test("a preview has every text of others as text, and no link but those of the alert", () => {
  const alert = cases["hostile-names"]?.();
  if (alert === undefined) throw new Error("no such case");
  const { text } = drawPreview([alert]);
  expect(text).not.toMatch(/<img|<script|<iframe|javascript:/i);
  const links = [...text.matchAll(/<a href="([^"]*)"/g)].map(([, href = ""]) => href.replaceAll("&amp;", "&"));
  const ours = new Set(Object.values(alert.links).flatMap((link) => link ?? []));
  expect(links.length).toBeGreaterThan(0);
  expect(links.filter((link) => !ours.has(link))).toEqual([]);
});

test.skipIf(browserPath === null)(`a preview fits a phone, and has no serious barrier${orSkipped}`, async () => {
  const browser = await openBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 360, height: 740 } });
    const faults = watchFaults(page);
    const alerts = ["tor-far-from-home", "privilege-granted", "storm-update"].flatMap((name) => cases[name]?.() ?? []);
    expect(alerts).toHaveLength(3);
    await page.setContent(drawPreview(alerts).text);
    expect(await isTooWide(page)).toBe(false);
    expect(await findBarriers(page)).toEqual([]);
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("section.view:visible").count()).toBe(3 * viewNames.length);
    expect(faults).toEqual([]);
  } finally {
    await browser.close();
  }
});
