import { expect, test } from "vitest";
import { wordEnd } from "../../../lambda/core/text/word-end.ts";

test.each<[text: string, room: number, beginning: string]>([
  ["risk HIGH; New Device", 40, "risk HIGH; New Device"],
  ["risk HIGH; New Device", 20, "risk HIGH; New"],
  ["risk HIGH; New Device", 14, "risk HIGH; New"],
  ["risk HIGH; New Device", 13, "risk HIGH"],
  ["granted Super administrator to mei@example.com", 35, "granted Super administrator"],
  ["sign-in through the proxy of Example", 30, "sign-in through the proxy"],
  [`Who: ${"a".repeat(60)}`, 20, `Who: ${"a".repeat(15)}`],
  ["", 0, ""],
  ["a b", 0, ""],
])("%j in a room of %d ends behind a word: %j", (text, room, beginning) => {
  expect(text.slice(0, wordEnd(text, room))).toBe(beginning);
});
