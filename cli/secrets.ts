import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { toError } from "../lambda/core/values/error.ts";
import { closing } from "./aws-client.ts";
import { InputError } from "./command.ts";
import { awsProxySettings } from "./proxy.ts";

/**
 * Asks Secrets Manager, by the person's own AWS rights.
 *
 * @param fault what an error begins with
 * @throws InputError when it refuses
 */
export async function askSecrets<Value>(
  fault: string,
  work: (client: SecretsManagerClient) => Promise<Value>,
): Promise<Value> {
  using client = closing(new SecretsManagerClient(awsProxySettings()));
  try {
    return await work(client);
  } catch (error) {
    throw new InputError(`${fault}: ${toError(error).message}`);
  }
}

/**
 * Reads what a secret holds.
 *
 * @param name what an error calls it
 * @throws InputError when it cannot be read
 */
export function readSecret(secretArn: string, name = `the secret ${secretArn}`): Promise<string> {
  return askSecrets(`${name} cannot be read`, (client) =>
    client.send(new GetSecretValueCommand({ SecretId: secretArn })).then(({ SecretString = "" }) => SecretString),
  );
}
