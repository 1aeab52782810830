import type { Alert } from "./alert-schema.ts";

/**
 * A rendering of alerts for one kind of reader. Each file of `lambda/outputs/` exports one as `output`, under the name by
 * which the setting `outputs` switches it on; it then has a topic of its own.
 */
export interface Output {
  /** A short description, for the list of outputs. */
  readonly description: string;
  /** Writes the SNS message, of at most 256 KiB, from `inertAlert` for its reader. */
  readonly render: (alert: Alert) => string;
}

/** SNS's limit for a message, in bytes: https://docs.aws.amazon.com/general/latest/gr/sns.html */
export const maximumMessageBytes = 262_144;

/** Room for subject and attributes, which count towards the limit. Forty rule ids fit in. */
export const reservedBytes = 4_096;
