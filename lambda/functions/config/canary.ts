import { type Environment, readVariables, required } from "./environment.ts";
import { readUrl, requiredSecretArn, stateTable } from "./variables.ts";

const variables = {
  hookUrl: required("HOOK_URL", "the URL of the event hook", readUrl),
  /** Here the secret itself cannot replace its ARN, as it can for the receiver. */
  hookSecretArn: requiredSecretArn("HOOK_SECRET_ARN"),
  stateTable,
};

/**
 * Reads the settings of the function that delivers test events.
 *
 * @throws ConfigError naming everything that is missing or malformed
 */
export const readCanaryConfig = (environment: Environment) => readVariables(variables, environment);
