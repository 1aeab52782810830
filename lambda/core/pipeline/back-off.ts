/** The first and the longest wait. SQS allows at most twelve hours. */
const firstSeconds = 15;
const longestSeconds = 4 * 3_600;

/**
 * Attempts before SQS moves work to the dead-letter queue. With the waits below, the last attempt comes after 8 to 16
 * hours; SQS moves the work at the next receive, after 10 to 20.
 */
export const maximumAttempts = 14;

/**
 * Seconds to wait after an attempt that failed: doubling from 15 seconds to 4 hours, less up to half at random, so that
 * work that failed together is not tried again together.
 *
 * @param attempt 1 for the first
 * @param random 0 to 1
 */
export function backOffSeconds(attempt: number, random: number): number {
  const whole = Math.min(firstSeconds * 2 ** Math.max(0, attempt - 1), longestSeconds);
  return Math.round(whole * (1 - random / 2));
}
