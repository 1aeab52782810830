import type { SecretSource } from "../../adapters/aws/secrets.ts";
import { type Network, parseCidr } from "../../core/network/cidr.ts";
import { type Environment, optional, parsed, readVariables } from "./environment.ts";
import { type PipelineConfig, pipelineVariables, toPipelineConfig } from "./pipeline.ts";
import { secretArn } from "./variables.ts";

/** The receiver's settings. */
export interface ReceiverConfig extends PipelineConfig {
  readonly hookSecret: SecretSource;
  /** The networks that requests may come from; null for all. */
  readonly allowedNetworks: readonly Network[] | null;
}

const receiverVariables = {
  ...pipelineVariables,
  HOOK_SECRET_ARN: optional(secretArn, null),
  ALLOWED_CIDRS: optional(parsed(readNetworks, "is no list of networks such as 192.0.2.0/24"), null),
} as const;

/**
 * Reads the receiver's settings.
 *
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readReceiverConfig(environment: Environment): ReceiverConfig {
  const { HOOK_SECRET: value, HOOK_SECRET_ARN: arn } = environment;
  const faults: string[] = [];
  if (!value && !arn) {
    faults.push(
      "HOOK_SECRET_ARN is missing: set it to the ARN of the event hook's secret, or HOOK_SECRET to the secret itself",
    );
  }
  if (value && arn) faults.push("HOOK_SECRET and HOOK_SECRET_ARN are both set: set exactly one of them");
  const read = readVariables(receiverVariables, environment, faults);
  return {
    ...toPipelineConfig(read, environment),
    hookSecret: arn ? { arn } : { value: value ?? "" },
    allowedNetworks: read.ALLOWED_CIDRS,
  };
}

/** Networks, divided by spaces or commas; null when one of them is not a network, or the list is empty. */
function readNetworks(text: string): Network[] | null {
  const networks = text.split(/[\s,]+/).map(parseCidr);
  return networks.every((network) => network !== null) ? networks : null;
}
