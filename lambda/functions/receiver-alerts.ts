/*
 * What the first match loads, as one file of the bundle, since each further file costs a cold start about a millisecond.
 */

export { processDelivery } from "../core/pipeline/process-delivery.ts";
export { createPipelinePorts } from "./wiring/pipeline-ports.ts";
