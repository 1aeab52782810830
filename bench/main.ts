import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { readScriptOptions } from "../build/script-options.ts";
import { startAwsEndpoint } from "../test/fixtures/aws-endpoint.ts";
import { alerting } from "./alerting.ts";
import { backtest } from "./backtest.ts";
import { besidePlain } from "./beside-plain.ts";
import { commandStarts } from "./command-starts.ts";
import { correlatedDay } from "./correlated-day.ts";
import { correlationCosts } from "./correlations.ts";
import { http, memory } from "./endurance.ts";
import { deliveryOf, environment, firstRequests, post } from "./first-requests.ts";
import { lambdaRuntime } from "./lambda-runtime.ts";
import { largeDeliveries } from "./large-deliveries.ts";
import { matching, patterns } from "./matching.ts";
import { figures, median, print } from "./measure.ts";
import { profiles } from "./profiles.ts";
import { refusals } from "./refusals.ts";
import { roundTrips } from "./round-trips.ts";
import { ruleLoads } from "./rule-loads.ts";

/*
 * Measures the deployed receiver (`dist/receiver`, which has to be built), the cost of refused requests, the matching
 * of rules, and commands with many events and users. One JSON object a line: `name`, `value` and `unit`; `ratio` is the
 * value divided by that of `ratio_to`, measured in the same run. Figures that cannot be had are `name` and `error`, and
 * the exit code is 1.
 */

const bundle = fileURLToPath(new URL("../build/bundle.ts", import.meta.url));
readScriptOptions(
  `Usage: npm run bench

Builds, measures what is deployed and the commands, and prints one JSON object a line: name, value, unit, ratio_to, ratio.
It takes some minutes, and as many processors as there are.

Environment:
  CORRELATED_EVENTS  events of the day that correlations are measured with (default: 10000)
  EXPORT_MEGABYTES   size of the backtest's export (default: 100)
  MEMORY_EVENTS      events that the receiver's memory is measured with (default: 1000000)
  ALERT_RUNS         runs of an alert (default: 21)
  PROFILE_USERS      users of an import and a sync (default: 2000)

  -h, --help   this text

Exit code: 0; 1 when a figure cannot be had.`,
  [],
);
await promisify(execFile)(process.execPath, [bundle, "--quiet"]);

const receiver = fileURLToPath(new URL("../dist/receiver/", import.meta.url));
const index = join(receiver, "index.mjs");
const runs = 11;

async function sizes(): Promise<void> {
  const files = (await readdir(receiver, { recursive: true })).filter((file) => file.endsWith(".mjs"));
  const bytes = await Promise.all(files.map(async (file) => (await stat(join(receiver, file))).size));
  const all = { name: "size of all code in dist/receiver", value: sum(bytes), unit: "bytes" } as const;
  print({ name: "size of dist/receiver/index.mjs", value: (await stat(index)).size, unit: "bytes" }, all);
  for (const [name, event] of Object.entries(firstRequests)) {
    print({ name: `size of what ${name} loads`, value: await loadedBytes(event), unit: "bytes" }, all);
  }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Starts a process that imports a handler and has it answer one request; returns its standard error. */
async function coldStart(
  file: string,
  event: unknown,
  { prelude = "", own = {} }: { readonly prelude?: string; readonly own?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const script = `
    ${prelude}
    const { handler } = await import(${JSON.stringify(pathToFileURL(file).href)});
    const answer = await handler(${JSON.stringify(event)});
    if (answer.statusCode >= 300) throw new Error("answered " + answer.statusCode);`;
  const { stderr } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    env: { ...process.env, ...environment, ...own },
  });
  return stderr;
}

/** Milliseconds from the start of the process to its end. */
async function coldStartTime(
  file: string,
  event: unknown,
  own: Readonly<Record<string, string>> = {},
): Promise<number> {
  const start = performance.now();
  await coldStart(file, event, { own });
  return performance.now() - start;
}

/** Bytes of the function's own files that are loaded. */
async function loadedBytes(event: unknown): Promise<number> {
  const count = `
    import { registerHooks } from "node:module";
    import { statSync } from "node:fs";
    import { fileURLToPath } from "node:url";
    let bytes = 0;
    registerHooks({ load: (url, context, next) => {
      if (url.startsWith("file:")) bytes += statSync(fileURLToPath(url)).size;
      return next(url, context);
    } });
    process.once("exit", () => process.stderr.write(String(bytes)));`;
  return Number(await coldStart(index, event, { prelude: count }));
}

