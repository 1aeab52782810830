import type { EndpointPorts } from "./hook-endpoint/endpoint.ts";
import { toRefusedLetter } from "./pipeline/dead-letter.ts";
import { createQueue } from "./queue.ts";
import { logger } from "./telemetry.ts";

/** Parks deliveries that are refused although their secret was right on the dead-letter queue, and logs why each is. */
export function createParkRefused(deadLetterQueueUrl: string): EndpointPorts["parkRefused"] {
  const send = createQueue(deadLetterQueueUrl);
  return async (refused, signal) => {
    const { status, reason } = refused;
    await send([{ body: toRefusedLetter(refused, new Date()) }], signal);
    logger.error("Refused a delivery although its secret was right; it is on the dead-letter queue", {
      status,
      reason,
    });
  };
}
