import { stringify } from "yaml";
import { describeSettings, settingsJsonSchema } from "../infra/settings.ts";
import { defaultSettingsFile } from "../infra/settings-places.ts";
import { fillLines } from "./fill-lines.ts";

const lineWidth = 120;

/** Breaks a sentence into comment lines. */
const comment = (text: string) =>
  fillLines(text.split(" "), lineWidth - "# ".length)
    .map((line) => `# ${line}\n`)
    .join("");

/** A file with every setting commented out: its meaning, its default, and a value, which is the default where there is one. */
export function exampleSettings(): string {
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

/** The JSON Schema of the settings file. */
export const settingsSchemaText = () => `${JSON.stringify(settingsJsonSchema(), null, 2)}\n`;
