import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import type { CommandEntry } from "./command.ts";
import { commands } from "./commands.ts";

/**
 * Runs the command line.
 *
 * @param args its arguments, the name of a command first
 */
export async function main(args: readonly string[]): Promise<void> {
  const [name = "", ...rest] = args[0] === "help" && args.length > 1 ? [...args.slice(1), "--help"] : args;
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const missing = entry === undefined ? [] : missingFlags(entry);
  if (missing.length > 0) return startAgain(missing, args);
  // A process that starts another one has no need of it.
  const { runCommand } = await import("./command.ts");
  if (entry !== undefined) return runCommand((await entry.load()).command, rest);
  // The help of a command that there is not: its name is what is wrong.
  const isHelp = args[0] === "help" && args.length > 1;
  return runCommand(await createProgram(), isHelp ? args.slice(1) : args);
}

/** The list of commands, which names the nearest one for a misspelt name. */
async function createProgram(): Promise<Command> {
  const { Command } = await import("commander");
  const { commandLine, withHelp } = await import("./command.ts");
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const program = withHelp(new Command(commandLine))
    .description("Alerts on Okta sessions that start through an anonymizing proxy.")
    .usage("COMMAND [options]")
    .version(version, "-V, --version", "print the version")
    .helpCommand("help [command]", "show the options and examples of a command");
  for (const [name, { summary }] of Object.entries(commands)) program.command(name).description(summary);
  return program.addHelpText(
    "after",
    "\nExit code: 0; 1 when a command found something wrong, or failed; 2 when it was used wrongly. More: docs/commands.md",
  );
}

const missingFlags = ({ flags = [] }: CommandEntry) => flags.filter((flag) => !process.execArgv.includes(flag));

/** Starts the command line again, with flags of Node.js: in this process, where the system can replace its program. */
async function startAgain(flags: readonly string[], args: readonly string[]): Promise<void> {
  const launcher = fileURLToPath(new URL("okta-proxy-watch.js", import.meta.url));
  const all = [...process.execArgv, ...flags, launcher, ...args];
  // Windows cannot, and has no process.execve.
  if (process.execve !== undefined) process.execve(process.execPath, [process.execPath, ...all], process.env);
  const { spawnSync } = await import("node:child_process");
  process.exitCode = spawnSync(process.execPath, all, { stdio: "inherit" }).status ?? 1;
}
