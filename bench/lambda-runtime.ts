import { spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { median, print } from "./measure.ts";

/*
 * The receiver under Lambda's own runtime client, which asks a Runtime API as it does in Lambda. The client has a native
 * part, so it is no dependency of this project: `npm install --no-save aws-lambda-ric@4`.
 */

const coldRuns = 11;
const warmRuns = 2_000;
const warmUp = 500;

/** The events. */
export interface RuntimeCase {
  readonly name: string;
  readonly event: unknown;
}

/** Milliseconds. */
interface Times {
  /** From the start of the process to the first answer. */
  readonly cold: number;
  /** From giving an event out to its answer; empty when only the first was given out. */
  readonly warm: readonly number[];
}

/**
 * Measures cold and warm times under `aws-lambda-ric`, beside those of a bare handler under it.
 *
 * @param receiver file of the built receiver
 * @param bare file of a handler that answers 204
 */
export async function lambdaRuntime(
  receiver: string,
  bare: string,
  environment: Readonly<Record<string, string>>,
  cases: readonly RuntimeCase[],
): Promise<void> {
  const client = fileURLToPath(new URL("../node_modules/aws-lambda-ric/index.mjs", import.meta.url));
  if ((await access(client).catch(() => "missing")) === "missing") {
    process.stderr.write(
      "left out: the times under Lambda's runtime client. Get it, and run this again: npm install --no-save aws-lambda-ric@4\n",
    );
    return;
  }
  const unit = "milliseconds";
  for (const { name, event } of cases) {
    const run = (file: string, invocations: number) => runUnder(client, file, environment, event, invocations);
    const cold = { receiver: [] as number[], bare: [] as number[] };
    for (let each = 0; each < coldRuns; each += 1) {
      cold.bare.push((await run(bare, 1)).cold);
      cold.receiver.push((await run(receiver, 1)).cold);
    }
    print(
      { name: `cold start under Lambda's runtime client up to ${name}`, value: median(cold.receiver), unit },
      { name: "the same with a bare handler that answers 204", value: median(cold.bare), unit },
    );
    const warm = async (file: string) => median((await run(file, warmUp + warmRuns)).warm.slice(warmUp));
    const limit = { name: "the same with a bare handler that answers 204", value: await warm(bare), unit } as const;
    print({ name: `warm under Lambda's runtime client, ${name}`, value: await warm(receiver), unit }, limit);
  }
}

/** Starts a runtime, gives it an event so many times in sequence, and stops it. */
async function runUnder(
  client: string,
  file: string,
  environment: Readonly<Record<string, string>>,
  event: unknown,
  invocations: number,
): Promise<Times> {
  const body = JSON.stringify(event);
  const times: number[] = [];
  let cold = 0;
  let given = 0;
  let givenAt = 0;
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  const server = createServer(async (request, response) => {
    if (request.method === "GET") {
      // The next event; when there is none, the client waits, as it does in Lambda.
      if (given === invocations) return resolve();
      given += 1;
      givenAt = performance.now();
      response.writeHead(200, {
        "content-type": "application/json",
        "lambda-runtime-aws-request-id": crypto.randomUUID(),
        "lambda-runtime-deadline-ms": String(Date.now() + 10_000),
        "lambda-runtime-invoked-function-arn": "arn:aws:lambda:us-east-1:000000000000:function:receiver",
      });
      response.end(body);
      return;
    }
    const now = performance.now();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const { statusCode } = JSON.parse(text) as { statusCode?: number };
    if (statusCode === undefined || statusCode >= 300) reject(new Error(`${request.url} answered ${text}`));
    if (given === 1) cold = now - start;
    else times.push(now - givenAt);
    response.writeHead(202).end();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const start = performance.now();
  const runtime = spawn(process.execPath, [client], {
    cwd: dirname(file),
    env: {
      ...process.env,
      ...environment,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_LAMBDA_FUNCTION_NAME: "receiver",
      AWS_LAMBDA_FUNCTION_VERSION: "1",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "1024",
      AWS_LAMBDA_LOG_GROUP_NAME: "receiver",
      AWS_LAMBDA_LOG_STREAM_NAME: "bench",
      LAMBDA_TASK_ROOT: dirname(file),
      _HANDLER: "index.handler",
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  runtime.stderr.on("data", (chunk) => {
    stderr += String(chunk);
  });
  runtime.once("exit", (code) => reject(new Error(`the runtime ended (${code}): ${stderr}`)));
  try {
    await done;
  } finally {
    runtime.removeAllListeners("exit");
    if (runtime.exitCode === null) {
      const ended = once(runtime, "exit");
      runtime.kill("SIGKILL");
      await ended;
    }
    server.closeAllConnections();
    server.close();
  }
  return { cold, warm: times };
}
