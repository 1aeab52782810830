import { Argument, type Command } from "commander";
import { type CommandEntry, createCommand, InputError, onOneLine } from "./command.ts";
import { completeInBash, completeInFish, completeInZsh } from "./completion/shells.ts";
import { type Place, placesOf } from "./completion/words.ts";

const shells = { bash: completeInBash, zsh: completeInZsh, fish: completeInFish } as const;
type Shell = keyof typeof shells;

/**
 * Makes the command that writes the completion of a shell: a script that holds every command and option, so that a press of the tab key
 * starts no Node.js.
 *
 * @param commands those to complete
 */
export function createCompletion(commands: Readonly<Record<string, CommandEntry>>): Command {
  return createCommand("completion", "Prints a script that has a shell complete commands, options and files.")
    .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(shells)).argParser(parseShell))
    .addHelpText(
      "after",
      `
It completes okta-proxy-watch and opw, behind npx as well. Where npx has a completion already, bash keeps that one.

Exit code: 0; 2 for another shell.`,
    )
    .action(async (shell: Shell) => {
      process.stdout.write(shells[shell](await findPlaces(commands)));
    });
}

function parseShell(name: string): Shell {
  if (Object.hasOwn(shells, name)) return name as Shell;
  throw new InputError(`there is no completion for ${onOneLine(name)}: name ${Object.keys(shells).join(", ")}`);
}

async function findPlaces(commands: Readonly<Record<string, CommandEntry>>): Promise<readonly Place[]> {
  const loaded = await Promise.all(
    Object.entries(commands).map(async ([name, { load }]) => placesOf((await load()).command, [name])),
  );
  const names = Object.entries(commands).map(([name, { summary: description }]) => ({ name, description }));
  const root: Place = {
    words: [],
    description: "",
    next: [...names, { name: "help", description: "show the options and examples of a command" }],
    options: [
      { flags: ["--help", "-h"], description: "show this text", value: { kind: "none" } },
      { flags: ["--version", "-V"], description: "print the version", value: { kind: "none" } },
    ],
    argument: { kind: "none" },
  };
  const help: Place = { ...root, words: ["help"], next: names, options: [] };
  return [root, help, ...loaded.flat()];
}
