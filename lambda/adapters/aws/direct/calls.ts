/*
 * The services that are called directly, as one file of the bundle: they share the signer, the HTTP handler and the retries.
 */

export { directDynamodb } from "./dynamodb.ts";
export { fetchSecretDirectly } from "./secrets-manager.ts";
export { directSns } from "./sns.ts";
export { directSqs } from "./sqs.ts";
