import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { toAttribute } from "../../lambda/adapters/aws/dynamodb/attribute-value.ts";
import type { Alert } from "../../lambda/core/alerts/alert-schema.ts";
import type { TimingOverrides } from "../../lambda/functions/config/timing.ts";
import { type AlertFeed, followAlerts } from "../../local/alert-feed.ts";
import { type EmulatorOptions, type Emulators, startEmulators } from "../../local/emulators.ts";
import { names } from "../../local/resources.ts";
import { delivery, type Json, sessionStart } from "../fixtures/events.ts";
import { lisbon } from "../fixtures/places.ts";
import { patient } from "../fixtures/timing.ts";

export const secret = "secret";

/** Emulators that outlive the functions, the functions in a process of their own, and all that came of them. */
export interface World {
  readonly emulators: Emulators;
  readonly feed: AlertFeed;
  /**
   * Starts the functions, or starts them again.
   *
   * @param timing what they work with. @default times by which a claim that a killed function left behind expires soon
   */
  readonly start: (timing?: TimingOverrides) => Promise<void>;
  /** Kills the functions, in the midst of whatever they do. */
  readonly kill: () => Promise<void>;
  /** Resident memory of the functions, in bytes, twice a second. */
  readonly memory: readonly number[];
  /** The status of the answer, and how long it took; rejects when the process was killed meanwhile. */
  readonly deliver: (events: readonly unknown[]) => Promise<{ readonly status: number; readonly milliseconds: number }>;
  readonly stop: () => Promise<void>;
}

const steps = { lookUp: 6_000, claim: 6_000, open: 6_000, suppress: 6_000, complete: 4_000, refresh: 6_000 };
/** A claim that was left behind expires soon, and yet not before the function that holds it would be over. */
const pace = { work: 8_000, parking: 10_000, steps, lease: 11_000 };
const expiringSoon: TimingOverrides = { ...patient, answering: pace, waiting: pace };

/** Starts emulators, with one user whose profile is far from where sample events come from. */
export async function startWorld(options: EmulatorOptions): Promise<World> {
  const emulators = await startEmulators(options);
  const { environment, direct } = emulators;
  Object.assign(process.env, environment);
  const client = new DynamoDBClient({ endpoint: direct.dynamodb });
  await client.send(
    new PutItemCommand({
      TableName: names.profileTable,
      Item: { user: toAttribute("00u1lisbon"), locations: toAttribute([lisbon]) },
    }),
  );
  client.destroy();
  const feed = followAlerts(
    emulators.alertQueueUrl,
    direct.messaging,
    () => {},
    () => {},
  );
  const memory: number[] = [];
  let child: ChildProcess | undefined;
  let port = "";

  const kill = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  return {
    emulators,
    feed,
    memory,
    kill,
    async start(timing = expiringSoon) {
      child = fork(fileURLToPath(new URL("function-process.ts", import.meta.url)), {
        silent: true,
        env: {
          ...process.env,
          ...environment,
          DIRECT_SQS: direct.messaging,
          HOOK_SECRET: secret,
          MISMATCH_DISTANCE_KM: "500",
          // Every event is to be found again; test/core/history counts suppressed events.
          SUPPRESS_MINUTES: "0",
          TIMING: JSON.stringify(timing),
        },
      });
      child.on("message", (message: { readonly memory: number }) => memory.push(message.memory));
      const [line] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
      port = String(line).trim();
    },
    async deliver(events) {
      const start = performance.now();
      const response = await fetch(`http://127.0.0.1:${port}/`, {
        method: "POST",
        headers: { authorization: secret, "content-type": "application/json" },
        body: JSON.stringify(delivery(events)),
      });
      await response.arrayBuffer();
      return { status: response.status, milliseconds: performance.now() - start };
    },
    async stop() {
      await kill();
      await feed.stop();
      await emulators.stop();
    },
  };
}

/** Deliveries of ten events each, of which one in twenty came through a proxy, and every hundredth is malformed. */
export function sampleDeliveries(count: number): Json[][] {
  return Array.from({ length: count }, (_, number) =>
    Array.from({ length: 10 }, (_, index) => {
      const position = number * 10 + index;
      if (position % 100 === 99) return { marker: `malformed ${position}`, eventType: "user.session.start" };
      return sessionStart({ securityContext: { isProxy: position % 20 === 7 } });
    }),
  );
}

export const isProxied = (event: Json) => (event.securityContext as Json | undefined)?.isProxy === true;
export const isMalformed = (event: Json) => event.uuid === undefined;

/** Runs the tasks, so many at a time. */
export async function inParallel<Task>(
  tasks: readonly Task[],
  atOnce: number,
  run: (task: Task) => Promise<void>,
): Promise<void> {
  const pending = tasks.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const task of pending) await run(task);
    }),
  );
}

/** What became of all events: accepted = alerted + parked + dead-lettered + not matched. */
export interface Sum {
  readonly accepted: number;
  readonly alerted: number;
  readonly parked: number;
  readonly deadLettered: number;
  readonly notMatched: number;
  /** Accepted, and none of these. */
  readonly lost: number;
  /** Alerts beyond one for each event and set of detections. */
  readonly repeated: number;
  /** Alerts about events that must not be alerted on. */
  readonly wrong: number;
}

/** Counts where every accepted event is now. */
export function sumUp({ emulators, feed }: World, deliveries: readonly Json[][]): Sum {
  const accepted = deliveries.flat();
  const alerts = feed.received.map(({ alert }) => alert);
  const byEvent = new Map<string, Alert[]>();
  for (const alert of alerts) {
    byEvent.set(alert.okta.eventUuid, [...(byEvent.get(alert.okta.eventUuid) ?? []), alert]);
  }
  const retries = emulators.messagesOn("retryQueue").join("\n");
  const letters = emulators.messagesOn("deadLetterQueue").join("\n");
  const counts = { alerted: 0, parked: 0, deadLettered: 0, notMatched: 0, lost: 0 };
  for (const event of accepted) {
    const identity = String(event.uuid ?? event.marker);
    if (byEvent.has(identity)) counts.alerted += 1;
    else if (letters.includes(`"${identity}"`)) counts.deadLettered += 1;
    else if (retries.includes(`"${identity}"`)) counts.parked += 1;
    else if (isProxied(event) || isMalformed(event)) counts.lost += 1;
    else counts.notMatched += 1;
  }
  const wanted = new Set(accepted.filter(isProxied).map(({ uuid }) => String(uuid)));
  return {
    accepted: accepted.length,
    ...counts,
    repeated: alerts.length - new Set(alerts.map(({ alertId }) => alertId)).size,
    wrong: alerts.filter(({ okta }) => !wanted.has(okta.eventUuid)).length,
  };
}
