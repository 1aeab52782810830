import * as z from "zod/mini";
import { type Network, parseCidr } from "./network.ts";
import { defaultAttributes, type LocationAttributes, readLocationAttributes } from "./okta-users/okta-user.ts";

/** Minutes in which a user's further session starts on one network are held back, unless somebody sets another time. */
export const defaultSuppressMinutes = 60;
/** A day: whoever is quiet for longer is not watched. */
export const maximumSuppressMinutes = 1_440;

/** Whether a setting is a time that sessions can be held back for. */
export function isSuppressMinutes(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) <= maximumSuppressMinutes;
}

/** The settings of every function that works on events, read once from the environment. */
export interface PipelineConfig {
  readonly profileTable: string;
  readonly stateTable: string;
  readonly alertTopicArn: string;
  readonly retryQueueUrl: string;
  readonly deadLetterQueueUrl: string;
  /** Kilometers, over 0. */
  readonly mismatchDistanceKm: number;
  /** Minutes, 0 or more; 0 holds nothing back. */
  readonly suppressMinutes: number;
  /** Whether detections with `status: experimental` run. */
  readonly experimentalDetections: boolean;
  /** Where users go whose profiles are to be fetched anew; null where profiles do not come from Okta. */
  readonly refreshQueueUrl: string | null;
}

/** The receiver's settings. */
export interface ReceiverConfig extends PipelineConfig {
  /** Where the event hook's secret comes from: Secrets Manager, or, in the embedded run, the environment itself. */
  readonly hookSecret: { readonly arn: string } | { readonly value: string };
  /** The networks that requests may come from; null for all. */
  readonly allowedNetworks: readonly Network[] | null;
}

/** The settings of the functions that bring profiles from Okta. */
export interface SyncConfig {
  readonly profileTable: string;
  readonly stateTable: string;
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  readonly credentialSecretArn: string;
  readonly attributes: readonly LocationAttributes[];
}

/** The settings of a function that renders alerts for one kind of reader. */
export interface OutputConfig {
  /** The name of a file of `outputs/`. */
  readonly output: string;
  readonly topicArn: string;
}

/** The settings of the function that tells of exceptions that end. */
export type NoticeConfig = Pick<PipelineConfig, "stateTable" | "alertTopicArn">;

/** The settings of the function that delivers test events. */
export interface CanaryConfig {
  readonly hookUrl: string;
  readonly hookSecretArn: string;
  readonly stateTable: string;
}

