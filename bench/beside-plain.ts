import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { inEnvironment, startEmulatorsApart } from "./emulators-apart.ts";
import { matchingDelivery } from "./events.ts";
import { median, print, runProcess } from "./measure.ts";

/** Milliseconds that each call of DynamoDB and SNS is delayed. */
const held = 5;
const secret = "bench";
/** Deliveries for compilation and open connections, before those that are measured. */
const warmUp = 15;

type Handler = (event: unknown) => Promise<{ readonly statusCode: number }>;

/**
 * Compares the deployed receiver with the same stack written plainly (`plain-receiver.ts`): a cold start up to the first alert, and
 * deliveries with matches while warm, by clock and by processor time. Both run by turns against the same emulators, which are a
 * process of their own.
 *
 * @param receiver file of the built receiver
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
    await firstAlerts({ receiver, plain }, environment, runs, folder);
    await inEnvironment(environment, () => warmDeliveries({ receiver, plain }, runs));
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
  files: Pair<string>,
  environment: Readonly<Record<string, string>>,
  runs: number,
  folder: string,
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
  const figures = { receiver: [], plain: [] } as Pair<Awaited<ReturnType<typeof start>>[]>;
  for (let run = 0; run < runs; run += 1) {
    for (const way of ["plain", "receiver"] as const) figures[way].push(await start(files[way]));
  }
  printPair("a cold start up to the first alert", "milliseconds", {
    receiver: figures.receiver.map(({ milliseconds }) => milliseconds),
    plain: figures.plain.map(({ milliseconds }) => milliseconds),
  });
  printPair("a cold start up to the first alert", "milliseconds of processor", {
    receiver: figures.receiver.map(({ processorMilliseconds }) => processorMilliseconds),
    plain: figures.plain.map(({ processorMilliseconds }) => processorMilliseconds),
  });
}

async function warmDeliveries(files: Pair<string>, runs: number): Promise<void> {
  const handlers: Pair<Handler> = {
    receiver: (await import(`${pathToFileURL(files.receiver).href}?beside-plain`)).handler,
    plain: (await import(pathToFileURL(files.plain).href)).handler,
  };
  for (const matches of [1, 10, 50]) {
    const clock = { receiver: [], plain: [] } as Pair<number[]>;
    const processor = { receiver: [], plain: [] } as Pair<number[]>;
    for (let run = 0; run < warmUp + runs; run += 1) {
      for (const way of ["plain", "receiver"] as const) {
        const event = matchingDelivery(matches, secret);
        const processorBefore = process.cpuUsage();
        const start = performance.now();
        const { statusCode } = await handlers[way](event);
        const milliseconds = performance.now() - start;
        const { user, system } = process.cpuUsage(processorBefore);
        // A busy machine may make a delivery too late: it is parked or answered 503, and is no figure.
        if (run < warmUp || statusCode !== 204) continue;
        clock[way].push(milliseconds);
        processor[way].push((user + system) / 1_000);
      }
    }
    const name = `a delivery with ${matches === 1 ? "one match" : `${matches} matches`}, each call delayed by ${held} ms`;
    printPair(name, "milliseconds", clock);
    printPair(name, "milliseconds of processor", processor);
  }
}

function printPair(
  name: string,
  unit: "milliseconds" | "milliseconds of processor",
  values: Pair<readonly number[]>,
): void {
  print(
    { name, value: median(values.receiver), unit },
    { name: "the same stack written plainly", value: median(values.plain), unit },
  );
}
