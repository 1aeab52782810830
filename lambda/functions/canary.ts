import { rotatingSecret } from "../adapters/aws/hook-secrets.ts";
import { createSecrets } from "../adapters/aws/secrets.ts";
import { awaitEnd, sendTest } from "../adapters/aws/send-test-event.ts";
import { createClaims } from "../adapters/tables/claims.ts";
import { logger } from "../adapters/telemetry/log-observations.ts";
import { readCanaryConfig } from "./config/canary.ts";

/** The longest wait for the alert, in milliseconds: it may come by way of the retry queue. */
const patience = 40_000;

const config = readCanaryConfig(process.env);
const secrets = rotatingSecret(createSecrets()(config.hookSecretArn), () => Date.now());
const claims = createClaims(config.stateTable);

/**
 * Delivers a test event to the hook's URL and waits for its alert. Invoked on a schedule.
 *
 * @throws when no alert follows, with the place where it stopped
 */
export async function handler(): Promise<void> {
  const eventUuid = crypto.randomUUID();
  const status = await deliver(eventUuid);
  if (status !== 204) throw new Error(`stopped at the receiver: it answered ${status} to the test event ${eventUuid}`);
  const found = await awaitEnd(claims, eventUuid, patience);
  if (found?.kind !== "done" || found.end.outcome !== "alerted") {
    throw new Error(`no alert followed the test event ${eventUuid} within ${patience / 1_000} seconds`);
  }
  logger.info("An alert followed the test event", { eventUuid });
}

/** During a rotation, the receiver may know the previous version of the secret alone. */
async function deliver(uuid: string): Promise<number> {
  let status = 401;
  for (const secret of await secrets()) {
    status = await sendTest(config.hookUrl, secret, uuid);
    if (status !== 401) break;
  }
  return status;
}
