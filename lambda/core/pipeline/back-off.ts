/** The first wait, and the longest, in seconds. */
export interface BackOff {
  readonly firstSeconds: number;
  readonly longestSeconds: number;
}

/**
 * The waits of a deployment. The longest is the time that an alert may still wait once an outage has ended: no try of other work
 * can call it back, as SQS lets a message return early only to the function that received it.
 */
export const backOff: BackOff = { firstSeconds: 15, longestSeconds: 300 };

/**
 * Attempts before SQS moves work to the dead-letter queue, which takes up to 1,000
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html). With the waits below, the last
 * attempt comes after 8 to 16 hours; SQS moves the work at the next receive, minutes later.
 */
export const maximumAttempts = 200;

/**
 * Seconds to wait after an attempt that failed: doubling from the first wait to the longest, less up to half at random, so
 * that work that failed together is not tried again together.
 *
 * @param attempt 1 for the first
 * @param random 0 to 1
 * @param waits the first and the longest. @default {@link backOff}
 */
export function backOffSeconds(attempt: number, random: number, waits = backOff): number {
  const { firstSeconds, longestSeconds } = waits;
  const whole = Math.min(firstSeconds * 2 ** Math.max(0, attempt - 1), longestSeconds);
  return Math.round(whole * (1 - random / 2));
}
