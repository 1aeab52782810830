import { dirname, join } from "node:path";
import type { Plugin } from "esbuild";
import { loadDetections } from "../lambda/adapters/rule-files/load-detections.ts";
import { loadSeverity } from "../lambda/adapters/rule-files/load-severity.ts";

/** The end of the import of rules with `status: experimental`. */
const experimentalEnding = "*.experimental.yml";

/**
 * Resolves an import of `*.yml` to the checked Sigma rules of that folder that are not experimental, one of
 * `*.experimental.yml` to those that are, and one of `severity.yml` to the checked
 * adjustments of that file, so that no YAML parser is deployed.
 *
 * @param further folders of rules that are bundled beside those of the folder
 */
export const createRulesPlugin = (further: readonly string[] = []): Plugin => ({
  name: "sigma-rules",
  setup(build) {
    build.onResolve({ filter: /\/\*(?:\.experimental)?\.yml$/ }, ({ resolveDir, path }) => ({
      path: join(resolveDir, dirname(path)),
      namespace: "sigma-rules",
      suffix: path.endsWith(experimentalEnding) ? `?${experimentalEnding}` : "",
    }));
    build.onLoad({ filter: /.*/, namespace: "sigma-rules" }, ({ path: folder, suffix }) =>
      asJson(async () => {
        const { rules, warnings } = await loadDetections(folder, ...further);
        const isExperimental = suffix !== "";
        const content = rules
          .map((rule) => rule.content)
          .filter(({ status }) => (status === "experimental") === isExperimental);
        return { content, warnings };
      }),
    );
    build.onResolve({ filter: /\/severity\.yml$/ }, ({ resolveDir, path }) => ({
      path: join(resolveDir, path),
      namespace: "severity",
    }));
    build.onLoad({ filter: /.*/, namespace: "severity" }, ({ path: file }) =>
      asJson(async () => {
        const warnings: string[] = [];
        const content = await loadSeverity(file, (warning) => warnings.push(warning));
        return { content, warnings };
      }),
    );
  },
});

async function asJson(load: () => Promise<{ readonly content: unknown; readonly warnings: readonly string[] }>) {
  try {
    const { content, warnings } = await load();
    return {
      contents: JSON.stringify(content),
      loader: "json" as const,
      warnings: warnings.map((text) => ({ text })),
    };
  } catch (error) {
    return { errors: [{ text: error instanceof Error ? error.message : String(error) }] };
  }
}
