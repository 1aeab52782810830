import { setTimeout as delay } from "node:timers/promises";
import { testDelivery } from "../../core/okta/test-delivery.ts";
import type { Claims } from "../../core/pipeline/claims.ts";

/** The interval between looks for the alert, in milliseconds. */
const pollInterval = 250;

/**
 * Delivers a test event to the event hook's URL, as Okta would: once more where the answer is a 5xx.
 *
 * @param authorization the event hook's secret
 * @returns the status of the last answer
 * @throws when the URL cannot be reached within 15 seconds
 */
export async function sendTest(hookUrl: string, authorization: string, uuid: string): Promise<number> {
  const body = JSON.stringify(testDelivery(uuid, crypto.randomUUID(), new Date()));
  const deliver = async () => {
    const response = await fetch(hookUrl, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(15_000),
    });
    await response.arrayBuffer();
    return response.status;
  };
  const status = await deliver();
  return status >= 500 ? await deliver() : status;
}

/** Waits for the result of an event; returns the state of its claim when the time is over; null for no claim. */
export async function awaitEnd(
  claims: Claims,
  uuid: string,
  milliseconds: number,
): Promise<Awaited<ReturnType<Claims["find"]>>> {
  const started = Date.now();
  for (;;) {
    const found = await claims.find(uuid, AbortSignal.timeout(10_000));
    if (found?.kind === "done" || Date.now() - started > milliseconds) return found;
    await delay(pollInterval);
  }
}
