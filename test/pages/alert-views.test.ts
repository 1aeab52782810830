import { expect, test } from "vitest";
import { drawViews } from "../../pages/alert-views.ts";
import { cases } from "../fixtures/cases.ts";

/** The forms of the alert about a chain of acts. */
function drawChain(): string {
  const alert = cases["attack-chain"]?.() ?? expect.unreachable();
  return drawViews({ alert, subject: "a subject", email: "a mail", sms: "an SMS" }, "1").toString();
}

test("a heading of a chat message is bold, and shows none of its markup", () => {
  const chat = drawChain();
  expect(chat).toContain("<p><strong>What happened</strong>");
  expect(chat).toContain("<p><strong>What to undo</strong>");
  expect(chat).not.toMatch(/<p>\*/);
});

test("each act that is to be undone has its link, the older ones of the System Log, too", () => {
  const [, list = ""] = /What to undo<\/strong>(.*?)<p><strong>/s.exec(drawChain()) ?? [];
  const acts = list.match(/https:/g) ?? [];
  const links = [...list.matchAll(/<a href="(https:[^"]*)"[^>]*>([^<]*)<\/a>/g)];
  expect(links.length).toBeGreaterThan(1);
  expect(links.some(([, href = ""]) => href.includes("%22"))).toBe(true);
  for (const [, href, text] of links) expect(text).toBe(href);
  expect(acts).toHaveLength(2 * links.length);
});
