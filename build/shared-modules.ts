import { createHash } from "node:crypto";
import { dirname, join, relative } from "node:path";
import type { Plugin } from "esbuild";

/** A file of a bundle that is loaded before the one which is built. */
export interface EarlierFile {
  /** Its path, relative to the file that is built. */
  readonly path: string;
  /** Its modules, relative to the folder of all modules. */
  readonly modules: ReadonlySet<string>;
}

/** What later files take of the modules of earlier ones: names of exports by the module's path, relative to the folder of all modules. */
export type Taken = ReadonlyMap<string, ReadonlySet<string>>;

/** The start of the path of a module that an earlier file has. */
export const sharedPrefix = "shared:";

/** The name by which a file exports what one of its modules exports: two modules may export the same name. */
function exportedAs(module: string, name: string): string {
  const hash = createHash("sha256").update(`${module} ${name}`).digest();
  return `$${hash.readUInt32BE().toString(36).slice(0, 5)}`;
}

/**
 * Takes modules from earlier files that have them instead of bundling them once more: what exists once is compiled once, and has one
 * state.
 *
 * @param folder of all modules that may be taken. They have no default exports, and export no whole module of one another
 * @param taken what {@link readTaken} found. @default unknown: the build is the one to find it in
 */
export function shareModules(folder: string, earlier: readonly EarlierFile[], taken?: Taken): Plugin {
  return {
    name: "modules of earlier files",
    setup({ onResolve, onLoad, esbuild }) {
      onResolve({ filter: /^\..*\.ts$/ }, ({ path, kind, resolveDir }) => {
        const module = relative(folder, join(resolveDir, path));
        const file = kind === "import-statement" && earlier.find(({ modules }) => modules.has(module));
        if (!file) return null;
        if (taken === undefined) return { path: `${sharedPrefix}${module}`, external: true, sideEffects: false };
        return { path: module, namespace: sharedPrefix, sideEffects: false, pluginData: file.path };
      });
      onResolve({ filter: /./, namespace: sharedPrefix }, ({ path }) => ({ path, external: true, sideEffects: false }));
      onLoad({ filter: /./, namespace: sharedPrefix }, async ({ path, pluginData }) => {
        const names = taken?.get(path) ?? new Set();
        const entryPoints = [join(folder, path)];
        const { metafile } = await esbuild.build({ entryPoints, format: "esm", write: false, metafile: true });
        const exports = Object.values(metafile.outputs).flatMap((output) => output.exports);
        // What is imported without being used has to be there as well, but never reaches the bundle.
        const unused = exports.filter((name) => !names.has(name)).map((name) => `export const ${name} = 0;`);
        const list = [...names].map((name) => `${exportedAs(path, name)} as ${name}`);
        const contents = [`export { ${list.join(", ")} } from ${JSON.stringify(pluginData)};`, ...unused].join("\n");
        return { contents, loader: "js" };
      });
    },
  };
}

/**
 * Finds what a file takes, in the build of it by {@link shareModules} to find it in.
 *
 * @throws where it takes a module as a whole
 */
export function readTaken(code: string): Taken {
  const taken = new Map<string, Set<string>>();
  const rest = code.replace(/\bimport\s*\{([^}]*)\}\s*from\s*"shared:([^"]+)"/g, (_, list: string, module: string) => {
    const names = taken.get(module) ?? new Set();
    for (const each of list.split(",")) names.add(each.trim().replace(/\s.*/s, ""));
    taken.set(module, names);
    return "";
  });
  const [whole] = /"shared:[^"]+"/.exec(rest) ?? [];
  if (whole !== undefined) throw new Error(`the whole of ${whole} is imported, which an earlier file cannot export`);
  return taken;
}

/** What several files take. */
export function joinTaken(all: readonly Taken[]): Taken {
  const joined = new Map<string, Set<string>>();
  for (const [module, names] of all.flatMap((taken) => [...taken])) {
    joined.set(module, new Set([...(joined.get(module) ?? []), ...names]));
  }
  return joined;
}

/** Lets an entry point export what later files take beside its own exports. */
export function exportTaken(folder: string, entryPoint: string, taken: Taken): Plugin {
  return {
    name: "what later files take",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /./ }, ({ path, kind }) =>
        kind === "entry-point" && path === entryPoint ? { path, namespace: "entry" } : null,
      );
      onLoad({ filter: /./, namespace: "entry" }, () => {
        const lines = [...taken].map(([module, names]) => {
          const list = [...names].sort().map((name) => `${name} as ${exportedAs(module, name)}`);
          return `export { ${list.join(", ")} } from ${JSON.stringify(join(folder, module))};`;
        });
        const contents = [`export * from ${JSON.stringify(entryPoint)};`, ...lines.sort()].join("\n");
        return { contents, resolveDir: dirname(entryPoint), loader: "ts" };
      });
    },
  };
}
