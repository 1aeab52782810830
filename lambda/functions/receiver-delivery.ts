import { once } from "../adapters/aws/client.ts";
import type { GetStateKey } from "../adapters/tables/state-key.ts";
import { countDelivery, nameDelivery } from "../adapters/telemetry/counts.ts";
import type { Metrics } from "../adapters/telemetry/metrics.ts";
import type { EndpointPorts } from "../core/hook-endpoint/endpoint.ts";
import { findCandidates } from "../core/pipeline/match.ts";
import { refreshingEventTypes } from "../core/profiles/refresh.ts";
import type { ReceiverConfig } from "./config/receiver.ts";
import { enabledDetections } from "./wiring/enabled-detections.ts";

/**
 * Processes the receiver's deliveries. Events of nearly all deliveries match no rule: the pipeline and the SDK's
 * clients are loaded with the first match.
 */
export async function createProcess(
  config: ReceiverConfig,
  metrics: Metrics,
  getStateKey: GetStateKey,
): Promise<EndpointPorts["process"]> {
  const detections = await enabledDetections(config);
  const { rules } = detections;
  const getPipeline = once(async () => {
    const { processDelivery, createPipelinePorts } = await import("./receiver-alerts.ts");
    return { processDelivery, ports: await createPipelinePorts({ config, detections, metrics, getStateKey }) };
  });
  return async (delivery, budget) => {
    nameDelivery(delivery, metrics);
    const candidates = metrics.measure("Matching", () => findCandidates(delivery.events, rules));
    const changesProfiles = () => delivery.events.some(({ eventType }) => refreshingEventTypes.has(eventType));
    if (
      candidates.length === 0 &&
      delivery.malformed.length === 0 &&
      (config.refreshQueueUrl === null || !changesProfiles())
    ) {
      countDelivery(delivery, rules.kinds, metrics);
      return true;
    }
    const { processDelivery, ports } = await getPipeline();
    const { failed } = await processDelivery(delivery, ports, budget, candidates);
    if (failed > 0) return false;
    countDelivery(delivery, rules.kinds, metrics);
    return true;
  };
}
