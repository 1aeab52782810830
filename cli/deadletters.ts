import type { Command } from "commander";
import { plural } from "../lambda/core/text/shorten.ts";
import { parseJson } from "../lambda/core/values/json.ts";
import { commandLine, createCommand, InputError, jsonLine, onOneLine, print } from "./command.ts";
import { asksConsent, consentExit, yesOption } from "./consent.ts";
import {
  countTaken,
  type DeadLetterMessage,
  deleteDeadLetter,
  redriveDeadLetter,
  visitDeadLetters,
} from "./dead-letter-messages.ts";
import { addDeploymentOptions, type DeploymentOptions, findDeployment, sameTarget } from "./deployment.ts";
import { createProgress } from "./progress.ts";

interface Chosen extends DeploymentOptions {
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

async function list(options: Chosen): Promise<void> {
  const deployment = await findDeployment(options);
  let count = 0;
  await visitDeadLetters(deployment, async (message) => {
    count += 1;
    print(options.json ? toJson(message) : describe(message));
  });
  if (options.json) return;
  print(count === 0 ? "The dead-letter queue is empty." : `${count} on the dead-letter queue.`);
  const taken = await countTaken(deployment);
  if (taken > 0)
    print(
      `Another command has taken ${plural(taken, "more")}: back when it ends, or within ten minutes where it was stopped.`,
    );
}

function toJson({ receiptHandle: _, body, ...rest }: DeadLetterMessage): string {
  return jsonLine({ ...rest, body: parse(body) });
}

async function show(ids: readonly string[], options: Chosen): Promise<void> {
  const found = await onEach(ids, options, async (message) => {
    if (options.json) {
      print(toJson(message));
      return;
    }
    print(describe(message));
    print(JSON.stringify(parse(message.body), null, 2));
  });
  refuseMissing(ids, found);
}

async function redrive(ids: readonly string[], options: Chosen): Promise<void> {
  const kept: string[] = [];
  let [work, malformed] = [0, 0];
  // Redrives only messages that are there now: work that fails for good returns within a second, as another message.
  const there = await onEach(ids, options, async () => {});
  const found = await onEach([...there], { ...options, all: false }, async (message, deployment) => {
    const redriven = await redriveDeadLetter(deployment, message);
    if (redriven.ok) [work, malformed] = [work + redriven.work, malformed + redriven.malformed];
    else kept.push(`${message.id}: ${redriven.reason}`);
  });
  print(`${work} put on the retry queue.`);
  if (malformed > 0) print(`${malformed} malformed events put back on the dead-letter queue.`);
  if (kept.length > 0) print(`${kept.length} stay where they are:\n${kept.map((line) => `  ${line}`).join("\n")}`);
  if (kept.length > 0 && kept.length === found.size) process.exitCode = 1;
  refuseMissing(ids, found);
}

async function discard(ids: readonly string[], options: Chosen): Promise<void> {
  // Missing ids are reported before the question and the removal.
  const there = await onEach(ids, options, async () => {});
  refuseMissing(ids, there);
  if (there.size === 0) {
    print("The dead-letter queue is empty.");
    return;
  }
  const question = `Discard ${plural(there.size, "dead letter")} for good?`;
  if (!(await asksConsent(question, { yes: options.yes === true }))) return;
  let discarded = 0;
  // Messages that came after the question are not removed.
  await onEach([...there], { ...options, all: false }, async (message, deployment) => {
    await deleteDeadLetter(deployment, message);
    discarded += 1;
  });
  print(`${discarded} discarded.`);
}

/** Applies an action to each named message, or to all; returns the ids that were found. */
async function onEach(
  ids: readonly string[],
  options: Chosen,
  act: (message: DeadLetterMessage, deployment: Awaited<ReturnType<typeof findDeployment>>) => Promise<void>,
): Promise<ReadonlySet<string>> {
  if (ids.length === 0 && options.all === undefined) {
    const list = `${commandLine} deadletters list${sameTarget(options)}`;
    throw new InputError(
      `name the messages by their ids, which ${list} prints, or take --all of them; nothing was done`,
    );
  }
  const deployment = await findDeployment(options);
  const wanted = new Set(ids);
  const found = new Set<string>();
  const progress = createProgress(process.stderr);
  try {
    await visitDeadLetters(deployment, async (message) => {
      if (!options.all && !wanted.has(message.id)) return;
      await act(message, deployment);
      found.add(message.id);
      progress.update(() => `${found.size} messages`);
    });
  } finally {
    progress.done();
  }
  return found;
}

function refuseMissing(ids: readonly string[], found: ReadonlySet<string>): void {
  const missing = ids.filter((id) => !found.has(id));
  if (missing.length > 0) throw new InputError(`not on the dead-letter queue: ${missing.join(", ")}`);
}

/** An input that ends without an answer is no consent. */

/** The body's JSON; the text itself where it is not JSON. */
function parse(body: string): unknown {
  const parsed = parseJson(body);
  return parsed === undefined ? body : parsed;
}

function describe({ id, kind, sentAt, reason, eventUuid, eventType }: DeadLetterMessage): string {
  const event = [eventType, eventUuid].filter((part) => part !== null).join(" ");
  const first = `${id}  ${sentAt.toISOString()}  ${kind}${event === "" ? "" : `  ${event}`}`;
  return [first, `  ${reason}`].map(onOneLine).join("\n");
}

export const command = createCommand(
  "deadletters",
  "Manages what is on the dead-letter queue: malformed events, refused deliveries, and work that was tried in vain.",
);
const subcommand = (name: string, description: string): Command =>
  addDeploymentOptions(command.command(name).description(description));

subcommand("list", "lists what is there")
  .option("--json", "print each as a JSON line, whole")
  .addHelpText("after", "\nExit code: 0; 2 when the stack, or the embedded run, is not there.")
  .action(list);
subcommand("show", "prints messages whole")
  .argument("[ids...]", "message ids, as list prints them")
  .option("--all", "all of them")
  .option("--json", "print each as a JSON line")
  .addHelpText("after", "\nExit code: 0; 2 when one is not on the queue.")
  .action(show);
subcommand("redrive", "puts messages, or the events in them, on the retry queue, to be tried anew")
  .argument("[ids...]", "message ids, as list prints them")
  .option("--all", "all of them")
  .addHelpText("after", "\nExit code: 0; 1 when nothing could be put back; 2 when one is not on the queue.")
  .action(redrive);
subcommand("discard", "removes messages for good")
  .argument("[ids...]", "message ids, as list prints them")
  .option("--all", "all of them")
  .option(...yesOption)
  .addHelpText(
    "after",
    `\nExit code: 0; ${consentExit}; 2 when one is not on the queue, or there is no terminal to ask at: then nothing is discarded.`,
  )
  .action(discard);
