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

/** Room for subject and attributes, which count towards the limit of a message. Forty rule ids fit in. */
export const reservedBytes = 4_096;
