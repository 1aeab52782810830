import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { ask, askSecret, isYes } from "../../cli/question.ts";

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

describe("a secret", () => {
  async function secretOf(keys: string, isTTY: boolean) {
    const input = Object.assign(new PassThrough(), { isTTY });
    const output = new PassThrough({ encoding: "utf8" });
    const asked = askSecret("Token: ", { input, output });
    for (const key of keys) input.write(key);
    if (!isTTY) input.end();
    return { answer: await asked, shown: String(output.read()) };
  }

  test.each([true, false])("is not shown while it is typed or piped in (at a terminal: %s)", async (isTTY) => {
    const { answer, shown } = await secretOf(" 00-secret \r", isTTY);
    expect(answer).toBe("00-secret");
    expect(shown).toBe("Token: \n");
  });

  test.each([
    ["Ctrl-C", "00-sec\u0003", true],
    ["Ctrl-D", "\u0004", true],
    ["the end of the input", "", false],
  ])("is none after %s", async (_, keys, isTTY) => {
    expect(await secretOf(keys, isTTY)).toEqual({ answer: null, shown: "Token: \n" });
  });
});

test("y and yes are yes, in any case; everything else is no", () => {
  expect(["y", "Y", "yes", "YES"].map(isYes)).toEqual([true, true, true, true]);
  expect([null, "", "n", "yess", "yes please"].map(isYes)).toEqual([false, false, false, false, false]);
});
