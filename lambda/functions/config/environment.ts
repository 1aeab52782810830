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
  /** The expected value, for "set it to ..."; null where the variable may be missing. */
  readonly what: string | null;
  /** Reads a text, which is undefined only where the variable may be missing. */
  readonly read: (text: string | undefined) => Value | Fault;
}

/** A variable that has to be set. */
export function required<Value>(what: string, read: (text: string) => Value | Fault): Variable<Value> {
  return { what, read: (text = "") => read(text) };
}

/** A variable that may be missing, with its default. */
export function optional<Value, Missing>(
  read: (text: string) => Value | Fault,
  missing: Missing,
): Variable<Value | Missing> {
  return { what: null, read: (text) => (text === undefined ? missing : read(text)) };
}

/** Reads a text that meets a pattern. */
export function matching(pattern: RegExp, fault: string): (text: string) => string | Fault {
  return (text) => (pattern.test(text) ? text : new Fault(fault));
}

/** Reads a text with a parser, whose null is a fault. */
export function parsed<Value>(parse: (text: string) => Value | null, fault: string): (text: string) => Value | Fault {
  return (text) => parse(text) ?? new Fault(fault);
}

/** The values of variables, by their names. */
export type ValuesOf<Wanted> = {
  readonly [Name in keyof Wanted]: Wanted[Name] extends Variable<infer Value> ? Value : never;
};

/**
 * Reads variables.
 *
 * @param wanted variables by their names
 * @param environment the process's environment variables
 * @param further further faults
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readVariables<Wanted extends Readonly<Record<string, Variable<unknown>>>>(
  wanted: Wanted,
  environment: Environment,
  further: readonly string[] = [],
): ValuesOf<Wanted> {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, { what, read }] of Object.entries(wanted)) {
    const text = environment[name];
    if (what !== null && !text) {
      faults.push(`${name} is ${text === undefined ? "missing" : "empty"}: set it to ${what}`);
      continue;
    }
    const value = read(text);
    if (value instanceof Fault) faults.push(`${name} ${value.text}`);
    else values[name] = value;
  }
  const all = [...faults, ...further];
  if (all.length > 0) {
    throw new ConfigError(
      `The environment of this function is not complete:\n${all.map((each) => `- ${each}`).join("\n")}`,
    );
  }
  return values as ValuesOf<Wanted>;
}
