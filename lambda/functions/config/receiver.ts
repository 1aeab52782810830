import type { SecretSource } from "../../adapters/aws/secrets.ts";
import { type Network, parseCidr } from "../../core/network/cidr.ts";
import {
  type Environment,
  Fault,
  optional,
  parsed,
  readVariables,
  type ValuesOf,
  type Variable,
} from "./environment.ts";
import { pipelineVariables } from "./pipeline.ts";
import { readSecretArn } from "./variables.ts";

const hookSecret: Variable<SecretSource> = {
  name: "HOOK_SECRET_ARN",
  what: null,
  read(arn, { HOOK_SECRET: value }) {
    if (arn && value) return new Fault("and HOOK_SECRET are both set: set exactly one of them");
    if (value) return { value };
    if (!arn)
      return new Fault("is missing: set it to the ARN of the event hook's secret, or HOOK_SECRET to the secret itself");
    const read = readSecretArn(arn);
    return read instanceof Fault ? read : { arn };
  },
};

const receiverVariables = {
  ...pipelineVariables,
  hookSecret,
  /** The networks that requests may come from; null for all. */
  allowedNetworks: optional("ALLOWED_CIDRS", parsed(readNetworks, "is no list of networks such as 192.0.2.0/24"), null),
};

/** The receiver's settings. */
export type ReceiverConfig = ValuesOf<typeof receiverVariables>;

/**
 * Reads the receiver's settings.
 *
 * @throws ConfigError naming everything that is missing or malformed
 */
export const readReceiverConfig = (environment: Environment): ReceiverConfig =>
  readVariables(receiverVariables, environment);

/** Networks, divided by spaces or commas; null when one of them is not a network, or the list is empty. */
function readNetworks(text: string): Network[] | null {
  const networks = text.split(/[\s,]+/).map(parseCidr);
  return networks.every((network) => network !== null) ? networks : null;
}
