import { describe, expect, test } from "vitest";
import { createRateLimits } from "../../../lambda/adapters/okta-api/rate-limits.ts";

const now = Date.parse("2026-11-26T07:00:00Z");
const url = "https://example.okta.com/oauth2/v1/token";
const inSeconds = (seconds: number) => `${now / 1_000 + seconds}`;
const date = (seconds: number) => new Date(now + seconds * 1_000).toUTCString();

/** Milliseconds that are waited after an answer. */
function waitAfter(status: number, headers: Record<string, string>, share = 1): number {
  const limits = createRateLimits(share, () => now);
  limits.learn(url, { status, headers: new Headers(headers) });
  return Math.max(0, limits.notBefore(url) - now);
}

describe("after a refusal", () => {
  test.each([
    ["the reset by both clocks", { date: date(0), "x-rate-limit-reset": inSeconds(30) }, 30_250],
    ["the reset without a date", { "x-rate-limit-reset": inSeconds(30) }, 30_250],
    ["the reset by Okta's clock", { date: date(3_600), "x-rate-limit-reset": inSeconds(3_630) }, 30_250],
    ["the reset by ours, the date being late", { date: date(-3_600), "x-rate-limit-reset": inSeconds(30) }, 30_250],
    ["the reset by ours, the date being early", { date: date(3_600), "x-rate-limit-reset": inSeconds(30) }, 30_250],
    ["a reset beyond a window", { date: date(0), "x-rate-limit-reset": inSeconds(600) }, 600_250],
    ["the later of two resets", { "x-rate-limit-reset": `${inSeconds(20)}, ${inSeconds(30)}` }, 30_250],
    ["seconds of Retry-After", { "retry-after": "20" }, 20_250],
    ["a date of Retry-After", { "retry-after": date(20) }, 20_250],
    ["a date of Retry-After by the answer's", { date: date(3_600), "retry-after": date(3_620) }, 20_250],
    ["a pause without a time", {}, 500],
    ["a pause after the zeros of a limit of concurrent requests", { "x-rate-limit-reset": "0" }, 500],
    ["a pause without a readable time", { "x-rate-limit-reset": "soon", "retry-after": "later" }, 500],
  ])("what is waited is %s", (_, headers: Record<string, string>, milliseconds) => {
    expect(waitAfter(429, headers)).toBe(milliseconds);
  });
});

describe("after an answer", () => {
  const headers = (remaining: string) => ({
    "x-rate-limit-limit": "100",
    "x-rate-limit-remaining": remaining,
    "x-rate-limit-reset": inSeconds(30),
  });
  test.each([
    ["99", 0],
    ["50, 50", 30_250],
    ["51, 51", 0],
    ["0", 30_250],
    ["", 0],
    ["many", 0],
  ])("of half a limit %s are left: %i milliseconds are waited", (remaining, milliseconds) => {
    expect(waitAfter(200, headers(remaining), 0.5)).toBe(milliseconds);
  });

  test("without headers nothing is waited", () => {
    expect(waitAfter(200, {})).toBe(0);
  });
});
