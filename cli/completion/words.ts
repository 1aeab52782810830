import type { Argument, Command, Option } from "commander";

/** What may follow an option, or stand for an argument. */
export type ValueKind =
  | { readonly kind: "none" }
  | { readonly kind: "text" }
  | { readonly kind: "file" }
  | { readonly kind: "choice"; readonly choices: readonly string[] };

/** An option, as a shell completes it. */
export interface OptionWords {
  /** `--dry-run`, and `-c` where there is one. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly value: ValueKind;
}

/** A place on the command line, with what may come there. */
export interface Place {
  /** The words before it: none, `profiles`, `profiles import`. */
  readonly words: readonly string[];
  readonly description: string;
  /** The names of commands that may come next. */
  readonly next: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly OptionWords[];
  /** What its arguments are. */
  readonly argument: ValueKind;
}

/** The places of a command and of its subcommands. */
export function placesOf(command: Command, words: readonly string[]): readonly Place[] {
  const help: OptionWords = { flags: ["--help", "-h"], description: "show this text", value: { kind: "none" } };
  const place: Place = {
    words,
    description: oneLine(command.description()),
    next: command.commands.map((each) => ({ name: each.name(), description: oneLine(each.description()) })),
    options: [...command.options.filter(({ hidden }) => !hidden).map(describeOption), help],
    argument: command.registeredArguments[0] ? kindOf(command.registeredArguments[0]) : { kind: "none" },
  };
  return [place, ...command.commands.flatMap((each) => placesOf(each, [...words, each.name()]))];
}

function describeOption(option: Option): OptionWords {
  const takesValue = option.required || option.optional;
  return {
    flags: [option.long, option.short].filter((flag) => flag != null),
    description: oneLine(option.description),
    value: takesValue ? kindOf(option) : { kind: "none" },
  };
}

function kindOf(value: Option | Argument): ValueKind {
  if (value.argChoices !== undefined && value.argChoices.length > 0) {
    return { kind: "choice", choices: value.argChoices };
  }
  // `--events <file>`, `--rules <folder>`, `[files...]`
  const name = "flags" in value ? value.flags : value.name();
  return /\b(?:files?|folder|event)\b/.test(name.replace(/^.* /, "")) ? { kind: "file" } : { kind: "text" };
}

/** The most characters of a description: a line of a terminal holds it beside a name. */
const longest = 90;

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}
