/** A process's environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings that are missing or malformed. The message names each, and never holds a secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** The fault of a variable's value: `is no URL`. */
export class Fault {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A variable of the environment, with its reader. */
export interface Variable<Value> {
  readonly name: string;
  /** The expected value, for "set it to ..."; null where the variable may be missing. */
  readonly what: string | null;
  /** Reads a text, which is undefined only where the variable may be missing, and what else it depends on. */
  readonly read: (text: string | undefined, environment: Environment) => Value | Fault;
}

/** A variable that has to be set. */
export function required<Value>(name: string, what: string, read: (text: string) => Value | Fault): Variable<Value> {
  return { name, what, read: (text = "") => read(text) };
}

/** A variable that may be missing, with its default. */
export function optional<Value, Missing>(
  name: string,
  read: (text: string) => Value | Fault,
  missing: Missing,
): Variable<Value | Missing> {
  return { name, what: null, read: (text) => (text === undefined ? missing : read(text)) };
}

/** Reads a text that meets a pattern. */
export function matching(pattern: RegExp, fault: string): (text: string) => string | Fault {
  return (text) => (pattern.test(text) ? text : new Fault(fault));
}

/** Reads a text with a parser, whose null is a fault. */
export function parsed<Value>(parse: (text: string) => Value | null, fault: string): (text: string) => Value | Fault {
  return (text) => parse(text) ?? new Fault(fault);
}

/** Reads `true` and `false`. */
export const readFlag = parsed(
  (text) => (text === "true" ? true : text === "false" ? false : null),
  "is neither true nor false",
);

/** The settings that variables are read into, by the same names. */
export type ValuesOf<Wanted> = {
  readonly [Name in keyof Wanted]: Wanted[Name] extends Variable<infer Value> ? Value : never;
};

/**
 * Reads variables.
 *
 * @param wanted variables, by the names of the settings that they are read into
 * @param environment the process's environment variables
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readVariables<Wanted extends Readonly<Record<string, Variable<unknown>>>>(
  wanted: Wanted,
  environment: Environment,
): ValuesOf<Wanted> {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [setting, { name, what, read }] of Object.entries(wanted)) {
    const text = environment[name];
    if (what !== null && !text) {
      faults.push(`${name} is ${text === undefined ? "missing" : "empty"}: set it to ${what}`);
      continue;
    }
    const value = read(text, environment);
    if (value instanceof Fault) faults.push(`${name} ${value.text}`);
    else values[setting] = value;
  }
  if (faults.length > 0) {
    throw new ConfigError(
      `The environment of this function is not complete:\n${faults.map((each) => `- ${each}`).join("\n")}`,
    );
  }
  return values as ValuesOf<Wanted>;
}
