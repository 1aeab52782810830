import { readFile } from "node:fs/promises";
import type { OnLoadResult, Plugin } from "esbuild";

/**
 * A module that is this value. It is parsed as JSON when the module is loaded: Node.js reads a text several times as fast as
 * the same value as JavaScript (https://v8.dev/blog/cost-of-javascript-2019#json).
 *
 * @param exporting how: packages also ask by `require` for theirs
 */
export function parsedJson(
  value: unknown,
  exporting: "export default" | "module.exports =",
): Pick<OnLoadResult, "contents" | "loader"> {
  return { contents: `${exporting} JSON.parse(${JSON.stringify(JSON.stringify(value))});`, loader: "js" };
}

/** Loads JSON files of packages as {@link parsedJson}. */
export const jsonPlugin: Plugin = {
  name: "JSON as a text",
  setup({ onLoad }) {
    onLoad({ filter: /\/node_modules\/.*\.json$/ }, async ({ path }) =>
      parsedJson(JSON.parse(await readFile(path, "utf8")), "module.exports ="),
    );
  },
};
