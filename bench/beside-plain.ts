import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { delayReasons } from "../lambda/core/pipeline/delay-reason.ts";
import { writeWork } from "../lambda/core/pipeline/work.ts";
import { logEvent } from "../test/fixtures/events.ts";
import { type EmulatorsApart, inEnvironment, startEmulatorsApart } from "./emulators-apart.ts";
import { matchingDelivery } from "./events.ts";
import { figures, type Measurement, median, print, runProcess } from "./measure.ts";
import { startTlsFronts } from "./tls-front.ts";

/** Milliseconds that each call of DynamoDB and SNS is delayed. */
const held = 5;
const secret = "bench";
/** The delay beside {@link held} by which calls in sequence are counted. */
const longer = 45;
/** Records of the retry queue that a function gets at once. */
const records = 10;
/** Deliveries for compilation and open connections, before those that are measured. */
const warmUp = 15;

type Handler = (event: unknown) => Promise<{ readonly statusCode: number }>;
type RedriveHandler = (event: unknown) => Promise<{ readonly batchItemFailures: readonly unknown[] }>;

/**
 * Compares the deployed receiver with the same stack written plainly (`plain-receiver.ts`): a cold start up to the first alert, over
 * HTTP and over TLS, deliveries with matches while warm, and records of the retry queue, by clock and by processor time. Both run by
 * turns against the same emulators, which are a process of their own. As those work on one call after the other, the clock of many
 * calls is theirs: their processor time and the calls in sequence are figures of their own.
 *
 * @param receiver file of the built receiver, beside which the other functions are
 * @param runs of each kind
 */
export async function besidePlain(receiver: string, runs: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-bench-"));
  const emulators = await startEmulatorsApart(held);
  try {
    const environment = {
      ...emulators.environment,
      HOOK_SECRET: secret,
      MISMATCH_DISTANCE_KM: "500",
      POWERTOOLS_LOG_LEVEL: "SILENT",
    };
    const plain = join(folder, "index.mjs");
    await buildPlain(plain);
    await firstAlerts("a cold start up to the first alert", { receiver, plain }, environment, runs, folder);
    await figures("a cold start over TLS", () => firstAlertsOverTls({ receiver, plain }, environment, runs, folder));
    await inEnvironment(environment, async () => {
      const ofOneMatch = await warmDeliveries({ receiver, plain }, runs, emulators);
      await redriven(join(receiver, "../../redrive/index.mjs"), runs, ofOneMatch);
    });
  } finally {
    await emulators.stop();
    await rm(folder, { recursive: true });
  }
}

/** Bundles the neighbour as the functions are bundled, but with everything in one file. */
async function buildPlain(outfile: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL("plain-receiver.ts", import.meta.url))],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node24",
    mainFields: ["module", "main"],
    minify: true,
    keepNames: true,
    legalComments: "none",
    banner: {
      js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);',
    },
  });
}

/** A pair of handlers, or of what was measured of them. */
type Pair<Value> = Readonly<Record<"receiver" | "plain", Value>>;

async function firstAlerts(
  name: string,
  files: Pair<string>,
  environment: Readonly<Record<string, string>>,
  runs: number,
  folder: string,
  onStart: (way: keyof Pair<unknown>) => void = () => {},
): Promise<void> {
  const start = async (file: string) => {
    const script = join(folder, "start.mjs");
    await writeFile(
      script,
      `const { handler } = await import(${JSON.stringify(pathToFileURL(file).href)});
       const { statusCode } = await handler(${JSON.stringify(matchingDelivery(1, secret))});
       if (statusCode !== 204) throw new Error("answered " + statusCode);
       process.exit();`,
    );
    return runProcess([script], environment);
  };
  const taken = { receiver: [], plain: [] } as Pair<Awaited<ReturnType<typeof start>>[]>;
  const failures: unknown[] = [];
  for (let run = 0; run < runs; run += 1) {
    for (const way of ["plain", "receiver"] as const) {
      // A busy machine may make a start too late: it is answered 503, and is no figure unless most are.
      const figure = await start(files[way]).catch((error: unknown) => {
        failures.push(error);
        if (failures.length > runs) throw error;
        return null;
      });
      onStart(way);
      if (figure !== null) taken[way].push(figure);
    }
  }
  printPair(name, "milliseconds", {
    receiver: taken.receiver.map(({ milliseconds }) => milliseconds),
    plain: taken.plain.map(({ milliseconds }) => milliseconds),
  });
  printPair(name, "milliseconds of processor", {
    receiver: taken.receiver.map(({ processorMilliseconds }) => processorMilliseconds),
    plain: taken.plain.map(({ processorMilliseconds }) => processorMilliseconds),
  });
}

/** The same, and how many handshakes each makes. */
async function firstAlertsOverTls(
  files: Pair<string>,
  environment: Readonly<Record<string, string>>,
  runs: number,
  folder: string,
): Promise<void> {
  const fronts = await startTlsFronts(environment, folder);
  const whole = { receiver: [], plain: [] } as Pair<number[]>;
  const resumed = { receiver: [], plain: [] } as Pair<number[]>;
  const name = "a cold start up to the first alert, over TLS";
  await firstAlerts(name, files, fronts.environment, runs, folder, (way) => {
    const handshakes = fronts.takeHandshakes();
    whole[way].push(handshakes.whole);
    resumed[way].push(handshakes.resumed);
  }).finally(fronts.stop);
  printPair(`${name}: whole handshakes`, "handshakes", whole);
  const value = median(resumed.receiver);
  print(
    { name: `${name}: resumed handshakes`, value, unit: "handshakes" },
    { name: "whole handshakes", value: median(whole.receiver), unit: "handshakes" },
  );
}

