import { dirname, join, relative } from "node:path";
import type { Plugin } from "esbuild";
import { loadDetections } from "../lambda/adapters/rule-files/load-detections.ts";
import { loadSeverityOf } from "../lambda/adapters/rule-files/load-severity.ts";
import { chooseCorrelated, type DetectionContents } from "../lambda/core/detections/choose-correlated.ts";
import type { Correlation } from "../lambda/core/sigma/correlation.ts";
import type { Rule } from "../lambda/core/sigma/rule.ts";
import { parsedJson } from "./json-plugin.ts";

/** The end of the import of detections that run only where a setting switches them on. */
const experimentalEnding = "*.experimental.yml";

/**
 * Resolves an import of `*.yml` to the checked Sigma rules and correlations of that folder that run by default, with those that
 * such correlations refer to, one of `*.experimental.yml` to all others, and one of `severity.yml` to the checked adjustments of
 * that file, and of such files of the further folders, so that no YAML parser is deployed.
 *
 * @param further folders of detections that are bundled beside those of the folder
 */
export const createRulesPlugin = (further: readonly string[] = []): Plugin => ({
  name: "sigma-rules",
  setup(build) {
    // Names of chunks and source maps are made of paths: those of one checkout would make another's functions differ, and be deployed again.
    const { absWorkingDir: root = process.cwd() } = build.initialOptions;
    build.onResolve({ filter: /\/\*(?:\.experimental)?\.yml$/ }, ({ resolveDir, path }) => ({
      path: relative(root, join(resolveDir, dirname(path))),
      namespace: "sigma-rules",
      suffix: path.endsWith(experimentalEnding) ? `?${experimentalEnding}` : "",
    }));
    build.onLoad({ filter: /.*/, namespace: "sigma-rules" }, ({ path: folder, suffix }) =>
      asJson(async () => {
        const { rules, correlations, warnings } = await loadDetections(join(root, folder), ...further);
        const all = {
          rules: rules.map((each) => each.content),
          correlations: correlations.map((each) => each.content),
        };
        const standard = chooseCorrelated(all, { experimental: false });
        const isStandard = suffix === "";
        const content: DetectionContents = {
          rules: all.rules.filter((rule) => standard.evaluated.includes(rule) === isStandard).map(withoutOrigin),
          correlations: all.correlations
            .filter((each) => standard.correlations.includes(each) === isStandard)
            .map(withoutOrigin),
        };
        return { content, warnings };
      }),
    );
    build.onResolve({ filter: /\/severity\.yml$/ }, ({ resolveDir, path }) => ({
      path: relative(root, join(resolveDir, path)),
      namespace: "severity",
    }));
    build.onLoad({ filter: /.*/, namespace: "severity" }, ({ path: file }) =>
      asJson(async () => {
        const warnings: string[] = [];
        const folder = join(root, dirname(file));
        const content = await loadSeverityOf([folder, ...further], (warning) => warnings.push(warning));
        return { content, warnings };
      }),
    );
  },
});

/** Leaves out what no function reads, as every first delivery loads it: functions see a detection without author, date, and titles of filters. */
function withoutOrigin<Detection extends Rule | Correlation>(detection: Detection): Detection {
  return { ...detection, author: undefined, date: undefined, filters: undefined };
}

async function asJson(load: () => Promise<{ readonly content: unknown; readonly warnings: readonly string[] }>) {
  try {
    const { content, warnings } = await load();
    return { ...parsedJson(content, "export default"), warnings: warnings.map((text) => ({ text })) };
  } catch (error) {
    return { errors: [{ text: error instanceof Error ? error.message : String(error) }] };
  }
}
