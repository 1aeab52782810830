import { createQueue } from "../../adapters/aws/queue.ts";
import type { LogKind } from "../../adapters/telemetry/log-kind.ts";
import { logger } from "../../adapters/telemetry/log-observations.ts";
import type { EndpointPorts } from "../../core/hook-endpoint/endpoint.ts";
import { toRefusedLetter } from "../../core/pipeline/dead-letter.ts";

/** Sends refused deliveries that had the right secret to the dead-letter queue, and logs the reason of each. */
export function createParkRefused(deadLetterQueueUrl: string): EndpointPorts["parkRefused"] {
  const send = createQueue(deadLetterQueueUrl);
  return async (refused, signal) => {
    const { status, reason } = refused;
    await send([{ body: toRefusedLetter(refused, new Date()) }], signal);
    logger.error("Refused a delivery although its secret was right; it is on the dead-letter queue", {
      kind: "deliveryRefused" satisfies LogKind,
      status,
      reason,
    });
  };
}
