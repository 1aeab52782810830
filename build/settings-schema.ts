import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { describeSettings, settingsJsonSchema } from "../infra/settings.ts";
import { defaultSettingsFile } from "../infra/settings-file.ts";

/*
 * Writes docs/settings.schema.json and settings.example.yml from the schema of the settings. With --check it writes
 * nothing, and fails when a file differs.
 */

const lineWidth = 120;

/** Breaks a sentence into comment lines. */
function comment(text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && line.length + word.length + 3 > lineWidth) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.map((line) => `# ${line}\n`).join("");
}

/** A file with every setting commented out: its meaning, its default, and a value, which is the default where there is one. */
function exampleSettings(): string {
  const head = [
    "# yaml-language-server: $schema=./docs/settings.schema.json",
    comment(
      `Every setting, with its default. Copy what you change to ${defaultSettingsFile} beside this file, and commit it: it holds no secret. npx okta-proxy-watch deploy reads it each time.`,
    ),
  ].join("\n");
  const settings = describeSettings().map(({ name, description, default: standard, example }) => {
    const isNone = standard === null || (Array.isArray(standard) && standard.length === 0);
    const line = isListOfTexts(example)
      ? `${name}: [${example.join(", ")}]\n`
      : stringify({ [name]: example }, { lineWidth: 0 });
    return `${comment(`${description} Default: ${isNone ? "none" : "as here"}.`)}${line.replace(/^(?=.)/gm, "#")}`;
  });
  return `${[head, ...settings].join("\n")}`;
}

/** Lists of texts fit on a line; other lists do not. */
const isListOfTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === "string");

const files = {
  "docs/settings.schema.json": () => `${JSON.stringify(settingsJsonSchema(), null, 2)}\n`,
  "settings.example.yml": exampleSettings,
} as const;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, make] of Object.entries(files)) {
    const file = fileURLToPath(new URL(`../${name}`, import.meta.url));
    if (!process.argv.includes("--check")) {
      await writeFile(file, make());
    } else if ((await readFile(file, "utf8").catch(() => "")) !== make()) {
      process.stderr.write(`${name} is not what settings are: npm run schema writes it anew\n`);
      process.exitCode = 1;
    }
  }
}