/** @returns the processor time of the neighbour for one match, in milliseconds */
async function warmDeliveries(files: Pair<string>, runs: number, emulators: EmulatorsApart): Promise<number> {
  const handlers: Pair<Handler> = {
    receiver: (await import(`${pathToFileURL(files.receiver).href}?beside-plain`)).handler,
    plain: (await import(pathToFileURL(files.plain).href)).handler,
  };
  let ofOneMatch = Number.NaN;
  for (const matches of [1, 10, 50]) {
    const clock = { receiver: [], plain: [] } as Pair<number[]>;
    const processor = { receiver: [], plain: [] } as Pair<number[]>;
    const theirs = { receiver: [], plain: [] } as Pair<number[]>;
    const sequence = { receiver: [], plain: [] } as Pair<number[]>;
    for (let run = 0; run < warmUp + runs; run += 1) {
      for (const way of ["plain", "receiver"] as const) {
        const theirsBefore = await emulators.processorMilliseconds();
        const figure = await timeOf(handlers[way], matches);
        if (run < warmUp || figure === null) continue;
        clock[way].push(figure.milliseconds);
        processor[way].push(figure.processorMilliseconds);
        theirs[way].push((await emulators.processorMilliseconds()) - theirsBefore);
      }
    }
    // What each call takes longer, a delivery takes longer once for each call in sequence, whatever else the emulators have to do.
    await emulators.delay(held + longer);
    for (let run = 0; run < runs; run += 1) {
      for (const way of ["plain", "receiver"] as const) {
        const figure = await timeOf(handlers[way], matches);
        if (figure !== null) sequence[way].push((figure.milliseconds - median(clock[way])) / longer);
      }
    }
    await emulators.delay(held);
    const name = `a delivery with ${matches === 1 ? "one match" : `${matches} matches`}, each call delayed by ${held} ms`;
    printPair(name, "milliseconds", clock);
    printPair(name, "milliseconds of processor", processor);
    printPair(`${name}: processor of the emulators`, "milliseconds of processor", theirs);
    printPair(`${name}: calls in sequence`, "requests", sequence);
    if (matches === 1) ofOneMatch = median(processor.plain);
  }
  return ofOneMatch;
}

/** Measures a delivery. Null where a busy machine made it too late: it is parked or answered 503, and is no figure. */
async function timeOf(handler: Handler, matches: number) {
  const event = matchingDelivery(matches, secret);
  const processorBefore = process.cpuUsage();
  const start = performance.now();
  const { statusCode } = await handler(event);
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(processorBefore);
  return statusCode === 204 ? { milliseconds, processorMilliseconds: (user + system) / 1_000 } : null;
}

/** Measures records of the retry queue whose alerts could not be published before. */
async function redriven(file: string, runs: number, plainMilliseconds: number): Promise<void> {
  const { handler } = (await import(pathToFileURL(file).href)) as { readonly handler: RedriveHandler };
  const plain: Measurement = {
    name: "one match of the same stack written plainly",
    value: plainMilliseconds,
    unit: "milliseconds of processor",
  };
  for (const count of [1, records]) {
    const processor: number[] = [];
    for (let run = 0; run < warmUp + runs; run += 1) {
      const event = { Records: Array.from({ length: count }, (_, index) => recordOf(index)) };
      const before = process.cpuUsage();
      const { batchItemFailures } = await handler(event);
      const { user, system } = process.cpuUsage(before);
      if (run >= warmUp && batchItemFailures.length === 0) processor.push((user + system) / 1_000 / count);
    }
    const name = `a record of the retry queue, ${count === 1 ? "alone" : `of ${count} at once`}`;
    print({ name, value: median(processor), unit: "milliseconds of processor" }, plain);
  }
}

/** A record with the event of a delivery. */
function recordOf(index: number) {
  const { data } = JSON.parse(matchingDelivery(1, secret).body) as {
    readonly data: { readonly events: readonly [Parameters<typeof logEvent>[0]] };
  };
  const work = {
    event: logEvent(data.events[0]),
    delivery: { id: null, org: null, eventHookId: null },
    rules: null,
    followUp: false,
    waiting: { reason: delayReasons.notPublished, since: new Date() },
  };
  return {
    messageId: `message-${index}`,
    receiptHandle: `handle-${index}`,
    body: writeWork(work, new Date()),
    attributes: { ApproximateReceiveCount: "1", SentTimestamp: String(Date.now()) },
    eventSource: "aws:sqs",
  };
}

function printPair(name: string, unit: Measurement["unit"], values: Pair<readonly number[]>): void {
  print(
    { name, value: median(values.receiver), unit },
    { name: "the same stack written plainly", value: median(values.plain), unit },
  );
}
