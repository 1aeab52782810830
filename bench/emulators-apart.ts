import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { lineOf } from "./endurance.ts";

/** Variables of an environment. */
export type Environment = Readonly<Record<string, string>>;

/** Emulators in a process of their own, so that they do not compete with the measured process. */
export interface EmulatorsApart {
  /** The functions' environment. */
  readonly environment: Environment;
  /** The processor time of their process so far, in milliseconds. */
  readonly processorMilliseconds: () => Promise<number>;
  /** Delays calls by as many milliseconds from now on. */
  readonly delay: (milliseconds: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/**
 * Starts emulators in a process of their own.
 *
 * @param held milliseconds that each call is held up
 */
export async function startEmulatorsApart(held: number): Promise<EmulatorsApart> {
  const emulators = fork(fileURLToPath(new URL("emulators.ts", import.meta.url)), [String(held)], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const [, environment = "{}"] = await lineOf(emulators, /^environment (.*)$/);
  const ask = async (message: number | "processor") => {
    emulators.send(message);
    const [answer] = await once(emulators, "message");
    return Number(answer);
  };
  return {
    environment: JSON.parse(environment) as Environment,
    processorMilliseconds: () => ask("processor"),
    delay: async (milliseconds) => void (await ask(milliseconds)),
    async stop() {
      emulators.disconnect();
      await once(emulators, "exit");
    },
  };
}

/** Does some work with these variables beside those of the process, which are as before afterwards. */
export async function inEnvironment(environment: Environment, work: () => Promise<void>): Promise<void> {
  const before = { ...process.env };
  try {
    Object.assign(process.env, environment);
    await work();
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
}
