import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

/**
 * Tells esbuild that the functions which the indexes of `@smithy/core` bind as they load (`export const v4 = bindV4(…)`) do nothing else:
 * a bundle that uses none of them leaves them out, with what they bind. They are a fourth of the code that calls AWS, and load WebCrypto.
 */
export const pureBindingsPlugin: Plugin = {
  name: "bound functions of packages",
  setup({ onLoad }) {
    onLoad({ filter: /\/node_modules\/@smithy\/core\/dist-es\/submodules\/[\w-]+\/index\.js$/ }, async ({ path }) => {
      const code = await readFile(path, "utf8");
      const contents = code.replace(/^(export const \w+ = )(bind\w+\()/gm, "$1/* @__PURE__ */ $2");
      return { contents, loader: "js" };
    });
  },
};
