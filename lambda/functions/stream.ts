import { countStreamed, nameDelivery } from "../adapters/telemetry/counts.ts";
import { createMetrics } from "../adapters/telemetry/metrics.ts";
import { readStreamedEvent } from "../core/okta/streamed-event.ts";
import { type DeliveryReport, processDelivery } from "../core/pipeline/process-delivery.ts";
import { startBudget } from "../core/time/budget.ts";
import { readStreamConfig } from "./config/okta.ts";
import { createWaitingPipeline } from "./wiring/waiting-pipeline.ts";

const config = readStreamConfig(process.env);
const metrics = createMetrics(config.metrics);
const pipeline = await createWaitingPipeline(config, metrics);

/**
 * Receives an event of the org's log stream from a rule of EventBridge, which invokes it asynchronously, and alerts on
 * it unless an alert about it went out already.
 *
 * @throws when the event could be neither alerted on nor parked: Lambda then tries it again, and after the last try
 * sends it to the dead-letter queue
 */
export async function handler(event: unknown): Promise<DeliveryReport> {
  const delivery = readStreamedEvent(event, config.org);
  nameDelivery(delivery, metrics);
  try {
    const budget = startBudget(config.timing.waiting);
    const report = await processDelivery(delivery, pipeline, budget);
    if (report.failed > 0) throw new Error("the streamed event could be neither alerted on nor parked");
    countStreamed(delivery, metrics);
    return report;
  } finally {
    await metrics.publish();
  }
}
