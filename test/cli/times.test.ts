import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { parseEnd, parseSince, parseUntil, readTime } from "../../cli/times.ts";

const now = Date.parse("2026-11-26T12:00:00Z");
beforeEach(() => void vi.useFakeTimers({ now }));
afterEach(() => void vi.useRealTimers());

const iso = (time: number | Date) => new Date(time).toISOString();

describe("a time of the command line", () => {
  test.each([
    ["30d", "2026-10-27T12:00:00.000Z", "2026-10-27T12:00:00.000Z", "2026-12-26T12:00:00.000Z"],
    ["12h", "2026-11-26T00:00:00.000Z", "2026-11-26T00:00:00.000Z", "2026-11-27T00:00:00.000Z"],
    ["2026-12-31", "2026-12-31T00:00:00.000Z", "2027-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"],
    ["2028-02-29", "2028-02-29T00:00:00.000Z", "2028-03-01T00:00:00.000Z", "2028-03-01T00:00:00.000Z"],
    ["2026-12-31T10:00Z", ...Array(3).fill("2026-12-31T10:00:00.000Z")],
    ["2026-12-31T10:00", ...Array(3).fill("2026-12-31T10:00:00.000Z")],
    ["2026-12-31t10:00:05z", ...Array(3).fill("2026-12-31T10:00:05.000Z")],
    ["2026-12-31T10:00:05.123+01:00", ...Array(3).fill("2026-12-31T09:00:05.123Z")],
    ["2026-12-31 10:00-0530", ...Array(3).fill("2026-12-31T15:30:00.000Z")],
  ])("%s begins a past at %s, ends one at %s, and ends what begins now at %s", (text, since, until, end) => {
    expect([iso(parseSince(text)), iso(parseUntil(text)), iso(parseEnd(text))]).toEqual([since, until, end]);
  });

  test.each([
    ["lately"],
    [""],
    ["0d"],
    ["-3d"],
    ["30 days"],
    ["1 Jan 2099"],
    ["2026-02-30"],
    ["2026-13-01"],
    ["2026-12-31T25:00Z"],
    ["2026-12-31T"],
    ["20261231"],
    ["2026-12-31T10:00Z tomorrow"],
  ])("%j is refused, with the forms that there are", (text) => {
    expect(() => readTime(text)).toThrow("30d or 12h, a day (2026-12-31), or a time (2026-12-31T10:00Z) is expected");
  });

  test("a bare number is asked for with its unit", () => {
    expect(() => readTime("90")).toThrow("is expected: for 90 days write 90d");
  });
});