/** Settings that are missing or malformed. The message names each, and never holds a secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const required = (what: string) =>
  z.string(`is missing: set it to ${what}`).check(z.minLength(1, `is empty: set it to ${what}`));

const queueUrl = (what: string) =>
  z.string(`is missing: set it to the URL of the ${what}`).check(z.regex(/^https?:\/\/\S+$/, "is no URL"));

const tablesEnvironment = z.object({
  PROFILE_TABLE: required("the name of the profile table"),
  STATE_TABLE: required("the name of the state table"),
});

const secretArn = () =>
  z
    .string("is missing: set it to the ARN of a Secrets Manager secret")
    .check(z.regex(/^arn:[\w-]+:secretsmanager:\S+$/, "is no ARN of a Secrets Manager secret"));

const topicArn = (what: string) =>
  z
    .string(`is missing: set it to the ARN of the ${what}`)
    .check(z.regex(/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w-]+$/, "is no ARN of an SNS topic"));

const outputEnvironment = z.object({
  OUTPUT: required("the name of an output").check(z.regex(/^[\w-]*$/, "is no name of an output")),
  OUTPUT_TOPIC_ARN: topicArn("output's topic"),
});

const noticeEnvironment = z.object({
  STATE_TABLE: required("the name of the state table"),
  ALERT_TOPIC_ARN: topicArn("alert topic"),
});

const canaryEnvironment = z.object({
  HOOK_URL: z.string("is missing: set it to the URL of the event hook").check(z.regex(/^https?:\/\/\S+$/, "is no URL")),
  HOOK_SECRET_ARN: secretArn(),
  STATE_TABLE: required("the name of the state table"),
});

const pipelineEnvironment = z.extend(tablesEnvironment, {
  ALERT_TOPIC_ARN: topicArn("alert topic"),
  RETRY_QUEUE_URL: queueUrl("retry queue"),
  DEAD_LETTER_QUEUE_URL: queueUrl("dead-letter queue"),
  MISMATCH_DISTANCE_KM: z.string("is missing: set it to a number of kilometers, for example 500").check(
    z.regex(/^\d+(\.\d+)?$/, "is no number of kilometers"),
    z.refine((text) => Number(text) > 0 && Number(text) <= 20_016, "is not between 0 and 20016 kilometers"),
  ),
  SUPPRESS_MINUTES: z.optional(
    z.string().check(z.refine(isSuppressMinutes, `is no whole number of minutes from 0 to ${maximumSuppressMinutes}`)),
  ),
  REFRESH_QUEUE_URL: z.optional(queueUrl("refresh queue")),
  EXPERIMENTAL_DETECTIONS: z.optional(z.enum(["true", "false"], "is neither true nor false")),
});

const receiverEnvironment = z.extend(pipelineEnvironment, {
  HOOK_SECRET: z.optional(z.string()),
  HOOK_SECRET_ARN: z.optional(secretArn()),
  ALLOWED_CIDRS: z.optional(
    z.string().check(z.refine((text) => readNetworks(text) !== null, "is no list of networks such as 192.0.2.0/24")),
  ),
});

const syncEnvironment = z.extend(tablesEnvironment, {
  OKTA_ORG_URL: required("the URL of the Okta org").check(z.regex(/^https?:\/\/[^/]+$/, "is no URL of an Okta org")),
  OKTA_CREDENTIAL_SECRET_ARN: secretArn(),
  OKTA_PROFILE_ATTRIBUTES: z.pipe(
    z
      .string("is missing: set it to the profile attributes that hold locations, as JSON")
      .check(
        z.refine(
          (text) => readLocationAttributes(text) !== null,
          `is no JSON such as ${JSON.stringify(defaultAttributes)}`,
        ),
      ),
    z.transform((text) => readLocationAttributes(text) ?? []),
  ),
});

/** Networks, divided by spaces or commas; null when one of them is none, or there is none. */
function readNetworks(text: string): Network[] | null {
  const networks = text.split(/[\s,]+/).map(parseCidr);
  return networks.every((network) => network !== null) ? networks : null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings of a function that works on events.
 *
 * @param environment the process's environment variables
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readPipelineConfig(environment: Environment): PipelineConfig {
  return toPipelineConfig(parse(pipelineEnvironment, environment, []));
}

/**
 * Reads the receiver's settings.
 *
 * @param environment the process's environment variables
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readReceiverConfig(environment: Environment): ReceiverConfig {
  const { HOOK_SECRET: value, HOOK_SECRET_ARN: arn } = environment;
  const faults: string[] = [];
  if (!value && !arn) {
    faults.push(
      "HOOK_SECRET_ARN is missing: set it to the ARN of the event hook's secret, or HOOK_SECRET to the secret itself",
    );
  }
  if (value && arn) faults.push("HOOK_SECRET and HOOK_SECRET_ARN are both set: set exactly one of them");
  const parsed = parse(receiverEnvironment, environment, faults);
  return {
    ...toPipelineConfig(parsed),
    hookSecret: arn ? { arn } : { value: value ?? "" },
    allowedNetworks: parsed.ALLOWED_CIDRS === undefined ? null : readNetworks(parsed.ALLOWED_CIDRS),
  };
}

/**
 * Reads the settings of a function that brings profiles from Okta.
 *
 * @param environment the process's environment variables
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readSyncConfig(environment: Environment): SyncConfig {
  const parsed = parse(syncEnvironment, environment, []);
  return {
    profileTable: parsed.PROFILE_TABLE,
    stateTable: parsed.STATE_TABLE,
    orgUrl: parsed.OKTA_ORG_URL,
    credentialSecretArn: parsed.OKTA_CREDENTIAL_SECRET_ARN,
    attributes: parsed.OKTA_PROFILE_ATTRIBUTES,
  };
}

/**
 * Reads the settings of a function that renders alerts.
 *
 * @param environment the process's environment variables
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readOutputConfig(environment: Environment): OutputConfig {
  const parsed = parse(outputEnvironment, environment, []);
  return { output: parsed.OUTPUT, topicArn: parsed.OUTPUT_TOPIC_ARN };
}

/**
 * Reads the settings of the function that tells of exceptions that end.
 *
 * @param environment the process's environment variables
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readNoticeConfig(environment: Environment): NoticeConfig {
  const parsed = parse(noticeEnvironment, environment, []);
  return { stateTable: parsed.STATE_TABLE, alertTopicArn: parsed.ALERT_TOPIC_ARN };
}

/**
 * Reads the settings of the function that delivers test events.
 *
 * @param environment the process's environment variables
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readCanaryConfig(environment: Environment): CanaryConfig {
  const parsed = parse(canaryEnvironment, environment, []);
  return { hookUrl: parsed.HOOK_URL, hookSecretArn: parsed.HOOK_SECRET_ARN, stateTable: parsed.STATE_TABLE };
}

function parse<Schema extends z.core.$ZodType>(
  schema: Schema,
  environment: Environment,
  further: readonly string[],
): z.output<Schema> {
  const parsed = z.safeParse(schema, environment);
  const issues = parsed.success ? [] : parsed.error.issues;
  const faults = [...issues.map((issue) => `${issue.path.join(".")} ${issue.message}`), ...further];
  if (parsed.success && faults.length === 0) return parsed.data;
  throw new ConfigError(
    `The environment of this function is not complete:\n${faults.map((fault) => `- ${fault}`).join("\n")}`,
  );
}

function toPipelineConfig(parsed: z.output<typeof pipelineEnvironment>): PipelineConfig {
  return {
    profileTable: parsed.PROFILE_TABLE,
    stateTable: parsed.STATE_TABLE,
    alertTopicArn: parsed.ALERT_TOPIC_ARN,
    retryQueueUrl: parsed.RETRY_QUEUE_URL,
    deadLetterQueueUrl: parsed.DEAD_LETTER_QUEUE_URL,
    mismatchDistanceKm: Number(parsed.MISMATCH_DISTANCE_KM),
    suppressMinutes: Number(parsed.SUPPRESS_MINUTES ?? defaultSuppressMinutes),
    experimentalDetections: parsed.EXPERIMENTAL_DETECTIONS === "true",
    refreshQueueUrl: parsed.REFRESH_QUEUE_URL ?? null,
  };
}
