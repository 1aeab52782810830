import { InvalidArgumentError } from "commander";
import { areBundlesCurrent } from "../local/bundles.ts";
import { chaosFaults, isChaosName } from "../local/chaos.ts";
import { environmentHelp, isPort } from "../local/settings.ts";
import { createCommand, InputError } from "./command.ts";
import { runNode } from "./run-node.ts";

interface Options {
  readonly port?: string;
  readonly chaos?: readonly string[];
}

async function start({ port, chaos = [] }: Options): Promise<void> {
  const isCurrent = await areBundlesCurrent().catch((error: unknown) => {
    if (error instanceof InputError) throw error;
    return false;
  });
  if (!isCurrent) process.stderr.write("bundling the functions\n");
  if (!isCurrent && (await runNode(["build/bundle.ts", "--quiet"])) !== 0) {
    process.exitCode = 1;
    return;
  }
  const args = [...(port === undefined ? [] : ["--port", port]), ...chaos.flatMap((each) => ["--chaos", each])];
  // The embedded run reads the options of its process, and stays in this one: signals reach it.
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...args);
  await import("../local/main.ts");
}

export const command = createCommand(
  "start",
  "Builds the functions where something changed, runs them against DynamoDB, SNS and SQS in this process, prints every alert, and serves a page.",
)
  .option("--port <port>", "port of the HTTP front, 0 for a free one (default: PORT, else 3000)", (value: string) => {
    if (isPort(value)) return value;
    throw new InvalidArgumentError("A port is a number from 0 to 65535.");
  })
  .option(
    "--chaos <fault>",
    `break a service from the start: ${Object.keys(chaosFaults).join(", ")}; several times. While it runs: PUT or DELETE /_local/chaos/FAULT`,
    (value: string, before: readonly string[] = []) => {
      if (isChaosName(value)) return [...before, value];
      throw new InvalidArgumentError(`Faults are ${Object.keys(chaosFaults).join(", ")}.`);
    },
  )
  .addHelpText("after", `\n${environmentHelp}`)
  .addHelpText(
    "after",
    "\nExit code: 0 when it is stopped; 1 when the build failed, or the port is taken; 2 for settings that cannot be used.",
  )
  .action(start);
