import { registerHooks } from "node:module";

/*
 * A function that is loaded anew, by a query at its URL, has all of its parts anew, as an execution environment does: the
 * query of a module in `dist/` is that of what it imports there. Files that share a process so share no state of a function.
 */
const dist = new URL("../../dist/", import.meta.url).href;
const registered = Symbol.for("okta-proxy-watch.own-instances");
if (!(registered in globalThis)) {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      const query = context.parentURL?.startsWith(dist) ? new URL(context.parentURL).search : "";
      return query !== "" && resolved.url.startsWith(dist) && !resolved.url.includes("?")
        ? { ...resolved, url: resolved.url + query }
        : resolved;
    },
  });
  Object.defineProperty(globalThis, registered, { value: true });
}
