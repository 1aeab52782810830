/**
 * A publish had no answer: the topic may have the alert. A second publish may deliver it twice.
 *
 * SNS offers no deduplication for our subscribers: standard topics do not deduplicate, and FIFO topics, which do,
 * deliver to SQS queues only, not to e-mail, SMS or HTTPS
 * (https://docs.aws.amazon.com/sns/latest/dg/fifo-message-delivery.html).
 */
export class UnconfirmedPublishError extends Error {
  override readonly name = "UnconfirmedPublishError";
}

/**
 * Publishes of one alert without an answer before its work goes to the dead-letter queue, where an operator decides.
 */
export const maximumUnconfirmed = 3;

/**
 * Seconds that work waits after a publish without an answer. After the first, redrive tries at once, as it waits longer
 * for an answer than the receiver; after that, the work waits for the topic to recover.
 *
 * @param unconfirmed publishes without an answer so far: 1 or more
 */
export function unconfirmedDelaySeconds(unconfirmed: number): number {
  return unconfirmed <= 1 ? 2 : 600;
}
