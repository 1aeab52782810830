import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request as httpRequest } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { functionUrlRequest } from "./events.ts";
import { print } from "./measure.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Reads what a child writes on its standard output, up to the first line that is `wanted`. */
export async function lineOf(child: ChildProcess, wanted: RegExp): Promise<RegExpExecArray> {
  if (child.stdout === null) throw new Error("the child's output is not read");
  for await (const line of createInterface({ input: child.stdout })) {
    const found = wanted.exec(line);
    if (found !== null) return found;
  }
  throw new Error(`the child ended without ${wanted}`);
}

/** Events before the first look at memory, and events of a delivery. */
const few = 10_000;
const size = 100;

/**
 * Measures whether the receiver leaks: its memory, after collecting garbage, after few and many events.
 *
 * @param events the number of events before the second look
 * @param request a delivery of a hundred events
 */
export async function memory(
  index: string,
  environment: Readonly<Record<string, string>>,
  request: ReturnType<typeof functionUrlRequest>,
  events: number,
): Promise<void> {
  const script = `
    const { handler } = await import(${JSON.stringify(index)});
    let input = "";
    for await (const chunk of process.stdin) input += chunk;
    const request = JSON.parse(input);
    const look = () => { gc(); gc(); return process.memoryUsage().heapUsed; };
    let before = 0;
    for (let events = 0; events < ${events}; events += ${size}) {
      if (events === ${few}) before = look();
      // The timers of requests are released in the event loop, which Lambda's runtime reaches after each.
      if (events % 1_000 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      // Another body each time, as in practice, so that no cache helps.
      const answer = await handler({ ...request, body: request.body.replaceAll('"uuid":"', '"uuid":"' + events + "-") });
      if (answer.statusCode !== 204) throw new Error("answered " + answer.statusCode);
    }
    process.stdout.write("\\nmemory " + before + " " + look() + "\\n");`;
  const child = spawn(process.execPath, ["--expose-gc", "--input-type=module", "--eval", script], {
    env: { ...process.env, ...environment },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(JSON.stringify(request));
  const [, before, after] = await lineOf(child, /^memory (\d+) (\d+)$/);
  const unit = "bytes";
  print(
    { name: `memory of the receiver after ${events.toLocaleString("en-US")} events`, value: Number(after), unit },
    { name: `the same after ${few.toLocaleString("en-US")}`, value: Number(before), unit },
  );
}

/** Seconds of load, and requests at once. */
const seconds = 4;
const connections = 8;

/** Requests per second that a server answers, each a delivery. */
async function load(url: string, authorization: string, body: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const post = () =>
    new Promise<void>((resolve, reject) => {
      const headers = { authorization, "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      const sent = httpRequest(url, { method: "POST", agent, headers }, (response) => {
        if (response.statusCode !== 204) reject(new Error(`answered ${response.statusCode}`));
        response.resume().once("end", resolve);
      });
      sent.once("error", reject);
      sent.end(body);
    });
  const run = async (milliseconds: number) => {
    const end = performance.now() + milliseconds;
    let count = 0;
    const worker = async () => {
      for (; performance.now() < end; count += 1) await post();
    };
    await Promise.all(Array.from({ length: connections }, worker));
    return count;
  };
  await run(1_000);
  const count = await run(seconds * 1_000);
  agent.destroy();
  return count / seconds;
}

/** Requests per second of the embedded run, beside those of a server that does nothing. */
export async function http(body: string): Promise<void> {
  const bare = `
    const server = (await import("node:http")).createServer((request, response) => {
      request.resume().once("end", () => response.writeHead(204).end());
    });
    server.listen(0, "127.0.0.1", () => process.stdout.write("ready http://127.0.0.1:" + server.address().port + "/\\n"));`;
  const rates: number[] = [];
  for (const args of [["--input-type=module", "--eval", bare], ["local/main.ts"]]) {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, PORT: "0", HOOK_SECRET: "bench", POWERTOOLS_METRICS_DISABLED: "true" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [, url = ""] = await lineOf(child, /^ready (\S+)/);
      rates.push(await load(url, "bench", body));
    } finally {
      child.kill();
      await once(child, "exit");
    }
  }
  const [most = 0, ours = 0] = rates;
  const unit = "requests per second";
  print(
    { name: "deliveries to the embedded run", value: ours, unit },
    { name: "requests to a bare server that answers 204", value: most, unit },
  );
}
