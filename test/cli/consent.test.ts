import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { asksConsent } from "../../../cli/exceptions/consent.ts";

async function answer(text: string): Promise<{ readonly goesOn: boolean; readonly shown: string }> {
  const input = new PassThrough();
  const output = new PassThrough({ encoding: "utf8" });
  input.end(text);
  const goesOn = await asksConsent("Except anyone?", {
    yes: false,
    isTerminal: true,
    args: [],
    terminal: { input, output },
  });
  return { goesOn, shown: String(output.read()) };
}

test.each([
  ["y\n", true],
  ["yes\n", true],
  ["n\n", false],
  ["\n", false],
  ["", false],
])("at a terminal the answer %j decides, and no answer is no", async (text, goesOn) => {
  const asked = await answer(text);
  expect(asked.goesOn).toBe(goesOn);
  expect(asked.shown).toContain("Except anyone? [y/N] ");
});

test("--yes asks nothing", async () => {
  expect(await asksConsent("Except anyone?", { yes: true, isTerminal: false, args: [] })).toBe(true);
});

test("without a terminal it is refused with a line that a shell reads as the same arguments", async () => {
  const args = ["add", "--reason", "it's $HOME; `x`", "--user", "ada@example.com"];
  await expect(asksConsent("Except?", { yes: false, isTerminal: false, args })).rejects.toThrow(
    "npx okta-proxy-watch exceptions add --reason 'it'\\''s $HOME; `x`' --user ada@example.com --yes",
  );
});
