import type { Alert } from "./alert-schema.ts";

/**
 * A rendering of alerts for one kind of reader. Each file of `lambda/outputs/` exports one as `output`, under the name by
 * which the setting `outputs` switches it on; it then has a topic of its own.
 */
export interface Output {
  /** What it is, for whoever chooses one. */
  readonly description: string;
  /** The SNS message; at most 256 KiB. It is written from `inertAlert`, for the reader that it has. */
  readonly render: (alert: Alert) => string;
}

/** SNS's limit for a message, in bytes: https://docs.aws.amazon.com/general/latest/gr/sns.html */
export const maximumMessageBytes = 262_144;

/** Room for subject and attributes, which count towards the limit. Forty rule ids fit in. */
export const reservedBytes = 4_096;
