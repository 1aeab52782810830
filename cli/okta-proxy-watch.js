#!/usr/bin/env node
/*
 * Starts the command line by a Node.js that runs TypeScript: this one, or the one that `npm ci` installed. It is plain
 * JavaScript, as older versions run it.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The first major version that all of the code runs on, as package.json's dependency "node" says. */
const leastVersion = 24;

if (Number(process.versions.node.split(".")[0]) >= leastVersion) {
  // What is imported from here on is kept compiled.
  await import("./compile-cache.ts");
  const { main } = await import("./main.ts");
  await main(process.argv.slice(2));
} else {
  startInstalled();
}

function startInstalled() {
  const name = process.platform === "win32" ? "node.exe" : "node";
  const node = fileURLToPath(new URL(`../node_modules/node/bin/${name}`, import.meta.url));
  if (!existsSync(node)) {
    process.stderr.write(
      `error: this needs Node.js ${leastVersion}, which npm ci installs for it; this one is ${process.version}: npm ci\n`,
    );
    process.exitCode = 2;
    return;
  }
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
