import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { ask, isYes } from "../../cli/question.ts";

/** A terminal, on which keys are pressed once the question stands there. */
async function answerOf(keys: string): Promise<{ readonly answer: string | null; readonly shown: string }> {
  const input = new PassThrough();
  const output = Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY: true, columns: 80 });
  let shown = "";
  output.on("data", (text: string) => {
    if (shown === "") input.write(keys);
    shown += text;
  });
  const answer = await ask("Go on? ", { input, output });
  return { answer, shown };
}

test("the line that is typed is the answer, without space around it", async () => {
  expect((await answerOf(" yes \r")).answer).toBe("yes");
});

test.each([
  ["Ctrl-C", "\u0003"],
  ["Ctrl-D", "\u0004"],
  ["Ctrl-C after a part of an answer", "ye\u0003"],
])("%s is no answer, and what is said next stands on a line of its own", async (_, keys) => {
  const { answer, shown } = await answerOf(keys);
  expect(answer).toBeNull();
  expect(shown).toContain("Go on? ");
  expect(shown.endsWith("\n")).toBe(true);
});

test("the end of the input is no answer", async () => {
  const input = new PassThrough();
  input.end();
  expect(await ask("Go on? ", { input, output: new PassThrough() })).toBeNull();
});

test("y and yes are yes, in any case; everything else is no", () => {
  expect(["y", "Y", "yes", "YES"].map(isYes)).toEqual([true, true, true, true]);
  expect([null, "", "n", "yess", "yes please"].map(isYes)).toEqual([false, false, false, false, false]);
});
