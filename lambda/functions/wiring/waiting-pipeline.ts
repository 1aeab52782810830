import { createSecrets } from "../../adapters/aws/secrets.ts";
import { createStateKey, type GetStateKey } from "../../adapters/tables/state-key.ts";
import type { Metrics } from "../../adapters/telemetry/metrics.ts";
import { millisecondsUp } from "../../adapters/telemetry/uptime.ts";
import type { PipelinePorts } from "../../core/pipeline/ports.ts";
import type { PipelineConfig } from "../config/pipeline.ts";
import { enabledDetections } from "./enabled-detections.ts";
import { createPipelinePorts } from "./pipeline-ports.ts";

/** The pipeline's ports, with the detections that run, for functions whose callers do not wait. */
export async function createWaitingPipeline(config: PipelineConfig, metrics: Metrics): Promise<PipelinePorts> {
  const getStateKey = startStateKey(config);
  const detections = await enabledDetections(config);
  return createPipelinePorts({ config, detections, metrics, getStateKey, clients: config.timing.waitingClient });
}

/**
 * Starts fetching the key for hashing logins, so that the first event finds it. A failure shows where the key is used.
 */
function startStateKey({ stateKey, timing }: PipelineConfig): GetStateKey {
  const versionsOf = createSecrets(timing.answeringClient);
  const getStateKey = createStateKey(stateKey, versionsOf, timing.keyPatience.waiting, millisecondsUp);
  void Promise.allSettled([getStateKey()]);
  return getStateKey;
}
