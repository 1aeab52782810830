import { PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { OktaSettingsError, readCredential } from "../../lambda/adapters/okta-api/credential.ts";
import { InputError } from "../command.ts";
import {
  type HeldCredential,
  parseHeldCredential,
  readCredentialFile,
  removeCredentialFile,
  writeCredentialFile,
} from "../okta-credential-file.ts";
import { askSecrets, readSecret } from "../secrets.ts";
import type { CredentialStore } from "./service-app-plan.ts";

/**
 * The store of the commands' credential: a file that its owner alone may open. Of two runs at once the one that comes later stops
 * at its first write, before it makes a second app.
 */
export function fileStore(file: string, orgUrl: string): CredentialStore {
  /** What the file holds as far as this run knows; null for no file. */
  let known: string | null = null;
  const look = () => {
    const held = readCredentialFile(file, orgUrl);
    return { held, text: held === null ? null : JSON.stringify(held) };
  };
  return {
    where: file,
    isReadByItsUser: true,
    async read() {
      const { held, text } = look();
      known = text;
      return held === null ? null : { held, isInPlace: true };
    },
    async write(held) {
      if (look().text !== known) {
        throw new InputError(`${file} was written by another run meanwhile: wait until that ends, and run it again`);
      }
      writeCredentialFile(file, held);
      known = look().text;
    },
  };
}

/**
 * The store of the functions' credential: the stack's secret; before the stack exists, a file, which is removed once
 * the secret holds its content.
 *
 * @param secretArn null without a stack
 * @returns null when the secret holds a credential from elsewhere, which is kept
 * @throws InputError when the secret cannot be read
 */
export async function functionsStore(
  file: string,
  orgUrl: string,
  secretArn: string | null,
): Promise<CredentialStore | null> {
  if (secretArn === null) return { ...fileStore(file, orgUrl), isReadByItsUser: false };
  const where = `the secret ${secretArn}`;
  const text = await readSecret(secretArn);
  const inSecret = parseHeldCredential(text);
  if (inSecret === null && isCredential(text)) return null;
  if (inSecret !== null && new URL(inSecret.orgUrl).origin !== new URL(orgUrl).origin) {
    throw new InputError(
      `${where} holds a credential of ${inSecret.orgUrl}, not of ${orgUrl}. For one of this org: aws secretsmanager put-secret-value --secret-id ${secretArn} --secret-string '{}', and run it again`,
    );
  }
  return {
    where,
    isReadByItsUser: true,
    async read() {
      const inFile = readCredentialFile(file, orgUrl);
      if (inFile !== null) return { held: inFile, isInPlace: false };
      return inSecret === null ? null : { held: inSecret, isInPlace: true };
    },
    async write(held: HeldCredential) {
      await putSecret(secretArn, held);
      removeCredentialFile(file);
    },
  };
}

/**
 * Puts a credential into a secret, by the person's own AWS rights.
 *
 * @throws InputError when it cannot be changed
 */
export async function putSecret(secretArn: string, held: HeldCredential): Promise<void> {
  await askSecrets(`the secret ${secretArn} cannot be changed`, (client) =>
    client.send(new PutSecretValueCommand({ SecretId: secretArn, SecretString: JSON.stringify(held) })),
  );
}

/** Whether a text is a credential that functions can ask with. */
export function isCredential(text: string): boolean {
  try {
    readCredential(text, "it");
    return true;
  } catch (error) {
    if (error instanceof OktaSettingsError) return false;
    throw error;
  }
}
