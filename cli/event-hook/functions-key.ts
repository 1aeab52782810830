import { InputError } from "../command.ts";
import { findStackOutputs } from "../deployment.ts";
import {
  credentialFileOf,
  type HeldCredential,
  readCredentialFile,
  removeCredentialFile,
} from "../okta-credential-file.ts";
import { readSecret } from "../secrets.ts";
import { isCredential, putSecret } from "./credential-stores.ts";
import { nameInOkta } from "./prospect.ts";
import { functionsLabel } from "./service-app-plan.ts";
import { checked, type HookCheck } from "./status.ts";

/** A functions' key that was made before the stack had a secret for it. */
export interface WaitingKey {
  readonly file: string;
  readonly held: HeldCredential;
}

/**
 * The functions' key of a stack that waits in a file.
 *
 * @returns null when there is none, its app is not made yet, or it is another stack's
 * @throws InputError when there is a file that cannot be used
 */
export function findWaitingKey(stack: string, orgUrl: string): WaitingKey | null {
  const file = credentialFileOf(orgUrl, process.env, "functions");
  const held = readCredentialFile(file, orgUrl);
  const isOurs = held !== null && held.clientId !== null && held.label === functionsLabel(nameInOkta(stack));
  return isOurs ? { file, held } : null;
}

/**
 * Moves a key that waits into the stack's secret, and removes its file: only where it is kept changes, and Okta is not asked.
 * A secret that holds a credential is left as it is.
 *
 * @returns whether it was moved
 * @throws InputError when the secret cannot be read or changed
 */
export async function moveWaitingKey({ file, held }: WaitingKey, secretArn: string): Promise<boolean> {
  if (isCredential(await readSecret(secretArn))) return false;
  await putSecret(secretArn, held);
  removeCredentialFile(file);
  return true;
}

/** What a deployment was made with. */
interface Deployed {
  readonly stack: string;
  readonly oktaOrgUrl: string;
  /** Whether the deployment made the secret of the functions' credential. */
  readonly isSecretNew: boolean;
}

/**
 * Moves the functions' key into the secret of a stack that was just deployed, where one waits.
 *
 * @returns what to say of it; null for nothing
 */
export async function handOverFunctionsKey({ stack, oktaOrgUrl, isSecretNew }: Deployed): Promise<string | null> {
  const setup = `npx okta-proxy-watch hook setup --stack ${stack}`;
  let waiting: WaitingKey | null = null;
  try {
    waiting = findWaitingKey(stack, oktaOrgUrl);
    if (waiting === null) {
      return isSecretNew
        ? `The functions ask ${oktaOrgUrl} as soon as the stack's secret holds their credential. To make it: ${setup}`
        : null;
    }
    const secretArn = (await findStackOutputs(stack)).get("OktaCredentialSecretArn");
    if (secretArn === undefined) throw new InputError(`the stack ${stack} has no secret for it`);
    return (await moveWaitingKey(waiting, secretArn))
      ? `moved: the private key for the functions, from ${waiting.file} into the secret ${secretArn}`
      : `The functions' key waits in ${waiting.file}, and the secret ${secretArn} holds a credential already, which stays.`;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const where = waiting === null ? "" : `The functions' key waits in ${waiting.file}. `;
    return `${where}The stack's secret may hold no credential for the functions yet (${error.message}). To put it there: ${setup}`;
  }
}

/**
 * Looks at whether the functions have a credential to ask Okta with.
 *
 * @param setup how the subcommand is called
 */
export async function functionsCredentialFinding(secretArn: string, setup: string): Promise<HookCheck> {
  const what = "functions' credential";
  try {
    if (isCredential(await readSecret(secretArn))) return checked(what, true, "the stack's secret holds one");
    return checked(what, false, `the secret ${secretArn} holds none: no function can ask Okta`, setup);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return checked(what, null, `not known: ${error.message}`, "allow secretsmanager:GetSecretValue on it");
  }
}
