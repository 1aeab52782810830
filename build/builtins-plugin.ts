import { builtinModules } from "node:module";
import type { Plugin } from "esbuild";

/**
 * Modules of Node.js of which an import by ESM costs most: it reads all of their properties, so that `node:http` loads the whole of `fetch`
 * and `WebSocket` for its `WebSocket` (35 milliseconds of a cold start's processor time), and `node:crypto` WebCrypto.
 */
export const costlyBuiltins: readonly string[] = ["crypto", "http", "http2", "https"];

const isCostly = (path: string) => costlyBuiltins.includes(path.replace(/^node:/, ""));

const isIdentifier = /^(?!default$)[A-Za-z_$][\w$]*$/;

/**
 * Takes modules of Node.js by `process.getBuiltinModule`, which reads no property and makes no module of ESM. The bundle reads only
 * the properties that it uses (https://nodejs.org/api/process.html#processgetbuiltinmoduleid).
 *
 * @param modules their names, without `node:`. @default all
 */
export function takeBuiltins(modules: readonly string[] = builtinModules): Plugin {
  const filter = new RegExp(`^(?:node:)?(?:${modules.join("|")})$`);
  return {
    name: "built-in modules without all of their properties",
    setup({ onResolve, onLoad }) {
      onResolve({ filter }, ({ path, kind }) => {
        const isTaken = kind === "import-statement" || (kind === "dynamic-import" && isCostly(path));
        if (!isTaken) return null;
        return { path: path.replace(/^node:/, ""), namespace: "built-in", suffix: `?${kind}` };
      });
      onLoad({ filter: /./, namespace: "built-in" }, ({ path, suffix }) => {
        const builtIn = `process.getBuiltinModule("node:${path}")`;
        // All properties of a dynamic import are there: each is read when it is used.
        if (suffix === "?dynamic-import") return { contents: `module.exports = ${builtIn};`, loader: "js" };
        const names = Object.keys(process.getBuiltinModule(`node:${path}`) ?? {}).filter((name) =>
          isIdentifier.test(name),
        );
        // Of calls that are pure the bundle has those whose results are used; of reads of properties it would have all.
        const contents = `
          const builtIn = ${builtIn};
          const take = (name) => builtIn[name];
          ${names.map((name) => `const $${name} = /* @__PURE__ */ take("${name}");`).join("\n")}
          export { builtIn as default, ${names.map((name) => `$${name} as ${name}`).join(", ")} };`;
        return { contents, loader: "js" };
      });
    },
  };
}
