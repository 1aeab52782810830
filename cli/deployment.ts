import { CloudFormationClient, DescribeStacksCommand, type Stack } from "@aws-sdk/client-cloudformation";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Command } from "commander";
import { loadSettings } from "../infra/settings.ts";
import { defaultStackName } from "../infra/settings-file.ts";
import { deriveStateKey } from "../lambda/adapters/tables/state-key.ts";
import type { StateKey } from "../lambda/adapters/tables/user-item-ids.ts";
import { readPacks } from "../lambda/core/sigma/pack.ts";
import { toError } from "../lambda/core/values/error.ts";
import { defaultPort, findRuns } from "../local/run-notes.ts";
import { closing } from "./aws-client.ts";
import { givenArguments, InputError, isByNpmRun, lineWith, onOneLine, shellWord } from "./command.ts";
import { awsProxySettings } from "./proxy.ts";
import { useRegion } from "./region.ts";
import { readSecret } from "./secrets.ts";

/** The target of a command: the deployed stack, or the embedded run. */
export interface Deployment {
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  readonly sns: SNSClient;
  readonly alertTopicArn: string;
  /** The URL that the event hook delivers to. */
  readonly hookUrl: string;
  /** Fetches the event hook's secret. */
  readonly hookSecret: () => Promise<string>;
  /** The ARN of that secret; null in the embedded run, which was started with the secret. */
  readonly hookSecretArn: string | null;
  /** Fetches the key for hashing logins. */
  readonly stateKey: () => Promise<StateKey>;
  /** The stack's name; null for the embedded run. */
  readonly stack: string | null;
  /** Whether detections with `status: experimental` run. */
  readonly experimentalDetections: boolean;
  /** The packs whose experimental detections run. */
  readonly packs: readonly string[];
  /** Whether profile locations come from Okta, so that the hook needs events that change them. */
  readonly bringsProfiles: boolean;
  /** The secret of the credential that functions ask Okta with; null where no function asks. */
  readonly oktaCredentialSecretArn: string | null;
  /** The org whose profiles and System Log are read; null for none. */
  readonly oktaOrgUrl: string | null;
  /** The event bus that the org's log stream feeds; null for none. */
  readonly eventBusName: string | null;
  readonly profileTable: string;
  readonly stateTable: string;
  readonly mismatchDistanceKm: number;
  readonly retryQueueUrl: string;
  readonly deadLetterQueueUrl: string;
}

/** Options that name the target of a command. */
export interface DeploymentOptions {
  /** @default - the stack that the settings file names */
  readonly stack?: string;
  readonly local?: boolean;
  /** Where the embedded run is. @default - {@link findLocal} */
  readonly url?: string;
}

/** The option that names the stack of a command. */
export const stackOption = [
  "--stack <name>",
  `the deployed stack, in the region and account of your AWS credentials (default: stackName of settings.yml, else ${defaultStackName})`,
] as const;

/**
 * The default stack of commands: the one that the settings file names. All of the file is checked, as a misspelt
 * `stackName` would lead to the stack of another org.
 *
 * @throws InputError naming each setting that cannot be used, and its line
 */
export async function defaultStack(): Promise<string> {
  return (await loadSettings({})).settings.stackName;
}

/**
 * Where the embedded run is: on `PORT`, where the environment has one; else where this checkout's runs; else on 3000, where one of
 * another checkout may be.
 *
 * @throws InputError when several run, with their addresses
 */
export async function findLocal({ PORT }: Readonly<Record<string, string | undefined>>): Promise<string> {
  if (PORT !== undefined && /^[1-9]\d{0,4}$/.test(PORT)) return `http://localhost:${PORT}`;
  const runs = await findRuns(answers);
  if (runs.length <= 1) return runs[0]?.url ?? `http://localhost:${defaultPort}`;
  const list = runs.map(({ url, startedAt }) => `  --local --url ${url}   since ${startedAt}`);
  throw new InputError(`several embedded runs are there, the newest first; say which:\n${list.join("\n")}`);
}

