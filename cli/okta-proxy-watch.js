#!/usr/bin/env node
/*
 * Starts the command line by a Node.js that runs TypeScript: this one, or the one that `npm ci` installed. It is plain
 * JavaScript, as older versions run it.
 */
import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The first major version that all of the code runs on, as package.json's dependency "node" says. */
const leastVersion = 24;

if (Number(process.versions.node.split(".")[0]) >= leastVersion) {
  /*
   * Node.js keeps what it compiles of a command for the next one, which so starts in a third of the time. That is asked for
   * here: a file in TypeScript that did would load the compiler itself, 15 MB, of which nothing else of a kept command is in
   * need. The folder is one that its user alone writes, as compiled code is run:
   * https://nodejs.org/api/module.html#module-compile-cache. Where it cannot be written, there is no cache.
   */
  nodeModule.enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/okta-proxy-watch", import.meta.url)));
  const { findBundle, pointAtSources } = await import("./command-bundle.ts");
  const args = process.argv.slice(2);
  const bundle = findBundle(args);
  if (bundle !== null) process.once("uncaughtExceptionMonitor", pointAtSources);
  const { main } = await import(bundle === null ? "./main.ts" : pathToFileURL(bundle).href);
  await main(args);
} else {
  await startInstalled();
}

async function startInstalled() {
  const name = process.platform === "win32" ? "node.exe" : "node";
  const node = fileURLToPath(new URL(`../node_modules/node/bin/${name}`, import.meta.url));
  if (!existsSync(node)) {
    process.stderr.write(
      `error: this needs Node.js ${leastVersion}, which npm ci installs for it; this one is ${process.version}: npm ci\n`,
    );
    process.exitCode = 2;
    return;
  }
  const { spawn } = await import("node:child_process");
  const child = spawn(node, [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  // Ctrl-C reaches every process of the terminal. Without one, a signal reaches this process alone.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  // A signal to npm ends the shell between, which hands none on.
  const parent = process.ppid;
  const watch = setInterval(() => process.ppid === parent || child.kill("SIGTERM"), 250);
  if (process.env.npm_lifecycle_event === undefined) clearInterval(watch);
  watch.unref();
  child.once("error", (error) => {
    process.stderr.write(`error: ${node} cannot be started: ${error.message}\n`);
    process.exitCode = 2;
  });
  child.once("exit", (code, signal) => {
    if (signal === null) {
      process.exitCode = code ?? 1;
      return;
    }
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
