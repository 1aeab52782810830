import * as v from "valibot";
import { type Exception, exceptionSchema } from "../../lambda/core/exceptions/exception.ts";
import { parseJson } from "../../lambda/core/values/json.ts";
import { issuesOf } from "../../lambda/core/values/stored.ts";
import { InputError } from "../command.ts";
import { readTextFile } from "../text-file.ts";

/**
 * Reads exceptions as `npx okta-proxy-watch exceptions list --json` prints them, one JSON line each; a JSON array works as well.
 * npm's lines before the output are skipped.
 *
 * @throws InputError with file and line of an invalid exception
 */
export async function readExceptionsFile(path: string): Promise<readonly Exception[]> {
  const text = await readTextFile(path);
  const lines = text.split(/\r?\n/).map((line, index) => ({ line: index + 1, text: line.trim() }));
  const written = lines.filter((line) => line.text !== "" && !line.text.startsWith("> "));
  const [first] = written;
  if (first?.text.startsWith("[")) {
    const all = readJson(
      lines
        .slice(first.line - 1)
        .map((line) => line.text)
        .join("\n"),
      path,
      first.line,
    );
    return (all as readonly unknown[]).map((each) => readException(each, path, first.line));
  }
  return written.map(({ line, text: json }) => readException(readJson(json, path, line), path, line));
}

function readJson(text: string, path: string, line: number): unknown {
  const value = parseJson(text);
  if (value === undefined) throw fault(path, line, "no JSON");
  return value;
}

function readException(value: unknown, path: string, line: number): Exception {
  const parsed = v.safeParse(exceptionSchema, value);
  if (parsed.success) return parsed.output;
  const [issue] = issuesOf(parsed.issues);
  throw fault(path, line, `no exception: ${[issue?.path.join("."), issue?.message].filter(Boolean).join(": ")}`);
}

function fault(path: string, line: number, message: string): InputError {
  return new InputError(
    `${path}:${line}: ${message}; expected what "npx okta-proxy-watch exceptions list --json" prints`,
  );
}
