import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { type Loader, type Metafile, transform } from "esbuild";
import { sharedPrefix } from "./shared-modules.ts";

/** Modules that may exist twice in a process all the same, by the start of their paths, with the reason. */
export const harmless: Readonly<Record<string, string>> = {
  "node_modules/@aws-lambda-powertools/commons/": "base classes of the logger and of the metrics, which share nothing",
  "node_modules/@aws-lambda-powertools/logger/":
    "each copy writes its own lines, and a line has all that it says by its call",
  "node_modules/@aws-sdk/xml-builder/":
    "a service is called directly or by the SDK, and no object of one reaches the other",
  "node_modules/@smithy/": "likewise",
  "node_modules/p-map/": "only its symbols, which nothing uses",
  "lambda/core/okta/log-event.ts": "no event is asked for its class",
  "lambda/core/sigma/rule.ts": "its error is caught by the copy of the compiler that throws it, or not at all",
  "built-in:": "hands on a module of Node.js, which exists once",
  "node_modules/@aws/lambda-invoke-store/": "keeps its only instance in `globalThis.awslambda`",
};

/**
 * What of a module's code two copies would not share: what can be assigned anew, a collection that starts empty, a symbol,
 * a class, which `instanceof` compares.
 *
 * @param code as esbuild prints it: a statement of the module itself starts a line
 * @returns the lines
 */
export function stateOf(code: string): string[] {
  const empty = String.raw`\[\]|\{\}|new (?:Map|Set|WeakMap|WeakSet|AsyncLocalStorage)\(\)`;
  const state = new RegExp(
    String.raw`^(?:export )?(?:(?:let|var|class) .*|const \w+ = (?:/\* @__PURE__ \*/ )?(?:(?:${empty});|Symbol\(|class\b).*)$`,
    "gm",
  );
  return [...code.matchAll(state)].map(([line]) => line);
}

/**
 * Finds modules with a state that a function would have twice, as they stand in two of its files.
 *
 * @param outputs all files of one function, with their modules, by esbuild
 * @param root the folder that the modules' paths start from
 * @param excused see {@link harmless}
 * @returns a sentence for each module
 */
export async function findDoubledState(
  outputs: Metafile["outputs"],
  root: string,
  excused: Readonly<Record<string, string>> = harmless,
): Promise<string[]> {
  const filesOf = new Map<string, string[]>();
  for (const [file, { inputs }] of Object.entries(outputs)) {
    for (const [module, { bytesInOutput }] of Object.entries(inputs)) {
      // What a file takes from another one is there once.
      const isTaken = module.startsWith(sharedPrefix);
      if (bytesInOutput > 0 && !isTaken) filesOf.set(module, [...(filesOf.get(module) ?? []), file]);
    }
  }
  // Dependencies may be installed above the root.
  const isExcused = (module: string) =>
    Object.keys(excused).some((start) => module.replace(/^(?:\.\.\/)+/, "").startsWith(start));
  const doubled = [...filesOf].filter(([module, files]) => files.length > 1 && !isExcused(module));
  const faults = await Promise.all(
    doubled.map(async ([module, files]) => {
      const loader: Loader = extname(module) === ".ts" ? "ts" : "js";
      const { code } = await transform(await readFile(join(root, module), "utf8"), { loader, target: "node24" });
      const state = stateOf(code);
      if (state.length === 0) return [];
      return [
        `${module} would exist once in each of ${files.join(", ")}, and has a state of its own: ${state.join(" ")}`,
      ];
    }),
  );
  return faults.flat();
}
