import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import {
  type Alias,
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type ParsedNode,
  parseDocument,
  visit,
} from "yaml";
import { codeOf, toError } from "../lambda/core/values/error.ts";
import { InputError } from "../lambda/core/values/input-error.ts";
import { defaultSettingsFile, misnamedSettingsFile, settingsFileVariable } from "./settings-places.ts";

/** The default name of the stack. */
export const defaultStackName = "OktaProxyWatch";

/** A setting, or a settings file, that cannot be used. */
export class SettingsError extends InputError {
  override readonly name = "SettingsError";
}

/** The settings of a file by name, before they are checked. */
export interface SettingsFile {
  /** The file's name, as given. */
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** The line, from 1, of a setting or of a part of it: `["allowedCidrs", 2]`. */
  readonly lineOf: (path: readonly PropertyKey[]) => number;
}

/**
 * Reads a file of settings: YAML, a setting a line.
 *
 * @param given @default - the file that the environment variable `SETTINGS_FILE` names, else settings.yml, which may be
 * missing
 * @returns null when no file is named and there is no `settings.yml`
 * @throws SettingsError for a `settings.yaml` without `settings.yml`; and, with file and line, for a missing file,
 * invalid YAML, a repeated name, or content other than names and values
 */
export async function readSettingsFile(given?: string): Promise<SettingsFile | null> {
  const path = given ?? (process.env[settingsFileVariable] || undefined);
  const name = path ?? defaultSettingsFile;
  let text: string;
  try {
    text = await readFile(name, "utf8");
  } catch (error) {
    if (path === undefined && codeOf(error) === "ENOENT") {
      // Without the file all settings would have their defaults, against its author's intent.
      if (!existsSync(misnamedSettingsFile)) return null;
      throw new SettingsError(
        `there is ${misnamedSettingsFile}, which is not read, and no ${defaultSettingsFile}: rename it`,
      );
    }
    throw new SettingsError(`the settings file ${name} cannot be read: ${toError(error).message}`);
  }
  return parseSettingsFile(name, text);
}

/**
 * Parses the text of a file of settings.
 *
 * @throws SettingsError naming file and line
 */
export function parseSettingsFile(path: string, text: string): SettingsFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number) => lines.linePos(offset).line;
  // An unknown tag is only a warning of YAML, but changes the value.
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) {
    const what = fault.name === "YAMLWarning" ? "this cannot be used" : "this is no YAML";
    throw new SettingsError(`${path}:${lineAt(fault.pos[0])}: ${what}: ${fault.message}`);
  }
  const { contents } = document;
  const isEmpty = contents === null || (isScalar(contents) && contents.value === null);
  if (!isEmpty && !isMap(contents)) throw new SettingsError(`${path}:1: expected settings such as "alertEmail: ..."`);
  return {
    path,
    values: isEmpty ? {} : readValues(path, document, lineAt),
    lineOf: (steps) => lineAt(isEmpty ? 0 : startOf(contents, steps)),
  };
}

/** Resolves aliases. An alias may have no anchor, expand beyond memory, or contain itself. */
function readValues(
  path: string,
  document: Document.Parsed,
  lineAt: (offset: number) => number,
): Record<string, unknown> {
  try {
    const values = document.toJS() as Record<string, unknown>;
    // A value that contains itself has no JSON.
    JSON.stringify(values);
    return values;
  } catch (error) {
    const aliases: Alias[] = [];
    visit(document, { Alias: (_, alias) => void aliases.push(alias) });
    const alias = aliases.find((each) => each.resolve(document) === undefined) ?? aliases[0];
    // The first line has the reason; the others draw the circle.
    const [reason] = toError(error).message.split("\n");
    throw new SettingsError(`${path}:${lineAt(alias?.range?.[0] ?? 0)}: this alias cannot be used: ${reason}`);
  }
}

/** The position of a part in the text: its name, or the element of a list. */
function startOf(contents: ParsedNode, steps: readonly PropertyKey[]): number {
  let node: unknown = contents;
  let start = contents.range[0];
  for (const step of steps) {
    const key = String(step);
    const pair = isMap(node)
      ? node.items.find((each) => isPair(each) && isScalar(each.key) && String(each.key.value) === key)
      : undefined;
    const next: unknown = pair === undefined ? elementOf(node, step) : pair.value;
    const named = pair === undefined ? next : pair.key;
    if (!isNode(named) || named.range == null) break;
    start = named.range[0];
    node = next;
  }
  return start;
}

function elementOf(node: unknown, step: PropertyKey): unknown {
  const items = (node as { readonly items?: readonly unknown[] } | null)?.items;
  return typeof step === "number" ? items?.[step] : undefined;
}
