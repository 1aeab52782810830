import { expect, test } from "vitest";
import { judgeWindow, leaseMilliseconds, newWindow } from "../../../lambda/core/grouping/window.ts";
import type { SuppressionWindow } from "../../../lambda/core/history/suppression-window.ts";

const now = Date.parse("2026-11-24T09:30:03Z");
const hour = 3_600_000;
const stored = (changes: Partial<SuppressionWindow>): SuppressionWindow => ({
  ...newWindow("f", "first", new Date(now - hour), 120),
  published: true,
  ...changes,
});

test.each<[string, Partial<SuppressionWindow>, "suppress" | "alert"]>([
  ["its end", {}, "suppress"],
  ["a day, whatever end is written into the table", { openedAt: now - 25 * hour, until: now + 9_000 * hour }, "alert"],
  ["no time, where it is opened in the future", { openedAt: now + 9_000 * hour, until: now + 9_001 * hour }, "alert"],
])("a window suppresses until %s", (_, changes, kind) => {
  expect(judgeWindow(stored(changes), newWindow("f", "second", new Date(now), 120)).kind).toBe(kind);
});

test.each([
  ["was judged a true positive meanwhile, whatever that was about", now - 1, "alert"],
  ["was judged so before the window", now - hour, "suppress"],
] as const)("a person who %s: %s", (_, judged, kind) => {
  const attack = { verdict: "true-positive", note: "", by: "ana", at: new Date(judged).toISOString() } as const;
  const judgement = judgeWindow(stored({ suppressed: 2 }), newWindow("f", "second", new Date(now), 120), attack);
  expect(judgement.kind).toBe(kind);
  if (judgement.kind === "alert") expect(judgement.window.reported.count).toBe(2);
});

test("while its alert is not published, a window keeps others waiting for as long as a function works on one, and not its own retry", () => {
  const judge = (opened: number, id = "second") =>
    judgeWindow(
      stored({ openedAt: opened, until: now + hour, published: false }),
      newWindow("f", id, new Date(now), 120),
    ).kind;
  expect(judge(now - leaseMilliseconds + 1)).toBe("wait");
  expect(judge(now - leaseMilliseconds)).toBe("alert");
  expect(judge(now - 1, "first")).toBe("alert");
  expect(judgeWindow(stored({}), newWindow("f", "first", new Date(now), 120)).kind).toBe("alert");
});

test("an alert reports what a window of too long an end suppressed", () => {
  const window = stored({ openedAt: now - 25 * hour, until: now + 9_000 * hour, suppressed: 3 });
  expect(judgeWindow(window, newWindow("f", "second", new Date(now), 120))).toMatchObject({
    kind: "alert",
    window: { reported: { count: 3 } },
  });
});
