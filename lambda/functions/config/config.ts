import type { SecretSource } from "../../adapters/aws/hook-secrets.ts";
import type { StateKeySource } from "../../adapters/aws/state-key.ts";
import { defaultMetricSet, type MetricSet, metricSets } from "../../adapters/telemetry/metric-sets.ts";
import { type Network, parseCidr } from "../../core/network/cidr.ts";

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
  /** The domains of the org's logins, in lower case; empty where they are not named: see `looksLikeLogin`. */
  readonly loginDomains: readonly string[];
  /** Whether detections with `status: experimental` run. */
  readonly experimentalDetections: boolean;
  /** Where users go whose profiles are to be fetched anew; null where profiles do not come from Okta. */
  readonly refreshQueueUrl: string | null;
  /** Which metrics are written. @default essential */
  readonly metrics: MetricSet;
  /** Where the key comes from that logins are hashed with before they are the key of what is remembered. */
  readonly stateKey: StateKeySource;
}

/** The receiver's settings. */
export interface ReceiverConfig extends PipelineConfig {
  readonly hookSecret: SecretSource;
  /** The networks that requests may come from; null for all. */
  readonly allowedNetworks: readonly Network[] | null;
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

/** A variable of the environment: what it is to be set to, and how it can be wrong. */
export interface Variable {
  /** As in "set it to ...", for one that is missing; null for one that need not be there. */
  readonly what: string | null;
  /** What is wrong with a value; null for nothing. */
  readonly fault: (value: string) => string | null;
}

const matching = (pattern: RegExp, fault: string) => (value: string) => (pattern.test(value) ? null : fault);
const anything = () => null;
const optional = ({ fault }: Variable): Variable => ({ what: null, fault });

const url = (what: string): Variable => ({
  what: `the URL of the ${what}`,
  fault: matching(/^https?:\/\/\S+$/, "is no URL"),
});
/** The ARN of a secret that there has to be. */
export const secretArn: Variable = {
  what: "the ARN of a Secrets Manager secret",
  fault: matching(/^arn:[\w-]+:secretsmanager:\S+$/, "is no ARN of a Secrets Manager secret"),
};
const topicArn = (what: string): Variable => ({
  what: `the ARN of the ${what}`,
  fault: matching(/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w-]+$/, "is no ARN of an SNS topic"),
});

/** Every variable that a function of ours may have, but for those of what asks Okta: see `okta-config.ts`. */
export const variables = {
  PROFILE_TABLE: { what: "the name of the profile table", fault: anything },
  STATE_TABLE: { what: "the name of the state table", fault: anything },
  ALERT_TOPIC_ARN: topicArn("alert topic"),
  RETRY_QUEUE_URL: url("retry queue"),
  DEAD_LETTER_QUEUE_URL: url("dead-letter queue"),
  MISMATCH_DISTANCE_KM: {
    what: "a number of kilometers, for example 500",
    fault(value) {
      if (!/^\d+(\.\d+)?$/.test(value)) return "is no number of kilometers";
      return Number(value) > 0 && Number(value) <= 20_016 ? null : "is not between 0 and 20016 kilometers";
    },
  },
  SUPPRESS_MINUTES: {
    what: null,
    fault: (value) =>
      isSuppressMinutes(value) ? null : `is no whole number of minutes from 0 to ${maximumSuppressMinutes}`,
  },
  LOGIN_DOMAINS: {
    what: null,
    fault: (value) => (readDomains(value) === null ? "is no list of domains such as example.com" : null),
  },
  REFRESH_QUEUE_URL: optional(url("refresh queue")),
  METRICS: { what: null, fault: (value) => (readMetricSet(value) ? null : `is none of ${metricSets.join(", ")}`) },
  EXPERIMENTAL_DETECTIONS: { what: null, fault: matching(/^(true|false)$/, "is neither true nor false") },
  HOOK_SECRET_ARN: optional(secretArn),
  STATE_KEY_ARN: optional(secretArn),
  ALLOWED_CIDRS: {
    what: null,
    fault: (value) => (readNetworks(value) === null ? "is no list of networks such as 192.0.2.0/24" : null),
  },
  OUTPUT: { what: "the name of an output", fault: matching(/^[\w-]*$/, "is no name of an output") },
  OUTPUT_TOPIC_ARN: topicArn("output's topic"),
  HOOK_URL: url("event hook"),
} as const satisfies Readonly<Record<string, Variable>>;

type Name = keyof typeof variables;

const readMetricSet = (text: string | undefined) => metricSets.find((set) => set === text);

/** Networks, divided by spaces or commas; null when one of them is none, or there is none. */
function readNetworks(text: string): Network[] | null {
  const networks = text.split(/[\s,]+/).map(parseCidr);
  return networks.every((network) => network !== null) ? networks : null;
}

/** A domain name, as logins end in. */
export const domainPattern = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}$/i;

/** Domains, divided by spaces or commas, in lower case; null when one of them is none. */
function readDomains(text: string): string[] | null {
  const domains = text.split(/[\s,]+/).filter((domain) => domain !== "");
  return domains.every((domain) => domainPattern.test(domain)) ? domains.map((domain) => domain.toLowerCase()) : null;
}

/** Whether a setting is a list of domains. */
export function areDomains(text: string): boolean {
  return readDomains(text) !== null;
}

