import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** An AWS account as ministack stands in for one, on a free loopback port, and commands that work on it. */
export interface Account {
  /** Where its services are reached. */
  readonly url: string;
  /** What clients and commands of it need in their environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** A folder for files of the check, removed at the end. */
  readonly folder: string;
  /** Runs a command at the project's root, with its output on standard input, and waits for its end. */
  readonly run: (command: string, options?: RunOptions) => Promise<Output>;
  /** Has resources whose logical id starts so fail to be created, until it is called with null. */
  readonly fail: (logicalId: string | null) => Promise<void>;
  /** What the emulator wrote so far: of each function, what it logged as well. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** Files of a certificate, in PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** How a command is run. */
export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** The exit code that it is expected to have. @default 0 */
  readonly code?: number;
}

/** What came of a command. */
export interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A step of the check that did not do what is expected. */
export class CheckFailure extends Error {
  override readonly name = "CheckFailure";
}

/** The longest that a command may take, in milliseconds, so that one that hangs does not hang the check. */
const longestCommand = 300_000;
/** The longest that the emulator may take to start, in milliseconds. */
const longestStart = 120_000;

/**
 * Starts an account.
 *
 * @param python the Python that ministack is installed for
 * @param enforced the certificate of localhost, which NODE_EXTRA_CA_CERTS names, and its key: then it is reached over TLS,
 * and signatures and policies decide over each call, as on AWS. Null: every call is allowed
 */
export async function startAccount(python: string, enforced: Certificate | null = null): Promise<Account> {
  const folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-deployed-"));
  const port = await freePort();
  const marker = join(folder, "fail-resource");
  const url = `${enforced === null ? "http" : "https"}://localhost:${port}`;
  let log = "";
  const emulator = spawn(python, [fileURLToPath(new URL("emulator.py", import.meta.url))], {
    cwd: folder,
    env: {
      ...process.env,
      GATEWAY_PORT: String(port),
      BIND_HOST: "127.0.0.1",
      FAIL_RESOURCE: marker,
      TMPDIR: folder,
      ...(enforced && {
        AUTH: "true",
        USE_SSL: "1",
        MINISTACK_SSL_CERT: enforced.certificate,
        MINISTACK_SSL_KEY: enforced.key,
        // The functions' own environment holds no endpoint: the SDK takes this one, whose name is in the certificate.
        AWS_ENDPOINT_URL: url,
      }),
    },
    // A group of its own: what it starts for the functions ends with it.
    detached: true,
  });
  for (const stream of [emulator.stdout, emulator.stderr]) stream.on("data", (chunk) => (log += String(chunk)));
  const environment = {
    AWS_ENDPOINT_URL: url,
    // ministack's name for the account's root user.
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: "us-east-1",
    // CDK asks for no certificate of Node.js's own list.
    ...(enforced && { AWS_CA_BUNDLE: enforced.certificate }),
  };
  const stop = async () => {
    await end(emulator);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(emulator, () => log);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    environment,
    folder,
    run: (command, options) => run(command, environment, options),
    fail: (logicalId) => (logicalId === null ? rm(marker, { force: true }) : writeFile(marker, logicalId)),
    log: () => log,
    stop,
  };
}

async function untilReady(emulator: ChildProcess, log: () => string): Promise<void> {
  const started = Date.now();
  while (!log().includes("Running on ")) {
    if (emulator.exitCode !== null || Date.now() - started > longestStart) {
      throw new CheckFailure(`the emulator did not start:\n${log()}`);
    }
    await delay(50);
  }
}

/** Ends a process and all that it started. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const ended = once(child, "exit");
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group is gone already.
    }
    if ((await Promise.race([ended, delay(5_000, "still there", { ref: false })])) !== "still there") return;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function run(
  command: string,
  account: Readonly<Record<string, string>>,
  { environment = {}, input = "", code: expected = 0 }: RunOptions = {},
): Promise<Output> {
  const child = spawn("bash", ["-c", command], {
    cwd: root,
    env: { ...process.env, ...account, ...environment },
    timeout: longestCommand,
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => (output.stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (output.stderr += String(chunk)));
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  if (code === expected) return { code, ...output };
  throw new CheckFailure(`${command}: exit code ${code}, expected ${expected}\n${output.stdout}${output.stderr}`);
}
