import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "esbuild";
import { loadRules } from "./load-rules.ts";

/** Resolves an import of `./*.yml` to the checked Sigma rules of that folder, so that no YAML parser is deployed. */
export const rulesPlugin: Plugin = {
  name: "sigma-rules",
  setup(build) {
    build.onResolve({ filter: /^\.\/\*\.yml$/ }, ({ resolveDir }) => ({ path: resolveDir, namespace: "sigma-rules" }));
    build.onLoad({ filter: /.*/, namespace: "sigma-rules" }, async ({ path: folder }) => {
      const files = await readdir(folder);
      try {
        return {
          contents: JSON.stringify(await loadRules(folder)),
          loader: "json",
          watchDirs: [folder],
          watchFiles: files.map((file) => join(folder, file)),
        };
      } catch (error) {
        return { errors: [{ text: error instanceof Error ? error.message : String(error) }] };
      }
    });
  },
};
