import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Runs a script of this repository in a process of its own, at this terminal. Signals reach it as well.
 *
 * @param args the script's path, from the root, and its arguments
 * @param environment variables beside those of this process
 * @returns its exit code; null when a signal ended it
 */
export function runNode(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, ...environment },
    });
    // Ctrl-C reaches the child as well, which handles it; other signals reach this process alone.
    const listeners = {
      SIGINT: () => {},
      SIGTERM: () => child.kill("SIGTERM"),
      SIGHUP: () => child.kill("SIGHUP"),
    };
    for (const [signal, listener] of Object.entries(listeners)) process.on(signal, listener);
    child.once("error", reject);
    child.once("close", (code) => {
      for (const [signal, listener] of Object.entries(listeners)) process.off(signal, listener);
      resolve(code);
    });
  });
}
