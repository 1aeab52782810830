import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmulators } from "../../local/emulators.ts";
import { readRunbookCommands } from "../fixtures/runbook.ts";

/*
 * Runs the `aws` commands of docs/runbook.md as they stand there. DynamoDB, SNS and SQS are the embedded ones; where there is
 * no emulator, something answers that knows no more than the protocol, so that the command line itself, its names and its
 * parameters, is what is checked: by the AWS CLI's own models. Called by test/external/runbook, which brings the CLI.
 */

const emulators = await startEmulators();
const folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-runbook-"));
const standIn = createServer((request, response) => void answer(request, response));
await new Promise<void>((resolve) => standIn.listen(0, "127.0.0.1", resolve));
const endpoint = `http://127.0.0.1:${(standIn.address() as AddressInfo).port}`;

/** What an AWS service would answer, as empty as its protocol allows. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const action = new URLSearchParams(Buffer.concat(chunks).toString("utf8")).get("Action");
  if (request.headers["x-amz-target"] === undefined && action !== null) {
    response.writeHead(200, { "content-type": "text/xml" });
    response.end(`<${action}Response><${action}Result></${action}Result></${action}Response>`);
    return;
  }
  response.writeHead(200, { "content-type": "application/x-amz-json-1.1" });
  response.end(JSON.stringify({ RandomPassword: "x".repeat(64), SecretString: "x" }));
}

const environment = {
  ...process.env,
  ...emulators.environment,
  AWS_ENDPOINT_URL: endpoint,
  // The Python package index has version 1 of the CLI, which reads this name.
  AWS_DEFAULT_REGION: "us-east-1",
};
const values: Readonly<Record<string, string>> = {
  ALERT_TOPIC_ARN: emulators.environment.ALERT_TOPIC_ARN ?? "",
  RETRY_QUEUE_URL: emulators.retryQueueUrl,
  STATE_TABLE_NAME: emulators.environment.STATE_TABLE ?? "",
  HOOK_SECRET_ARN: "arn:aws:secretsmanager:us-east-1:123456789012:secret:hook-AbCdEf",
  FUNCTION_ARN: "arn:aws:lambda:us-east-1:123456789012:function:output",
  OLD_VERSION_ID: crypto.randomUUID(),
};

/** What no emulator serves: dynalite restores no table. */
const notServed = /^aws dynamodb restore-table-to-point-in-time/;

async function run(command: string): Promise<string | null> {
  const pasted = Object.entries(values).reduce((text, [word, value]) => text.replaceAll(word, value), command);
  // Version 1 takes SQS's endpoint only by an option.
  const forVersion1 = pasted.replace(/^aws sqs /, `aws --endpoint-url ${emulators.direct.messaging} sqs `);
  const own = notServed.test(command) ? { AWS_ENDPOINT_URL_DYNAMODB: endpoint } : {};
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-c", forVersion1], { cwd: folder, env: { ...environment, ...own } });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += String(chunk);
    });
    child.once("error", reject);
    child.once("close", (code) => resolve(code === 0 ? null : stderr.trim()));
  });
}

const commands = (await readRunbookCommands()).filter((command) => command.startsWith("aws "));
try {
  await writeFile(join(folder, "payload.json"), "{}");
  for (const command of commands) {
    const fault = await run(command);
    if (fault === null) continue;
    process.stderr.write(`${command}\n  ${fault}\n`);
    process.exitCode = 1;
  }
  process.stdout.write(`runbook: ${commands.length} aws commands run\n`);
} finally {
  await rm(folder, { recursive: true });
  await emulators.stop();
  standIn.closeAllConnections();
  standIn.close();
}
