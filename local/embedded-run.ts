import { once as nextEvent } from "node:events";
import type { AddressInfo } from "node:net";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { SNSEvent } from "aws-lambda";
import { once } from "../lambda/adapters/aws/client.ts";
import { toAttribute } from "../lambda/adapters/aws/dynamodb/attribute-value.ts";
import { defaultSuppressMinutes } from "../lambda/core/grouping/suppress-minutes.ts";
import { defaultSourceAlerts } from "../lambda/core/storms/gathering.ts";
import { defaultStormAfter } from "../lambda/core/storms/storm.ts";
import type { TimingOverrides } from "../lambda/functions/config/timing.ts";
import { type AlertFeed, followAlerts, type ReceivedAlert } from "./alert-feed.ts";
import { chaosRoutes } from "./chaos.ts";
import type { LoggedDelivery } from "./delivery-log.ts";
import { type Emulators, type LocalOutput, startEmulators } from "./emulators.ts";
import { type StreamHandler, streamExceptions } from "./exception-stream.ts";
import { createHttpFront, type Handler, type LocalRoutes } from "./http-front.ts";
import { pollRetryQueue, type RedriveHandler } from "./redrive-poller.ts";
import { names } from "./resources.ts";
import type { RunSettings } from "./settings.ts";

/** Options of the embedded run. */
export interface EmbeddedRunOptions extends RunSettings {
  /** Deadlines, delays and back-off that are not as in a deployment. @default none */
  readonly timing?: TimingOverrides;
  /** Milliseconds that a client has to send its whole request. @default 10000 */
  readonly requestTimeout?: number;
  readonly onAlert?: (received: ReceivedAlert) => void;
  /** Called with each message of the topic that is no alert: a notice that exceptions end, a digest. */
  readonly onNotice?: (notice: Pick<ReceivedAlert, "subject" | "email">) => void;
  readonly onError: (error: unknown) => void;
  /**
   * Shows a page at `/`, and follows for it what becomes of each delivery. Called with the deliveries that have ended, or changed
   * after that. @default neither
   */
  readonly page?: { readonly onDelivery: (delivery: LoggedDelivery) => void };
}

