import { type Environment, matching, readVariables, required } from "./environment.ts";
import { topicArn } from "./variables.ts";

const variables = {
  /** The name of a file of `core/outputs/`. */
  output: required("OUTPUT", "the name of an output", matching(/^[\w-]*$/, "is no name of an output")),
  topicArn: topicArn("OUTPUT_TOPIC_ARN", "output's topic"),
};

/**
 * Reads the settings of a function that renders alerts for one kind of reader.
 *
 * @throws ConfigError naming everything that is missing or malformed
 */
export const readOutputConfig = (environment: Environment) => readVariables(variables, environment);