/**
 * `npm run NAME --local`, without a `--` before it, reaches the command without `--local`, and npm passes on nothing that shows it. Where an
 * embedded run is there, the command asks which is meant.
 *
 * @throws InputError with the lines to paste
 */
async function refuseLostLocal(): Promise<void> {
  if (!isByNpmRun()) return;
  const [run] = await findRuns(answers);
  if (run === undefined) return;
  throw new InputError(
    `an embedded run is there, and npm takes --local for itself where no -- stands before it. Nothing was done; say which is meant:\n  ${lineWith("--local")}\n  ${lineWith("--stack", await defaultStack())}`,
  );
}

/** Whether an embedded run answers within two seconds. */
async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(new URL("/_local/environment", url), { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

/**
 * Adds `--stack`, `--local` and `--url`. The command refuses `--url` without `--local`: it would ask the deployed stack, and
 * ignore the address.
 */
export function addDeploymentOptions(command: Command): Command {
  return command
    .option(...stackOption)
    .option("--local", "the embedded run instead")
    .option(
      "--url <url>",
      "with --local: where the embedded run is (default: http://localhost:PORT, or the one that runs)",
    )
    .hook("preAction", (_, { parent }) => {
      const { local, url } = command.opts<DeploymentOptions>();
      if (local || url === undefined) return;
      const name = parent === null ? command.name() : parent.name();
      const line = [name, ...givenArguments().map(shellWord), "--local"].join(" ");
      throw new InputError(
        `--url is the address of an embedded run, and goes with --local. Without --local the command asks the deployed stack:\n  ${line}`,
      );
    });
}

/** The options that name the same target again, for a line to paste: each with a space before it; empty for the default stack. */
export function sameTarget({ stack, local, url }: DeploymentOptions): string {
  const given = local
    ? ["--local", ...(url === undefined ? [] : ["--url", url])]
    : stack === undefined
      ? []
      : ["--stack", stack];
  return given.map((each) => ` ${shellWord(each)}`).join("");
}

/**
 * Finds tables and queues.
 *
 * @throws InputError when there is no such stack, no region, or no embedded run
 */
export async function findDeployment({ stack: named, local, url }: DeploymentOptions): Promise<Deployment> {
  if (local) return findEmbeddedRun(url ?? (await findLocal(process.env)));
  if (named === undefined) await refuseLostLocal();
  const stack = named ?? (await defaultStack());
  const outputs = await findStackOutputs(stack, ` For the embedded run: ${lineWith("--local")}`);
  const proxy = awsProxySettings();
  const output = (name: string): string => {
    const value = outputs.get(name);
    if (value === undefined) {
      throw new InputError(
        `the stack ${stack} has no output ${name}; deploy this version: npx okta-proxy-watch deploy`,
      );
    }
    return value;
  };
  const secretOf = (what: string, name: string) => readSecret(output(name), `${what} (${output(name)})`);
  return {
    sqs: new SQSClient(proxy),
    // The SDK waits for a throttled table: it pauses between its attempts, up to 20 seconds.
    dynamodb: new DynamoDBClient({ maxAttempts: 8, ...proxy }),
    sns: new SNSClient(proxy),
    alertTopicArn: output("AlertTopicArn"),
    hookUrl: output("HookUrl"),
    hookSecret: () => secretOf("the hook's secret", "HookSecretArn"),
    hookSecretArn: output("HookSecretArn"),
    stateKey: async () => Buffer.from(await secretOf("the key of what is remembered", "StateKeyArn")),
    stack,
    experimentalDetections: outputs.get("ExperimentalDetections") === "true",
    packs: readPacks(outputs.get("DetectionPacks") ?? "") ?? [],
    bringsProfiles: outputs.has("OktaCredentialSecretArn"),
    oktaCredentialSecretArn: outputs.get("OktaCredentialSecretArn") ?? null,
    oktaOrgUrl: outputs.get("OktaOrgUrl") ?? null,
    eventBusName: outputs.get("EventBusName") ?? null,
    profileTable: output("ProfileTableName"),
    stateTable: output("StateTableName"),
    mismatchDistanceKm: Number(output("MismatchDistanceKm")),
    retryQueueUrl: output("RetryQueueUrl"),
    deadLetterQueueUrl: output("DeadLetterQueueUrl"),
  };
}

/**
 * The outputs of a deployed stack, by their names.
 *
 * @param further further advice for the error
 * @throws InputError when there is no such stack, or no region
 */
export async function findStackOutputs(stack: string, further = ""): Promise<ReadonlyMap<string, string>> {
  await useRegion().catch((error: unknown) => {
    throw error instanceof InputError && further !== "" ? new InputError(`${error.message}.${further}`) : error;
  });
  using client = closing(new CloudFormationClient(awsProxySettings()));
  const { Outputs = [] } = await describeStack(client, stack, further);
  return new Map(Outputs.map(({ OutputKey = "", OutputValue = "" }) => [OutputKey, OutputValue]));
}

/**
 * Reads a stack from CloudFormation.
 *
 * @param further further advice for the error
 * @throws InputError when there is no such stack
 */
export async function describeStack(client: CloudFormationClient, name: string, further = ""): Promise<Partial<Stack>> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
    return Stacks[0] ?? {};
  } catch (error) {
    throw new InputError(
      `the stack ${name} cannot be found: ${toError(error).message}. Are these the credentials of its account, and is ${process.env.AWS_REGION} its region?${further}`,
    );
  }
}

