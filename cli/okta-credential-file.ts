import { closeSync, fstatSync, openSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { codeOf, toError } from "../lambda/core/values/error.ts";
import { parseJson } from "../lambda/core/values/json.ts";
import { InputError } from "./command.ts";

const jwk = z.looseObject({ kty: z.string(), kid: z.string() });

/**
 * A service app's stored credential: the form that `readCredential` reads, with the state from which an interrupted
 * set-up resumes.
 */
const heldCredential = z.object({
  orgUrl: z.string(),
  /** Null until the app is made. */
  clientId: z.string().nullable(),
  /** What its app is called in Okta; missing of a credential that an earlier version wrote. */
  label: z.string().optional(),
  /** The private key that Okta knows. */
  privateKey: jwk,
  /** The private key that will replace it. */
  nextKey: jwk.optional(),
  /** The `kid` of the replaced key, until Okta has removed it. */
  retiredKeyId: z.string().optional(),
});

/** A service app's stored credential. */
export type HeldCredential = z.infer<typeof heldCredential>;

/** A private key as JSON (JWK), with its `kid`. */
export type HeldKey = HeldCredential["privateKey"];

/** Mode of the file: its owner alone reads it. */
const ownersOnly = 0o600;

/**
 * The path of an org's credential.
 *
 * @param what its user: `functions`, until the stack has a secret for it @default - the commands
 */
export function credentialFileOf(
  orgUrl: string,
  environment: Readonly<Record<string, string | undefined>>,
  what?: "functions",
): string {
  const end = what === undefined ? ".json" : `.${what}.json`;
  const named = environment.OKTA_CREDENTIAL_FILE;
  if (named) return what === undefined ? named : named.replace(/(\.json)?$/, end);
  const host = new URL(orgUrl).host.replaceAll(":", "-");
  return fileURLToPath(new URL(`../okta-credential.${host}${end}`, import.meta.url));
}

/**
 * Reads a credential's file.
 *
 * @returns null when there is none
 * @throws InputError when it belongs to another org, others may read it, or it is no credential. The message never
 * holds the key
 */
export function readCredentialFile(file: string, orgUrl: string): HeldCredential | null {
  let text: string;
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw new InputError(`${file} cannot be read: ${toError(error).message}`);
  }
  try {
    const status = fstatSync(descriptor);
    if (status.isDirectory()) throw new InputError(`${file} is a folder, and no file of a credential`);
    const others = status.mode & 0o077;
    // Windows has no file modes.
    if (others !== 0 && process.platform !== "win32") {
      throw new InputError(`${file} holds a private key, and others than its owner may open it: chmod 600 ${file}`);
    }
    text = readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
  const held = parseHeldCredential(text);
  if (held === null) throw new InputError(`${file} is no credential that npx okta-proxy-watch hook setup wrote`);
  if (new URL(held.orgUrl).origin !== new URL(orgUrl).origin) {
    throw new InputError(`${file} is a credential of ${held.orgUrl}, not of ${orgUrl}`);
  }
  return held;
}

/** Reads a stored credential; null for any other text. */
export function parseHeldCredential(text: string): HeldCredential | null {
  const held = heldCredential.safeParse(parseJson(text)).data ?? null;
  return held !== null && URL.canParse(held.orgUrl) ? held : null;
}

/**
 * Writes a credential's file, whole or not at all, so that its owner alone may read it. A link stays, and what it leads to is
 * written.
 */
export function writeCredentialFile(file: string, held: HeldCredential): void {
  let whole: string | undefined;
  try {
    const target = targetOf(file);
    whole = `${target}.${process.pid}`;
    writeFileSync(whole, `${JSON.stringify(held, null, 2)}\n`, { mode: ownersOnly, flag: "wx", flush: true });
    renameSync(whole, target);
  } catch (error) {
    if (whole !== undefined) rmSync(whole, { force: true });
    throw new InputError(`${file} cannot be written: ${toError(error).message}`);
  }
}

/** What a file is, where it is a link. */
function targetOf(file: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return file;
    throw error;
  }
}

/** Removes a credential's file, where there is one. */
export function removeCredentialFile(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch (error) {
    throw new InputError(`${file} cannot be removed: ${toError(error).message}`);
  }
}