/** A process's environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings of a function that works on events.
 *
 * @param environment the process's environment variables
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readPipelineConfig(environment: Environment): PipelineConfig {
  return toPipelineConfig(read(pipelineVariables, environment), environment);
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
  const known = read([...pipelineVariables, "HOOK_SECRET_ARN", "ALLOWED_CIDRS"], environment, faults);
  return {
    ...toPipelineConfig(known, environment),
    hookSecret: arn ? { arn } : { value: value ?? "" },
    allowedNetworks: known.ALLOWED_CIDRS === undefined ? null : readNetworks(known.ALLOWED_CIDRS),
  };
}

/**
 * Reads the settings of a function that renders alerts.
 *
 * @param environment the process's environment variables
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readOutputConfig(environment: Environment): OutputConfig {
  const { OUTPUT = "", OUTPUT_TOPIC_ARN = "" } = read(["OUTPUT", "OUTPUT_TOPIC_ARN"], environment);
  return { output: OUTPUT, topicArn: OUTPUT_TOPIC_ARN };
}

/**
 * Reads the settings of the function that tells of exceptions that end.
 *
 * @param environment the process's environment variables
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readNoticeConfig(environment: Environment): NoticeConfig {
  const { STATE_TABLE = "", ALERT_TOPIC_ARN = "" } = read(["STATE_TABLE", "ALERT_TOPIC_ARN"], environment);
  return { stateTable: STATE_TABLE, alertTopicArn: ALERT_TOPIC_ARN };
}

/**
 * Reads the settings of the function that delivers test events.
 *
 * @param environment the process's environment variables
 * @throws ConfigError naming everything that is missing or malformed
 */
export function readCanaryConfig(environment: Environment): CanaryConfig {
  const { HOOK_URL, STATE_TABLE } = variables;
  // The secret itself, which may stand in for its ARN elsewhere, does not do here.
  const known = readVariables({ HOOK_URL, HOOK_SECRET_ARN: secretArn, STATE_TABLE }, environment);
  return {
    hookUrl: known.HOOK_URL ?? "",
    hookSecretArn: known.HOOK_SECRET_ARN ?? "",
    stateTable: known.STATE_TABLE ?? "",
  };
}

/** The variables of every function that works on events. */
export const pipelineVariables = [
  "PROFILE_TABLE",
  "STATE_TABLE",
  "ALERT_TOPIC_ARN",
  "RETRY_QUEUE_URL",
  "DEAD_LETTER_QUEUE_URL",
  "MISMATCH_DISTANCE_KM",
  "SUPPRESS_MINUTES",
  "LOGIN_DOMAINS",
  "REFRESH_QUEUE_URL",
  "EXPERIMENTAL_DETECTIONS",
  "METRICS",
  "STATE_KEY_ARN",
] as const satisfies readonly Name[];

function read<Wanted extends Name>(
  names: readonly Wanted[],
  environment: Environment,
  further: readonly string[] = [],
) {
  return readVariables(variablesOf(names), environment, further);
}

/** Variables by their names. */
export function variablesOf<Wanted extends Name>(names: readonly Wanted[]): Record<Wanted, Variable> {
  return Object.fromEntries(names.map((name) => [name, variables[name]])) as unknown as Record<Wanted, Variable>;
}

/**
 * The values of variables, of which those that have to be there are.
 *
 * @param further what is wrong beside them
 * @throws ConfigError
 */
export function readVariables<Wanted extends string>(
  wanted: Readonly<Record<Wanted, Variable>>,
  environment: Environment,
  further: readonly string[] = [],
): Partial<Readonly<Record<Wanted, string>>> {
  const faults: string[] = [];
  const values: Partial<Record<Wanted, string>> = {};
  for (const [name, { what, fault }] of Object.entries<Variable>(wanted)) {
    const value = environment[name];
    if (value === undefined && what === null) continue;
    const wrong =
      what !== null && !value
        ? `is ${value === undefined ? "missing" : "empty"}: set it to ${what}`
        : fault(value ?? "");
    if (wrong === null) values[name as Wanted] = value ?? "";
    else faults.push(`${name} ${wrong}`);
  }
  const all = [...faults, ...further];
  if (all.length === 0) return values;
  throw new ConfigError(
    `The environment of this function is not complete:\n${all.map((each) => `- ${each}`).join("\n")}`,
  );
}

/** The settings of a function that works on events, of variables that are checked. */
export function toPipelineConfig(
  known: Partial<Record<(typeof pipelineVariables)[number], string>>,
  environment: Environment,
): PipelineConfig {
  return {
    profileTable: known.PROFILE_TABLE ?? "",
    stateTable: known.STATE_TABLE ?? "",
    alertTopicArn: known.ALERT_TOPIC_ARN ?? "",
    retryQueueUrl: known.RETRY_QUEUE_URL ?? "",
    deadLetterQueueUrl: known.DEAD_LETTER_QUEUE_URL ?? "",
    mismatchDistanceKm: Number(known.MISMATCH_DISTANCE_KM),
    suppressMinutes: Number(known.SUPPRESS_MINUTES ?? defaultSuppressMinutes),
    loginDomains: readDomains(known.LOGIN_DOMAINS ?? "") ?? [],
    experimentalDetections: known.EXPERIMENTAL_DETECTIONS === "true",
    refreshQueueUrl: known.REFRESH_QUEUE_URL ?? null,
    metrics: readMetricSet(known.METRICS) ?? defaultMetricSet,
    stateKey: stateKeySource(known.STATE_KEY_ARN, environment),
  };
}

function stateKeySource(arn: string | undefined, environment: Environment): StateKeySource {
  if (arn !== undefined) return { arn };
  const { HOOK_SECRET: value, HOOK_SECRET_ARN: hookSecretArn } = environment;
  if (hookSecretArn) return { hookSecret: { arn: hookSecretArn } };
  return value ? { hookSecret: { value } } : null;
}
