import { type Environment, matching, readVariables, required } from "./environment.ts";
import { topicArn } from "./variables.ts";

/** The settings of a function that renders alerts for one kind of reader. */
export interface OutputConfig {
  /** The name of a file of `core/outputs/`. */
  readonly output: string;
  readonly topicArn: string;
}

const outputVariables = {
  OUTPUT: required("the name of an output", matching(/^[\w-]*$/, "is no name of an output")),
  OUTPUT_TOPIC_ARN: topicArn("output's topic"),
} as const;

/**
 * Reads the settings of a function that renders alerts.
 *
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readOutputConfig(environment: Environment): OutputConfig {
  const read = readVariables(outputVariables, environment);
  return { output: read.OUTPUT, topicArn: read.OUTPUT_TOPIC_ARN };
}