/** The embedded run's secret, with the same default. */
const localSecret = () => process.env.HOOK_SECRET || "local-secret";

async function findEmbeddedRun(url: string): Promise<Deployment> {
  if (!/^https?:\/\//i.test(url)) {
    const whole = /^[\w.-]+(?::\d+)?(?:\/|$)/.test(url) ? `: write http://${url}` : "";
    throw new InputError(`--url ${onOneLine(url)} has no http:// before it${whole}`);
  }
  let environment: Readonly<Record<string, string>>;
  try {
    const response = await fetch(new URL("/_local/environment", url));
    environment = (await response.json()) as Readonly<Record<string, string>>;
  } catch (error) {
    throw new InputError(
      `there is no embedded run at ${url}: ${toError(error).message}. Start it: npm start. One of another checkout: --local --url http://localhost:PORT`,
    );
  }
  const common = {
    region: environment.AWS_REGION ?? "",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  };
  return {
    sqs: new SQSClient({ ...common, endpoint: environment.AWS_ENDPOINT_URL_SQS ?? "" }),
    dynamodb: new DynamoDBClient({ ...common, endpoint: environment.AWS_ENDPOINT_URL_DYNAMODB ?? "" }),
    sns: new SNSClient({ ...common, endpoint: environment.AWS_ENDPOINT_URL_SNS ?? "" }),
    alertTopicArn: environment.ALERT_TOPIC_ARN ?? "",
    hookUrl: url,
    hookSecret: async () => localSecret(),
    hookSecretArn: null,
    stateKey: async () => deriveStateKey(localSecret()),
    stack: null,
    experimentalDetections: environment.EXPERIMENTAL_DETECTIONS === "true",
    packs: readPacks(environment.DETECTION_PACKS ?? "") ?? [],
    bringsProfiles: false,
    oktaCredentialSecretArn: null,
    oktaOrgUrl: null,
    eventBusName: null,
    profileTable: environment.PROFILE_TABLE ?? "",
    stateTable: environment.STATE_TABLE ?? "",
    mismatchDistanceKm: Number(environment.MISMATCH_DISTANCE_KM),
    retryQueueUrl: environment.RETRY_QUEUE_URL ?? "",
    deadLetterQueueUrl: environment.DEAD_LETTER_QUEUE_URL ?? "",
  };
}
