import { readFile } from "node:fs/promises";
import type { OnLoadResult, Plugin } from "esbuild";

/**
 * A module that is this value, for `import` and for `require`. It is parsed as JSON when the module is loaded: Node.js reads a text several times as fast as
 * the same value as JavaScript (https://v8.dev/blog/cost-of-javascript-2019#json).
 */
export function parsedJson(value: unknown): Pick<OnLoadResult, "contents" | "loader"> {
  return { contents: `module.exports = JSON.parse(${JSON.stringify(JSON.stringify(value))});`, loader: "js" };
}

/** Loads JSON files of packages as {@link parsedJson}. */
export const jsonPlugin: Plugin = {
  name: "JSON as a text",
  setup({ onLoad }) {
    onLoad({ filter: /\/node_modules\/.*\.json$/ }, async ({ path }) =>
      parsedJson(JSON.parse(await readFile(path, "utf8"))),
    );
  },
};
