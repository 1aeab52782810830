/**
 * An alert was published and no answer came: the topic may have taken it. Published again, it may arrive twice.
 *
 * SNS has nothing against that for our subscribers: standard topics do not deduplicate, and FIFO topics, which do, deliver to
 * SQS queues only, not to e-mail, SMS or HTTPS (https://docs.aws.amazon.com/sns/latest/dg/fifo-message-delivery.html).
 */
export class UnconfirmedPublishError extends Error {
  override readonly name = "UnconfirmedPublishError";
}

/**
 * Publishes of one alert without an answer before its work goes to the dead-letter queue: an alert that may have arrived three
 * times is a matter for a person.
 */
export const maximumUnconfirmed = 3;

/**
 * Seconds that work waits after a publish without an answer. The receiver has little time for an answer, and redrive a lot:
 * after the first it is tried at once, and then it waits for the topic to recover.
 *
 * @param unconfirmed publishes without an answer so far: 1 or more
 */
export function unconfirmedDelaySeconds(unconfirmed: number): number {
  return unconfirmed <= 1 ? 2 : 600;
}
