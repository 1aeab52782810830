import { expect, test } from "vitest";
import { rememberEvents } from "../../../cli/backtest/seen-events.ts";

test("an event is new once, whatever its uuid is, while the table grows", () => {
  const seen = rememberEvents();
  const uuids = ["", "é", "\ud800", crypto.randomUUID()];
  for (let index = 0; index < 300_000; index += 1) uuids.push(`event-${index}`, index.toString(16).padStart(36, "0"));
  const isNew = uuids.map((uuid) => seen.add(uuid));
  expect(isNew.filter((each) => !each)).toEqual([]);
  expect(uuids.filter((uuid) => seen.add(uuid))).toEqual([]);
});
