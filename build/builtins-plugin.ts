import type { Plugin } from "esbuild";

/**
 * Modules of Node.js of which an import by ESM costs processor time: it reads all of their properties, so that `node:http` loads the whole
 * of `fetch` and `WebSocket` for its `WebSocket`. Measured: 35 milliseconds of a cold start's processor time.
 */
const costly = /^(?:node:)?(?:https?|http2)$/;

/**
 * Takes those modules by `process.getBuiltinModule`, which reads no property. The bundle reads only the ones that it uses
 * (https://nodejs.org/api/process.html#processgetbuiltinmoduleid).
 */
export const builtinsPlugin: Plugin = {
  name: "built-in modules without all of their properties",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: costly }, ({ path, kind }) => {
      if (kind !== "import-statement" && kind !== "dynamic-import") return null;
      return { path: path.replace(/^node:/, ""), namespace: "built-in" };
    });
    onLoad({ filter: /./, namespace: "built-in" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule("node:${path}");`,
      loader: "js",
    }));
  },
};
