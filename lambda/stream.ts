import { waitingClient } from "./aws-client.ts";
import { startBudget, waiting } from "./budget.ts";
import { enabledRules } from "./detections/enabled-rules.ts";
import { countStreamed, createMetrics, nameDelivery } from "./metrics.ts";
import { readStreamedEvent } from "./okta/streamed-event.ts";
import { readStreamConfig } from "./okta-config.ts";
import { type Outcome, processDelivery } from "./pipeline.ts";
import { createPipelinePorts, startStateKey } from "./pipeline-ports.ts";

const config = readStreamConfig(process.env);
const metrics = createMetrics(config.metrics);
const pipeline = await createPipelinePorts(
  config,
  await enabledRules(config),
  metrics,
  startStateKey(config),
  waitingClient,
);

/**
 * Receives an event of the org's log stream from a rule of EventBridge, which invokes it asynchronously, and alerts on it unless
 * the event hook or reconciliation did.
 *
 * @throws when the event could be neither alerted on nor parked: Lambda then tries it again, and after the last try sends it to the
 *   dead-letter queue
 */
export async function handler(event: unknown): Promise<Outcome> {
  const delivery = readStreamedEvent(event, config.org);
  nameDelivery(delivery, metrics);
  try {
    const budget = startBudget(waiting, () => performance.now());
    const outcome = await processDelivery(delivery, pipeline, budget);
    if (outcome.failed > 0) throw new Error("the streamed event could be neither alerted on nor parked");
    countStreamed(delivery, metrics);
    return outcome;
  } finally {
    await metrics.publish();
  }
}
