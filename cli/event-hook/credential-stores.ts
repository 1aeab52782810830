import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { OktaSettingsError, readCredential } from "../../lambda/adapters/okta-api/credential.ts";
import { InputError } from "../command.ts";
import {
  type HeldCredential,
  parseHeldCredential,
  readCredentialFile,
  removeCredentialFile,
  writeCredentialFile,
} from "../okta-credential-file.ts";
import { awsProxySettings } from "../proxy.ts";
import type { CredentialStore } from "./service-app-plan.ts";

/** The store of the commands' credential: a file that its owner alone may open. */
export function fileStore(file: string, orgUrl: string): CredentialStore {
  return {
    where: file,
    isReadByItsUser: true,
    async read() {
      const held = readCredentialFile(file, orgUrl);
      return held === null ? null : { held, isInPlace: true };
    },
    write: async (held) => writeCredentialFile(file, held),
  };
}

/**
 * The store of the functions' credential: the stack's secret, where there is one already; a file until then, which is
 * removed once the secret has what it holds.
 *
 * @param secretArn null without a stack
 * @returns null when the secret holds a credential that was put there by other means: it is kept
 * @throws InputError when the secret cannot be read
 */
export async function functionsStore(
  file: string,
  orgUrl: string,
  secretArn: string | null,
): Promise<CredentialStore | null> {
  if (secretArn === null) return { ...fileStore(file, orgUrl), isReadByItsUser: false };
  const where = nameOf(secretArn);
  const text = await readSecret(secretArn);
  const inSecret = parseHeldCredential(text);
  if (inSecret === null && isCredential(text)) return null;
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

const nameOf = (secretArn: string) => `the secret ${secretArn}`;

/**
 * Reads what a secret holds, by the person's own AWS rights.
 *
 * @throws InputError when it cannot be read
 */
export function readSecret(secretArn: string): Promise<string> {
  return withSecrets(`${nameOf(secretArn)} cannot be read`, (client) =>
    client.send(new GetSecretValueCommand({ SecretId: secretArn })).then(({ SecretString = "" }) => SecretString),
  );
}

/**
 * Puts a credential into a secret, by the person's own AWS rights.
 *
 * @throws InputError when it cannot be changed
 */
export async function putSecret(secretArn: string, held: HeldCredential): Promise<void> {
  await withSecrets(`${nameOf(secretArn)} cannot be changed`, (client) =>
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

async function withSecrets<Value>(
  fault: string,
  work: (client: SecretsManagerClient) => Promise<Value>,
): Promise<Value> {
  const client = new SecretsManagerClient(awsProxySettings());
  try {
    return await work(client);
  } catch (error) {
    throw new InputError(`${fault}: ${(error as Error).message}`);
  } finally {
    client.destroy();
  }
}
