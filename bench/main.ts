import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { alerting } from "./alerting.ts";
import { backtest } from "./backtest.ts";
import { sampleEvent } from "./events.ts";
import { matching } from "./matching.ts";
import { median, print } from "./measure.ts";
import { profiles } from "./profiles.ts";
import { refusals } from "./refusals.ts";

/*
 * Measures what is deployed (`dist/receiver`, which has to be built), what refused requests cost it, the matching of rules,
 * and what commands take for many events and users. One JSON object a line: `name`, `value` and `unit`; `ratio` is the value divided by that of `ratio_to`, measured in the same run.
 */

const receiver = fileURLToPath(new URL("../dist/receiver/", import.meta.url));
const index = join(receiver, "index.mjs");
const runs = 11;

/** What the receiver needs to start; nothing of it is ever called here. */
const environment = {
  PROFILE_TABLE: "profiles",
  STATE_TABLE: "state",
  ALERT_TOPIC_ARN: "arn:aws:sns:us-east-1:000000000000:alerts",
  RETRY_QUEUE_URL: "http://127.0.0.1:1/000000000000/retries",
  DEAD_LETTER_QUEUE_URL: "http://127.0.0.1:1/000000000000/dead-letters",
  MISMATCH_DISTANCE_KM: "500",
  HOOK_SECRET: "bench",
  AWS_REGION: "us-east-1",
  POWERTOOLS_METRICS_DISABLED: "true",
  POWERTOOLS_LOG_LEVEL: "SILENT",
};

async function sizes(): Promise<void> {
  const files = (await readdir(receiver, { recursive: true })).filter((file) => file.endsWith(".mjs"));
  const bytes = await Promise.all(files.map(async (file) => (await stat(join(receiver, file))).size));
  print(
    { name: "size of dist/receiver/index.mjs", value: (await stat(index)).size, unit: "bytes" },
    { name: "size of all code in dist/receiver", value: bytes.reduce((sum, size) => sum + size, 0), unit: "bytes" },
  );
}

/** Milliseconds to import a module, in a process of its own. */
async function importTime(file: string): Promise<number> {
  const script = `
    const start = performance.now();
    await import(${JSON.stringify(pathToFileURL(file).href)});
    process.stdout.write("\\n" + (performance.now() - start));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    env: { ...process.env, ...environment },
  });
  return Number(stdout.split("\n").at(-1));
}

async function imports(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-bench-"));
  try {
    const empty = join(folder, "empty.mjs");
    await writeFile(empty, "");
    const times: { readonly receiver: number; readonly empty: number }[] = [];
    // By turns, so that what else the machine does falls on both.
    for (let run = 0; run < runs; run += 1) {
      times.push({ empty: await importTime(empty), receiver: await importTime(index) });
    }
    const unit = "milliseconds";
    print(
      { name: "import of the receiver", value: median(times.map((time) => time.receiver)), unit },
      { name: "import of an empty module", value: median(times.map((time) => time.empty)), unit },
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A delivery of events none of which came through a proxy. */
function deliveryOf(count: number): string {
  return JSON.stringify({
    eventType: "com.okta.event_hook",
    source: "https://example.okta.com/api/v1/eventHooks/who1",
    eventId: "delivery",
    data: { events: Array.from({ length: count }, (_, index) => sampleEvent(index * 200 + 10)) },
  });
}

/** Milliseconds that a call takes: the median of the second half of the runs, by when all is compiled. */
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
  const body = deliveryOf(100);
  const event = {
    headers: { authorization: environment.HOOK_SECRET, "content-type": "application/json" },
    requestContext: { http: { method: "POST", sourceIp: "192.0.2.1" } },
    body,
    isBase64Encoded: false,
  };
  const answer = (await handler(event)) as { statusCode: number };
  if (answer.statusCode !== 204) throw new Error(`the delivery was answered ${answer.statusCode}`);
  const unit = "milliseconds";
  const parse = await callTime(() => JSON.parse(body));
  print(
    { name: "a delivery of 100 events, none of them proxied", value: await callTime(() => handler(event)), unit },
    { name: "JSON.parse of its body", value: parse, unit },
  );
}

await sizes();
await imports();
await deliveries();
await refusals(async () => (await import(`${pathToFileURL(index).href}?refusals`)).handler);
await matching(fileURLToPath(new URL("../lambda/detections", import.meta.url)));
await backtest(Number(process.env.EXPORT_MEGABYTES ?? 100));
await alerting();
await profiles(Number(process.env.PROFILE_USERS ?? 2_000));