async function coldStarts(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-bench-"));
  try {
    const bare = join(folder, "index.mjs");
    await writeFile(bare, "export const handler = async () => ({ statusCode: 204 });");
    const unit = "milliseconds";
    for (const [name, event] of Object.entries(firstRequests)) {
      const times: { readonly receiver: number; readonly bare: number }[] = [];
      // By turns, so that other load of the machine affects both.
      for (let run = 0; run < runs; run += 1) {
        times.push({ bare: await coldStartTime(bare, event), receiver: await coldStartTime(index, event) });
      }
      print(
        { name: `start of a process up to ${name}`, value: median(times.map((time) => time.receiver)), unit },
        { name: "the same with a bare handler that answers 204", value: median(times.map((time) => time.bare)), unit },
      );
    }
    await fetchedSecrets(bare);
    const cases = Object.entries(firstRequests).map(([name, event]) => ({ name, event }));
    await lambdaRuntime(index, bare, environment, cases);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The first verification as it is deployed: the secret comes from Secrets Manager, which answers at once. */
async function fetchedSecrets(bare: string): Promise<void> {
  const store = await startAwsEndpoint((_, { VersionStage }) =>
    VersionStage === "AWSCURRENT"
      ? { status: 200, body: { SecretString: environment.HOOK_SECRET } }
      : { status: 400, body: { __type: "ResourceNotFoundException", message: "there is no such version" } },
  );
  const own = {
    HOOK_SECRET: "",
    HOOK_SECRET_ARN: "arn:aws:secretsmanager:us-east-1:000000000000:secret:hook",
    AWS_ENDPOINT_URL_SECRETS_MANAGER: store.url,
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
  };
  try {
    const event = firstRequests["the first verification"];
    const times: { readonly receiver: number; readonly bare: number }[] = [];
    for (let run = 0; run < runs; run += 1) {
      times.push({ bare: await coldStartTime(bare, event), receiver: await coldStartTime(index, event, own) });
    }
    const unit = "milliseconds";
    print(
      {
        name: "start of a process up to the first verification, its secret fetched",
        value: median(times.map((time) => time.receiver)),
        unit,
      },
      { name: "the same with a bare handler that answers 204", value: median(times.map((time) => time.bare)), unit },
    );
  } finally {
    await store.stop();
  }
}

/** Milliseconds of a call: the median of the second half of the runs, after compilation. */
async function callTime(call: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < runs * 20; run += 1) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  return median(times.slice(-runs * 10));
}

async function deliveries(): Promise<void> {
  Object.assign(process.env, environment);
  const { handler } = (await import(pathToFileURL(index).href)) as { handler: (event: unknown) => Promise<unknown> };
  for (const [name, count] of [
    ["a delivery of 100 events, none of them proxied", 100],
    ["a delivery of one such event", 1],
  ] as const) {
    const body = deliveryOf(count);
    const event = post(body);
    const answer = (await handler(event)) as { statusCode: number };
    if (answer.statusCode !== 204) throw new Error(`the delivery was answered ${answer.statusCode}`);
    const unit = "milliseconds";
    const parse = await callTime(() => JSON.parse(body));
    print(
      { name, value: await callTime(() => handler(event)), unit },
      { name: "JSON.parse of its body", value: parse, unit },
    );
  }
}

await figures("sizes", sizes);
await figures("cold starts", coldStarts);
await figures("deliveries", deliveries);
await figures("large deliveries", largeDeliveries);
await figures("correlations", () => correlationCosts(runs));
await figures("correlations of a day", () => correlatedDay(Number(process.env.CORRELATED_EVENTS ?? 10_000)));
await figures("memory of the receiver", () =>
  memory(pathToFileURL(index).href, environment, post(deliveryOf(100)), Number(process.env.MEMORY_EVENTS ?? 1_000_000)),
);
await figures("requests per second", () => http(deliveryOf(1)));
await figures("refused requests", () =>
  refusals(async () => (await import(`${pathToFileURL(index).href}?refusals`)).handler),
);
await figures("matching", () => matching(fileURLToPath(new URL("../detections", import.meta.url))));
await figures("matching of patterns", patterns);
await figures("many rules", ruleLoads);
await figures("commands", commandStarts);
await figures("backtest", () => backtest(Number(process.env.EXPORT_MEGABYTES ?? 100)));
await figures("alerts of a month", alerting);
await figures("beside the same stack written plainly", () => besidePlain(index, Number(process.env.ALERT_RUNS ?? 21)));
await figures("round trips", () =>
  roundTrips(
    async () => (await import(`${pathToFileURL(index).href}?round-trips`)).handler,
    Number(process.env.ALERT_RUNS ?? 21),
  ),
);
await figures("profiles", () => profiles(Number(process.env.PROFILE_USERS ?? 2_000)));
