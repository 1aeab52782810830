import { parseArgs } from "node:util";

/** What a script of this folder is given. */
export interface ScriptOptions<Name extends string> {
  /** Those of its options that are there, without `--`. */
  readonly options: ReadonlySet<Name>;
  readonly positionals: readonly string[];
}

/**
 * Reads the arguments of a script. With `--help` it prints the usage, and for an option that there is not the fault, and ends the
 * process: nothing of the script runs.
 *
 * @param usage the text of `--help`; its first line is `Usage: …`
 * @param names the options that there are, beside `--help`; none takes a value
 * @param positionals the most arguments that are no options. @default 0
 * @param args @default - those of the process
 */
export function readScriptOptions<Name extends string>(
  usage: string,
  names: readonly Name[],
  positionals = 0,
  args: readonly string[] = process.argv.slice(2),
): ScriptOptions<Name> {
  const options = Object.fromEntries(names.map((name) => [name, { type: "boolean" } as const]));
  try {
    const parsed = parseArgs({
      args: [...args],
      options: { ...options, help: { type: "boolean", short: "h" } },
      allowPositionals: positionals > 0,
    });
    if (parsed.positionals.length > positionals) throw new Error(`more than ${positionals} arguments are there`);
    if (parsed.values.help !== true) {
      const given = names.filter((name) => Object.entries(parsed.values).some(([each]) => each === name));
      return { options: new Set(given), positionals: parsed.positionals };
    }
    process.stdout.write(`${usage}\n`);
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    process.exit(2);
  }
  process.exit(0);
}
