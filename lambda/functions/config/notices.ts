import { type Environment, readVariables } from "./environment.ts";
import { alertTopicArn, stateTable } from "./variables.ts";

/**
 * Reads the settings of a function that publishes notices: the end of exceptions, the digest.
 *
 * @throws ConfigError naming everything that is missing or malformed
 */
export const readNoticeConfig = (environment: Environment) => readVariables({ stateTable, alertTopicArn }, environment);
