import { PassThrough } from "node:stream";
import { afterEach, expect, test } from "vitest";
import { createCommand, runCommand } from "../../cli/command.ts";
import { asksConsent } from "../../cli/consent.ts";

afterEach(() => {
  process.exitCode = undefined;
});

async function answer(text: string): Promise<{ readonly goesOn: boolean; readonly shown: string }> {
  const input = new PassThrough();
  const output = new PassThrough({ encoding: "utf8" });
  input.end(text);
  const goesOn = await asksConsent("Except anyone?", { yes: false, isTerminal: true, terminal: { input, output } });
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
  expect(process.exitCode).toBe(goesOn ? undefined : 1);
});

test("--yes asks nothing", async () => {
  expect(await asksConsent("Except anyone?", { yes: true, isTerminal: false })).toBe(true);
});

test("without a terminal it is refused with a line that a shell reads as the same arguments", async () => {
  const args = ["--reason", "it's $HOME; `x`", "--user", "ada@example.com"];
  let refused: unknown;
  const command = createCommand("exceptions", "Asks.")
    .requiredOption("--reason <text>")
    .requiredOption("--user <text>")
    .action(async () => {
      refused = await asksConsent("Except?", { yes: false, isTerminal: false }).catch((error: unknown) => error);
    });
  await runCommand(command, args);
  expect(String(refused)).toContain(
    "npx okta-proxy-watch exceptions --reason 'it'\\''s $HOME; `x`' --user ada@example.com --yes",
  );
});