/** Everything in one process: emulators, the deployed handlers behind an HTTP front and the retry queue, and a subscribed queue. */
export interface EmbeddedRun {
  /** The event hook's URL. */
  readonly url: string;
  /** The functions' environment, which the AWS SDK and CLI understand as well. */
  readonly environment: Readonly<Record<string, string>>;
  readonly alerts: AlertFeed;
  /** The fault proxies between the functions and each service. */
  readonly faults: Emulators["faults"];
  /** The messages on a queue. */
  readonly messagesOn: Emulators["messagesOn"];
  /** Stores profile locations, as items of the profile table in its documented form. */
  readonly putProfiles: (items: readonly ProfileItem[]) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** An item of the profile table. */
export interface ProfileItem {
  readonly user: string;
  readonly locations: readonly Readonly<Record<string, string | number | null>>[];
}

/**
 * Starts the embedded run, in this process's environment. The receiver has to be built: it is imported from `dist/`.
 *
 * @throws the error of `listen`, for example with code EADDRINUSE
 */
export async function startEmbeddedRun(options: EmbeddedRunOptions): Promise<EmbeddedRun> {
  const emulators = await startEmulators();
  const environment = {
    ...emulators.environment,
    HOOK_SECRET: options.hookSecret,
    MISMATCH_DISTANCE_KM: String(options.mismatchDistanceKm),
    SUPPRESS_MINUTES: String(options.suppressMinutes ?? defaultSuppressMinutes),
    STORM_AFTER: String(options.stormAfter ?? defaultStormAfter),
    SOURCE_ALERTS_PER_HOUR: String(options.sourceAlertsPerHour ?? defaultSourceAlerts),
    EXPERIMENTAL_DETECTIONS: String(options.experimentalDetections ?? false),
    DIGEST: "true",
    DETECTION_PACKS: (options.packs ?? []).join(","),
    ...(options.timing && { TIMING: JSON.stringify(options.timing) }),
  };
  // A secret's ARN in the caller's environment would conflict with the secret itself.
  delete process.env.HOOK_SECRET_ARN;
  delete process.env.STATE_KEY_ARN;
  Object.assign(process.env, environment);
  const receiver = await importHandler<Handler>("receiver");
  const redrive = await importHandler<RedriveHandler>("redrive");
  const { direct, faults, messagesOn } = emulators;
  const shown = options.page === undefined ? null : await startPage(options, options.page, emulators, () => url());
  // The stream function is loaded with the first event: most runs stream none.
  const getStream = once(() => importHandler<(event: unknown) => Promise<unknown>>("stream"));
  const outputs = await startOutputs(options.outputs ?? [], emulators);
  const alerts = followAlerts(
    emulators.alertQueueUrl,
    direct.messaging,
    (received) => {
      options.onAlert?.(received);
      shown?.page.onAlert(received);
      for (const { publish } of outputs) publish(toSnsEvent(received)).catch(options.onError);
    },
    options.onError,
    options.onNotice,
  );
  const getNotices = once(() => importHandler<StreamHandler>("notify-exceptions"));
  const stopStream = streamExceptions(faults.dynamodb, direct.dynamodb, getNotices, options.onError);
  const stopPolling = pollRetryQueue(emulators.retryQueueUrl, direct.messaging, redrive, options.onError);
  const local: LocalRoutes = {
    "GET /_local/alerts": () => alerts.received.map(({ alert }) => alert),
    "GET /_local/outputs": () =>
      Object.fromEntries(outputs.map(({ name, messages }) => [name, messages().map((each) => JSON.parse(each))])),
    // Invokes the function with an event of EventBridge, as the log stream's rule does, but without retries.
    "POST /_local/stream": async (body) => {
      const event: unknown = JSON.parse(body);
      const handle = await getStream();
      return shown === null ? handle(event) : shown.followStreamed(event, () => handle(event));
    },
    "GET /_local/environment": () => ({
      ...emulators.environment,
      MISMATCH_DISTANCE_KM: environment.MISMATCH_DISTANCE_KM,
      EXPERIMENTAL_DETECTIONS: environment.EXPERIMENTAL_DETECTIONS,
      DETECTION_PACKS: environment.DETECTION_PACKS,
    }),
    "GET /_local/chaos": () => Object.fromEntries(Object.entries(faults).map(([name, proxy]) => [name, proxy.fault()])),
    ...chaosRoutes(faults),
  };
  const receive = shown === null ? receiver : shown.follow(receiver);
  const front = createHttpFront(receive, local, options.onError, {
    requestTimeout: options.requestTimeout,
    ...(shown === null ? {} : { pages: shown.page.routes, onTooLarge: shown.onTooLarge }),
  });
  const url = () => `http://localhost:${(front.address() as AddressInfo).port}/`;
  const stop = async () => {
    shown?.stop();
    if (front.listening) {
      const closed = nextEvent(front.close(), "close");
      front.closeAllConnections();
      await closed;
    }
    await stopPolling();
    await stopStream();
    await alerts.stop();
    await emulators.stop();
  };
  try {
    await nextEvent(front.listen(options.port, "127.0.0.1"), "listening");
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: url(), environment, alerts, faults, messagesOn, putProfiles, stop };
}

/** The page's modules are loaded with it alone. */
async function startPage(...given: Parameters<typeof import("./page/show-page.ts").showPage>) {
  const { showPage } = await import("./page/show-page.ts");
  return showPage(...given);
}

interface RunningOutput {
  readonly name: string;
  readonly publish: (event: SNSEvent) => Promise<void>;
  readonly messages: LocalOutput["messages"];
}

/** Loads the deployed function once for each output, since it reads its environment when it loads. */
async function startOutputs(names: readonly string[], emulators: Emulators): Promise<readonly RunningOutput[]> {
  const started: RunningOutput[] = [];
  for (const name of names) {
    const { topicArn, messages } = emulators.createOutput(name);
    Object.assign(process.env, { OUTPUT: name, OUTPUT_TOPIC_ARN: topicArn });
    const publish = await importHandler<RunningOutput["publish"]>("publish-output");
    started.push({ name, publish, messages });
  }
  return started;
}

/**
 * The used fields of SNS's event for a subscribed function: without the attributes of a message that has a body for
 * each protocol (https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html).
 */
function toSnsEvent({ alert, subject }: ReceivedAlert): SNSEvent {
  const Sns = { Message: JSON.stringify(alert), Subject: subject, MessageAttributes: {} };
  return { Records: [{ EventSource: "aws:sns", Sns }] } as unknown as SNSEvent;
}

/** Functions loaded so far in this process: each is an instance of its own, which reads the environment of its run. */
let instances = 0;

async function importHandler<AnyHandler>(name: string): Promise<AnyHandler> {
  instances += 1;
  const url = new URL(`../dist/${name}/index.mjs?instance=${instances}`, import.meta.url);
  return ((await import(url.href)) as { readonly handler: AnyHandler }).handler;
}

async function putProfiles(items: readonly ProfileItem[]): Promise<void> {
  const client = new DynamoDBClient({});
  const updatedAt = new Date().toISOString();
  try {
    for (const { user, locations } of items) {
      await client.send(
        new PutItemCommand({
          TableName: names.profileTable,
          Item: {
            user: toAttribute(user),
            locations: toAttribute(locations),
            source: toAttribute("sample"),
            updatedAt: toAttribute(updatedAt),
          },
        }),
      );
    }
  } finally {
    client.destroy();
  }
}
