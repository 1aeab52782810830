import * as z from "zod/mini";

/** The receiver's settings, read once from the environment. */
export interface ReceiverConfig {
  readonly profileTable: string;
  readonly alertTopicArn: string;
  readonly deadLetterQueueUrl: string;
  /** Where the event hook's secret comes from: Secrets Manager, or, in the embedded run, the environment itself. */
  readonly hookSecret: { readonly arn: string } | { readonly value: string };
  /** Kilometers, over 0. */
  readonly mismatchDistanceKm: number;
  /** Whether detections with `status: experimental` run. */
  readonly experimentalDetections: boolean;
}

/** Settings that are missing or malformed. The message names each, and never holds a secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const required = (what: string) =>
  z.string(`is missing: set it to ${what}`).check(z.minLength(1, `is empty: set it to ${what}`));

const environmentSchema = z.object({
  PROFILE_TABLE: required("the name of the profile table"),
  ALERT_TOPIC_ARN: z
    .string("is missing: set it to the ARN of the alert topic")
    .check(z.regex(/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w-]+$/, "is no ARN of an SNS topic")),
  DEAD_LETTER_QUEUE_URL: z
    .string("is missing: set it to the URL of the dead-letter queue")
    .check(z.regex(/^https?:\/\/\S+$/, "is no URL")),
  MISMATCH_DISTANCE_KM: z.string("is missing: set it to a number of kilometers, for example 500").check(
    z.regex(/^\d+(\.\d+)?$/, "is no number of kilometers"),
    z.refine((text) => Number(text) > 0 && Number(text) <= 20_016, "is not between 0 and 20016 kilometers"),
  ),
  EXPERIMENTAL_DETECTIONS: z.optional(z.enum(["true", "false"], "is neither true nor false")),
  HOOK_SECRET: z.optional(z.string()),
  HOOK_SECRET_ARN: z.optional(
    z.string().check(z.regex(/^arn:[\w-]+:secretsmanager:\S+$/, "is no ARN of a Secrets Manager secret")),
  ),
});

/**
 * Reads the receiver's settings.
 *
 * @param environment the process's environment variables
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readReceiverConfig(environment: Readonly<Record<string, string | undefined>>): ReceiverConfig {
  const parsed = environmentSchema.safeParse(environment);
  const faults = parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
  const { HOOK_SECRET: value, HOOK_SECRET_ARN: arn } = environment;
  if (!value && !arn) {
    faults.push(
      "HOOK_SECRET_ARN is missing: set it to the ARN of the event hook's secret, or HOOK_SECRET to the secret itself",
    );
  }
  if (value && arn) faults.push("HOOK_SECRET and HOOK_SECRET_ARN are both set: set exactly one of them");
  if (!parsed.success || faults.length > 0) {
    throw new ConfigError(
      `The environment of this function is not complete:\n${faults.map((fault) => `- ${fault}`).join("\n")}`,
    );
  }
  return {
    profileTable: parsed.data.PROFILE_TABLE,
    alertTopicArn: parsed.data.ALERT_TOPIC_ARN,
    deadLetterQueueUrl: parsed.data.DEAD_LETTER_QUEUE_URL,
    hookSecret: arn ? { arn } : { value: value ?? "" },
    mismatchDistanceKm: Number(parsed.data.MISMATCH_DISTANCE_KM),
    experimentalDetections: parsed.data.EXPERIMENTAL_DETECTIONS === "true",
  };
}
