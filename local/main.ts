import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { closest } from "fastest-levenshtein";
import { loadSettings, rulesFolderOf } from "../infra/settings.ts";
import { loadDetections } from "../lambda/adapters/rule-files/load-detections.ts";
import { faultOfPacks, packsOf } from "../lambda/core/detections/compile-rules.ts";
import { onTarget } from "../lambda/core/text/on-target.ts";
import { InputError } from "../lambda/core/values/input-error.ts";
import type { ReceivedAlert } from "./alert-feed.ts";
import { chaosFaults } from "./chaos.ts";
import { type SampleName, writeCurrentSamples } from "./current-samples.ts";
import { describeDelivery } from "./delivery-log.ts";
import { startEmbeddedRun } from "./embedded-run.ts";
import { defaultPort, noteRun } from "./run-notes.ts";
import { sampleProfiles } from "./sample-people.ts";
import { readSettings, usage } from "./settings.ts";

const print = (text: string) => process.stdout.write(`${text}\n`);
/** Texts of others, within their line: without control and direction characters. */
const inLine = (text: string) => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ");

/** Refuses a pack that no detection has: it would switch nothing on. */
async function refuseUnknownPacks(packs: readonly string[]): Promise<void> {
  if (packs.length === 0) return;
  const own = rulesFolderOf(await loadSettings({}));
  const ours = fileURLToPath(new URL("../detections", import.meta.url));
  const loaded = await loadDetections(ours, ...(own === null ? [] : [own]));
  const detections = [...loaded.rules, ...loaded.correlations].map(({ content }) => content);
  const fault = faultOfPacks(packs, detections);
  if (fault === null) return;
  const known = packsOf(detections);
  const [unknown = ""] = packs.filter((pack) => !known.includes(pack));
  throw new InputError(`DETECTION_PACKS: ${fault}; did you mean ${closest(unknown, known)}?`);
}

/** Prints a mail. Its commands work where they are printed: a deployment's would ask its stack. */
function printMail({ subject, email }: Pick<ReceivedAlert, "subject" | "email">): void {
  print(`\n--- ${subject}\n\n${onTarget(email, " --local")}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string" },
      chaos: { type: "string", multiple: true },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    print(usage);
    return;
  }
  // The settings file says which detections run; the build has read its folder of rules.
  const { settings: deployed } = await loadSettings({});
  const settings = readSettings(values, process.env, deployed);
  await refuseUnknownPacks(settings.packs);
  // The terminal shows alerts, and only errors of the functions' logs.
  process.env.POWERTOOLS_LOG_LEVEL ??= "ERROR";
  process.env.POWERTOOLS_METRICS_DISABLED ??= "true";
  const run = await startEmbeddedRun({
    ...settings,
    onAlert: printMail,
    onNotice: printMail,
    page: { onDelivery: (delivery) => print(describeDelivery(delivery).map(inLine).join("\n")) },
    onError: (error) => process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`),
  });
  for (const name of settings.chaos) {
    const { service, fault } = chaosFaults[name];
    run.faults[service].set(fault);
    print(`broken: ${name}`);
  }
  await run.putProfiles(JSON.parse(await readFile(new URL("samples/profiles.json", import.meta.url), "utf8")));
  await run.putProfiles(sampleProfiles());

  const authorization = `Authorization: ${settings.hookSecret}`;
  const samples = await writeCurrentSamples(new Date());
  const deliver = (sample: SampleName) =>
    `curl -i -H '${authorization}' -H 'content-type: application/json' --data '@${samples.pathOf(sample)}' ${run.url}`;
  const removeNote = await noteRun(run.url, new Date());
  const target =
    removeNote !== null || run.url === `http://localhost:${defaultPort}/` ? "--local" : `--local --url ${run.url}`;
  print(`ready ${run.url}

Open it in a browser: what was delivered, what became of it, each alert as its readers get it, a map, and buttons that
deliver samples. Or paste here:

Verify the hook, as Okta does once:
  curl -i -H '${authorization}' -H 'x-okta-verification-challenge: hello' ${run.url}

Deliver a sign-in through Tor, far from the user's home:
  ${deliver("proxied-sign-in")}

Deliver one from home, through no proxy, which raises no alert:
  ${deliver("ordinary-sign-in")}

Send the first again as the org's log stream to EventBridge does, which makes no second alert:
  curl -i --data '@${samples.pathOf("streamed-sign-in")}' ${run.url}_local/stream

${
  settings.suppressMinutes === 0
    ? ""
    : `The same sign-in again, with another uuid, is suppressed for ${settings.suppressMinutes} minutes: SUPPRESS_MINUTES=0 npm start shows each.
`
}Alerts so far: ${run.url}_local/alerts${settings.outputs.length === 0 ? "" : `, and as ${settings.outputs.join(", ")}: ${run.url}_local/outputs`}
Commands work on it with ${target}: npx okta-proxy-watch incidents list ${target}
For the AWS CLI: export AWS_ENDPOINT_URL_DYNAMODB=${run.environment.AWS_ENDPOINT_URL_DYNAMODB} AWS_ENDPOINT_URL_SNS=${run.environment.AWS_ENDPOINT_URL_SNS} AWS_ENDPOINT_URL_SQS=${run.environment.AWS_ENDPOINT_URL_SQS} AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local PROFILE_TABLE=${run.environment.PROFILE_TABLE}
Stop with Ctrl-C.`);

  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    print("\nstopping");
    void Promise.all([run.stop(), samples.remove(), removeNote?.()]).then(() => process.exit(0));
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
  if (process.env.npm_lifecycle_event !== undefined) onOrphaned(stop);
}

/**
 * npm hands a signal to the shell that it runs the script by, and that shell ends without handing it on: this process would
 * stay, with the port. So it watches whether its parent is still there.
 */
function onOrphaned(stop: () => void): void {
  const timer = setInterval(() => {
    if (process.ppid !== parent) stop();
  }, watchParentEvery);
  timer.unref();
}

/** Milliseconds. */
const watchParentEvery = 250;

/** The parent as this process begins: it may have ended by the time that the run is ready. */
const parent = process.ppid;

try {
  await main();
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") {
    process.stderr.write(`error: the port is taken (${message}); choose another one: PORT=3001 npm start\n`);
    process.exitCode = 1;
  } else if (error instanceof InputError || code?.startsWith("ERR_PARSE_ARGS")) {
    process.stderr.write(`error: ${message}\n\n${usage}\n`);
    process.exitCode = 2;
  } else if (error instanceof Error && error.name === "ConfigError") {
    // A function refuses a variable that it was given; the emulators run already.
    process.stderr.write(`error: ${message}\n`);
    process.exit(2);
  } else {
    throw error;
  }
}
