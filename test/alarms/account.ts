import { cp, mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { LambdaFunctionURLResult, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { defaultAttributes } from "../../lambda/core/profiles/okta-user.ts";
import { productionTiming } from "../../lambda/functions/config/timing.ts";
import { type Emulators, startEmulators } from "../../local/emulators.ts";
import { createHttpFront, type Handler } from "../../local/http-front.ts";
import { batchOf, redrive } from "../../local/redrive-poller.ts";
import { startAwsEndpoint } from "../fixtures/aws-endpoint.ts";
import { type FakeOkta, startFakeOkta } from "../fixtures/okta.ts";
import { patient } from "../fixtures/timing.ts";
import type { CloudWatch } from "./cloudwatch.ts";

const { longestDelaySeconds, backOff } = productionTiming;

/** Functions by the names that alarms call them by: how they are built, and where they are in the stack. */
const functions = {
  Receiver: { built: "receiver", path: "Receiver/Receiver/Function" },
  Redrive: { built: "redrive", path: "Redrive/Redrive/Function" },
  ExceptionNotices: { built: "notify-exceptions", path: "ExceptionNotices/Notices/Function" },
  WeeklyDigest: { built: "digest", path: "WeeklyDigest/Digest/Function" },
  ChatOutput: { built: "publish-output", path: "ChatOutput/Publisher/Function" },
  OcsfOutput: { built: "publish-output", path: "OcsfOutput/Publisher/Function" },
  PagerdutyOutput: { built: "publish-output", path: "PagerdutyOutput/Publisher/Function" },
  ProfileSync: { built: "sync-profiles", path: "ProfileSync/Sync/Function" },
  ProfileRefresh: { built: "refresh-profiles", path: "ProfileRefresh/Refresh/Function" },
  LogStream: { built: "stream", path: "LogStream/Stream/Function" },
  Reconciliation: { built: "reconcile", path: "Reconciliation/Reconcile/Function" },
  Canary: { built: "canary", path: "Canary/Canary/Function" },
} as const;

/** A function by the name that its alarm has. */
export type FunctionName = keyof typeof functions;

/** The stack's functions in this process, with the metrics that Lambda and SQS would send to CloudWatch. */
export interface Account {
  readonly emulators: Emulators;
  readonly okta: FakeOkta;
  /** Where Okta delivers to. */
  readonly hookUrl: string;
  /** Invokes a function; resolves to null when it failed, as it did when it could not be loaded. */
  readonly invoke: (name: FunctionName, event?: unknown) => Promise<unknown>;
  /** Has the next execution environment of a function start in another process environment. */
  readonly restart: (name: FunctionName, environment: Readonly<Record<string, string | undefined>>) => void;
  /** Has the next execution environment of the receiver start without this file of its bundle. */
  readonly breakReceiver: (file: string) => Promise<void>;
  /** Ends Secrets Manager: nothing listens there any more. */
  readonly cutOffSecretsManager: () => Promise<void>;
  /** Executions of the receiver at a time; more are throttled. */
  readonly limitConcurrency: (most: number) => void;
  /**
   * Takes what the retry queue gives out now to the redrive function, as Lambda's event source mapping does. When the function
   * fails, its messages stay in flight until their visibility timeout ends.
   */
  readonly redrive: () => Promise<void>;
  /** Publishes the queues' metrics of this minute, as SQS does every minute. */
  readonly sampleQueues: () => void;
  readonly stop: () => Promise<void>;
}

/** What a function's handler answers to a request, as an object. */
type Answer = Exclude<LambdaFunctionURLResult, string>;

const builtFolder = (name: FunctionName) =>
  fileURLToPath(new URL(`../../dist/${functions[name].built}`, import.meta.url));

/** Execution environments started so far: each loads its function anew. */
let instances = 0;

export const secret = "the hook's secret";

/** Starts emulators, a fake Okta, and the functions behind what invokes them. */
export async function startAccount(cloudWatch: CloudWatch): Promise<Account> {
  const [emulators, okta] = await Promise.all([
    // As in the stack: six times the timeout of redrive.
    startEmulators(),
    startFakeOkta(),
  ]);
  const credential = JSON.stringify({ clientId: okta.clientId, privateKey: okta.privateKey });
  const secretsManager = await startAwsEndpoint((_, { SecretId, VersionStage }) =>
    VersionStage === "AWSPREVIOUS"
      ? { status: 400, body: { __type: "ResourceNotFoundException" } }
      : {
          status: 200,
          body: { Name: "secret", SecretString: String(SecretId).includes("credential") ? credential : secret },
        },
  );
  const arnOf = (name: string) => `arn:aws:secretsmanager:us-east-1:123456789012:secret:${name}-AbCdEf`;
  delete process.env.HOOK_SECRET;
  Object.assign(process.env, emulators.environment, {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
    HOOK_SECRET_ARN: arnOf("hook"),
    POWERTOOLS_SERVICE_NAME: "Test",
    // Delays and back-off are a deployment's: the clock is set by hand.
    TIMING: JSON.stringify({ ...patient, longestDelaySeconds, backOff }),
    MISMATCH_DISTANCE_KM: "500",
    OKTA_ORG_URL: okta.orgUrl,
    OKTA_CREDENTIAL_SECRET_ARN: arnOf("credential"),
    OKTA_PROFILE_ATTRIBUTES: JSON.stringify(defaultAttributes),
  });

  const loaded = new Map<FunctionName, (event: unknown, context: unknown) => Promise<unknown>>();
  const environments = new Map<FunctionName, Readonly<Record<string, string | undefined>>>(
    (["Chat", "Ocsf", "Pagerduty"] as const).map((name) => {
      const OUTPUT = name.toLowerCase();
      return [`${name}Output`, { OUTPUT, OUTPUT_TOPIC_ARN: emulators.createOutput(OUTPUT).topicArn }];
    }),
  );
  /** Copies of the receiver's bundle, each without one of its files. */
  const brokenBundles: string[] = [];
  let concurrency = Number.POSITIVE_INFINITY;
  let running = 0;

  async function load(name: FunctionName) {
    const known = loaded.get(name);
    if (known !== undefined) return known;
    instances += 1;
    const before = { ...process.env };
    for (const [variable, value] of Object.entries(environments.get(name) ?? {})) {
      if (value === undefined) delete process.env[variable];
      else process.env[variable] = value;
    }
    try {
      const broken = name === "Receiver" ? brokenBundles.at(-1) : undefined;
      const url = pathToFileURL(join(broken ?? builtFolder(name), "index.mjs"));
      const { handler } = await import(`${url.href}?alarms-${instances}`);
      loaded.set(name, handler);
      return handler;
    } finally {
      for (const variable of Object.keys(environments.get(name) ?? {})) delete process.env[variable];
      Object.assign(process.env, before);
    }
  }

  /**
   * Invokes a function, and publishes Lambda's metrics of it by their definition:
   * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
   *
   * - Invocations: successful ones and those with a function error; not those that were throttled.
   * - Throttles: requests that were throttled, which count neither as Invocations nor as Errors.
   * - Errors: what the code or the runtime throws. It has the time at which the function was invoked. What a function reports
   *   about single messages of a batch is no error.
   * - Duration: what the code spends on an event, and not the initialization before it. An initialization that fails is
   *   repeated within the invocation, and counts then
   *   (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html).
   */
  async function invoke(name: FunctionName, event: unknown = {}): Promise<unknown> {
    const at = Date.now();
    const put = (metric: string, value: number) =>
      cloudWatch.put({
        namespace: "AWS/Lambda",
        name: metric,
        dimensions: { FunctionName: `<${functions[name].path}>` },
        value,
        at,
      });
    if (name === "Receiver" && running >= concurrency) {
      put("Throttles", 1);
      return { statusCode: 429 };
    }
    running += 1;
    put("Invocations", 1);
    let start = performance.now();
    try {
      const handler = await load(name);
      start = performance.now();
      return await handler(event, { getRemainingTimeInMillis: () => 240_000 });
    } catch {
      put("Errors", 1);
      return null;
    } finally {
      put("Duration", performance.now() - start);
      running -= 1;
    }
  }

  // What a Function URL counts, by the status of each answer: https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html
  // It is not documented whether there is a 0 where there is none: here there is no value, which is harder on an alarm.
  const receive: Handler = async (event) => {
    const result = ((await invoke("Receiver", event)) as Answer | null) ?? { statusCode: 502 };
    const status = result.statusCode ?? 200;
    const counts = ["UrlRequestCount", ...(status >= 400 ? [status >= 500 ? "Url5xxCount" : "Url4xxCount"] : [])];
    for (const metric of counts) {
      const dimensions = { FunctionName: `<${functions.Receiver.path}>` };
      cloudWatch.put({ namespace: "AWS/Lambda", name: metric, dimensions, value: 1, at: Date.now() });
    }
    return result;
  };
  const front = createHttpFront(receive, {}, () => {});
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  const hookUrl = `http://127.0.0.1:${(front.address() as AddressInfo).port}/`;
  process.env.HOOK_URL = hookUrl;

  const sqs = new SQSClient({ endpoint: emulators.direct.messaging, useQueueUrlAsEndpoint: false });
  return {
    emulators,
    okta,
    hookUrl,
    invoke,
    restart: (name, environment) => {
      loaded.delete(name);
      environments.set(name, environment);
    },
    async breakReceiver(file) {
      loaded.delete("Receiver");
      const folder = await mkdtemp(join(tmpdir(), "broken-receiver-"));
      await cp(builtFolder("Receiver"), folder, { recursive: true });
      await rm(join(folder, file));
      brokenBundles.push(folder);
    },
    cutOffSecretsManager: secretsManager.stop,
    limitConcurrency: (most) => {
      concurrency = most;
    },
    async redrive() {
      const handler = async (event: SQSEvent): Promise<SQSBatchResponse> => {
        const failures = event.Records.map(({ messageId }) => ({ itemIdentifier: messageId }));
        return ((await invoke("Redrive", event)) as SQSBatchResponse | null) ?? { batchItemFailures: failures };
      };
      const batch = new ReceiveMessageCommand(batchOf(emulators.retryQueueUrl, 0));
      const { Messages = [] } = await sqs.send(batch, { abortSignal: AbortSignal.timeout(10_000) });
      if (Messages.length > 0) await redrive(sqs, emulators.retryQueueUrl, handler, Messages);
    },
    /**
     * SQS's metrics by their definition:
     * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
     *
     * - ApproximateAgeOfOldestMessage: of a queue with an active message. One that was received three times or more and not
     *   deleted is left out until it is processed, whether or not there is a redrive policy.
     * - ApproximateNumberOfMessagesVisible: always, as the queues are polled or hold a message, and so are active.
     * - ApproximateNumberOfMessagesNotVisible: reported when messages are in flight, those among them whose receiver set a
     *   visibility timeout that has not ended.
     * - ApproximateNumberOfMessagesDelayed: reported when messages are delayed.
     */
    sampleQueues() {
      const at = Date.now();
      for (const [queue, path] of [
        ["retryQueue", "Retries"],
        ["deadLetterQueue", "DeadLetters"],
      ] as const) {
        const messages = statesOn(emulators, queue);
        const put = (name: string, value: number) =>
          cloudWatch.put({
            namespace: "AWS/SQS",
            name,
            dimensions: { QueueName: `<${path}/Queue>.QueueName` },
            value,
            at,
          });
        const count = (wanted: string) => messages.filter(({ state }) => state === wanted).length;
        put("ApproximateNumberOfMessagesVisible", count("visible"));
        if (count("notVisible") > 0) put("ApproximateNumberOfMessagesNotVisible", count("notVisible"));
        if (count("delayed") > 0) put("ApproximateNumberOfMessagesDelayed", count("delayed"));
        const ages = messages.filter(({ receives }) => receives < 3).map(({ sentAt }) => (at - sentAt) / 1_000);
        if (ages.length > 0) put("ApproximateAgeOfOldestMessage", Math.max(...ages));
      }
    },
    async stop() {
      sqs.destroy();
      await new Promise((resolve) => {
        front.close(resolve);
        front.closeAllConnections();
      });
      await Promise.all([emulators.stop(), okta.stop(), secretsManager.stop()]);
      await Promise.all(brokenBundles.map((folder) => rm(folder, { recursive: true })));
      for (const variable of ["HOOK_URL", "HOOK_SECRET_ARN", "POWERTOOLS_SERVICE_NAME"]) delete process.env[variable];
    },
  };
}

/** The messages on a queue, with the data of SQS's metrics: the emulator checks deadlines only at a receive, SQS continuously. */
export function statesOn({ inspect }: Emulators, queue: "retryQueue" | "deadLetterQueue") {
  const { ready = [], delayed = [], inflight = [] } = inspect(queue) ?? {};
  const now = Date.now();
  return [
    ...ready.map((message) => ({ state: "visible", message })),
    ...delayed.map((message) => ({ state: (message.delayUntil ?? 0) > now ? "delayed" : "visible", message })),
    ...inflight.map(({ message, visibilityDeadline }) => ({
      state: visibilityDeadline > now ? "notVisible" : "visible",
      message,
    })),
  ].map(({ state, message }) => ({
    state,
    sentAt: message.sentTimestamp,
    receives: message.approximateReceiveCount,
  }));
}
