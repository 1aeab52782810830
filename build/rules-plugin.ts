import type { Plugin } from "esbuild";
import { loadDetections } from "./load-detections.ts";

/** Resolves an import of `./*.yml` to the checked Sigma rules of that folder, so that no YAML parser is deployed. */
export const rulesPlugin: Plugin = {
  name: "sigma-rules",
  setup(build) {
    build.onResolve({ filter: /^\.\/\*\.yml$/ }, ({ resolveDir }) => ({ path: resolveDir, namespace: "sigma-rules" }));
    build.onLoad({ filter: /.*/, namespace: "sigma-rules" }, async ({ path: folder }) => {
      try {
        const { rules, warnings } = await loadDetections(folder);
        return {
          contents: JSON.stringify(rules.map(({ content }) => content)),
          loader: "json",
          warnings: warnings.map((text) => ({ text })),
        };
      } catch (error) {
        return { errors: [{ text: error instanceof Error ? error.message : String(error) }] };
      }
    });
  },
};
