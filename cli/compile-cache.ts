import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

/*
 * Node.js keeps what it compiles of a command for the next one, which so starts in about half of the time. `--import`
 * loads this file before the command's own. The folder is one that its user alone writes, as compiled code is run:
 * https://nodejs.org/api/module.html#module-compile-cache. Where it cannot be written, there is no cache.
 */
enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/okta-proxy-watch", import.meta.url)));
