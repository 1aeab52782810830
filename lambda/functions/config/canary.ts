import { type Environment, readVariables } from "./environment.ts";
import { hookUrl, requiredSecretArn, stateTable } from "./variables.ts";

/** The settings of the function that delivers test events. */
export interface CanaryConfig {
  readonly hookUrl: string;
  readonly hookSecretArn: string;
  readonly stateTable: string;
}

/** Here the secret itself cannot replace its ARN, as it can for the receiver. */
const canaryVariables = { HOOK_URL: hookUrl, HOOK_SECRET_ARN: requiredSecretArn, STATE_TABLE: stateTable } as const;

/**
 * Reads the settings of the function that delivers test events.
 *
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readCanaryConfig(environment: Environment): CanaryConfig {
  const read = readVariables(canaryVariables, environment);
  return { hookUrl: read.HOOK_URL, hookSecretArn: read.HOOK_SECRET_ARN, stateTable: read.STATE_TABLE };
}
