import { expect, test } from "vitest";
import { cutToFit, uniteCuts } from "../../../lambda/core/okta/cut-event.ts";

const identity = { uuid: "event-1", published: "2026-11-24T09:30:00.412Z", eventType: "user.session.start" };
const write = (event: unknown, cut: readonly string[] | null) => JSON.stringify({ event, cut });
const cutTo = (bytes: number, event: Record<string, unknown>, needed?: ReadonlySet<string>) =>
  JSON.parse(cutToFit({ ...identity, ...event }, bytes, write, needed)) as { event: unknown; cut: unknown };

test("an event that fits is whole", () => {
  expect(cutTo(1_000, { other: "x" })).toEqual({ event: { ...identity, other: "x" }, cut: null });
});

test("what neither rules nor alerts need is taken away, the largest first", () => {
  const { event, cut } = cutTo(1_000, { small: "x".repeat(100), large: "x".repeat(2_000), actor: { id: "00u1" } });
  expect(event).toEqual({ ...identity, small: "x".repeat(100), actor: { id: "00u1" } });
  expect(cut).toEqual(["large"]);
});

test("what rules and alerts need is shortened, its smallest parts last", () => {
  const junk = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`junk${index}`, "x".repeat(3_000)]));
  const { event, cut } = cutTo(60_000, { securityContext: { ...junk, isProxy: true, asNumber: 64500 } });
  expect(event).toMatchObject({ securityContext: { isProxy: true, asNumber: 64500, junk0: "x".repeat(1_000) } });
  expect(Object.keys((event as { securityContext: object }).securityContext)).toHaveLength(50);
  expect(cut).toEqual(["securityContext"]);
});

test("a field that a rule matched by is shortened as well", () => {
  const event = { transaction: { id: "t", detail: "x".repeat(5_000) } };
  expect(cutTo(2_000, event).event).toEqual(identity);
  expect(cutTo(2_000, event, new Set(["transaction"])).event).toEqual({
    ...identity,
    transaction: { id: "t", detail: "x".repeat(1_000) },
  });
});

test("lists and depth are shortened too, and what is too large even so is taken away", () => {
  const target = Array.from({ length: 500 }, (_, index) => ({ id: `target${index}`, displayName: "x".repeat(100) }));
  expect(cutTo(20_000, { target }).event).toMatchObject({ target: target.slice(0, 20) });
  expect(cutTo(1_000, { target })).toEqual({ event: identity, cut: ["target"] });
  let deep: unknown = "bottom";
  for (let level = 0; level < 20_000; level += 1) deep = { deep };
  expect(cutTo(20_000, { client: deep })).toMatchObject({ cut: ["client"], event: { client: { deep: {} } } });
});

test("cuts of one event at different times are listed together", () => {
  expect(uniteCuts(null, null)).toBeNull();
  expect(uniteCuts(["a"], null)).toEqual(["a"]);
  expect(uniteCuts(["a", "b"], ["b", "c"])).toEqual(["a", "b", "c"]);
});
