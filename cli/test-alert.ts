import { sdkDynamodb } from "../lambda/adapters/aws/dynamodb/sdk.ts";
import { awaitEnd, sendTest } from "../lambda/adapters/aws/send-test-event.ts";
import { whyUnreachable } from "../lambda/adapters/okta-api/unreachable.ts";
import { createClaims } from "../lambda/adapters/tables/claims.ts";
import { InputError, onTerminal, print } from "./command.ts";
import { listSubscriptions } from "./deploy/receivers.ts";
import type { Deployment } from "./deployment.ts";
import { countWaiting } from "./waiting-messages.ts";

/** The result of a test: no alert; an alert that SNS accepted, without or with subscribers. */
export type TestAlertResult = "stopped" | "unsubscribed" | "subscribed";

/**
 * Delivers a test event, and prints whether its alert went out, or where it stopped; the exit code is 1 when it
 * stopped.
 *
 * @param timeout seconds to wait for the alert
 */
export async function sendTestAlert(deployment: Deployment, timeout: number): Promise<TestAlertResult> {
  const started = Date.now();
  const uuid = crypto.randomUUID();
  const status = await deliver(deployment, uuid);
  if (status !== 204) return fail(explainStatus(status, deployment));
  print(`delivered: ${deployment.hookUrl} answered 204 after ${seconds(started)}, event ${uuid}`);

  const claims = createClaims(deployment.stateTable, async () => sdkDynamodb(deployment.dynamodb));
  const found = await awaitEnd(claims, uuid, timeout * 1_000);
  if (found?.kind !== "done") return fail(await explainSilence(found?.kind ?? null, deployment, uuid));
  if (found.end.outcome !== "alerted") return fail(`the event was ${found.end.outcome}, which a test never should be`);
  print(`published: SNS took the alert, ${seconds(started)} after the start`);
  return printSubscriptions(deployment);
}

async function deliver({ hookUrl, hookSecret }: Deployment, uuid: string): Promise<number> {
  const authorization = await hookSecret();
  try {
    return await sendTest(hookUrl, authorization, uuid);
  } catch (error) {
    throw new InputError(`${hookUrl} cannot be reached: ${whyUnreachable(error)}`);
  }
}

function explainStatus(status: number, { hookUrl }: Deployment): string {
  const reasons: Readonly<Record<number, string>> = {
    401: "the secret is not the one that the function knows. Was it changed a moment ago? In the embedded run, set HOOK_SECRET as it was started with",
    403: "allowedCidrs or the firewall keeps your address out (run it from one of these networks), or the Function URL is not public",
    429: "the function is throttled: the account has no concurrency left",
    500: "the function behind the REST API is throttled, or API Gateway may not invoke it",
    502: "the function fails at its start: its log group says why",
    503: "the function could neither publish nor park, and its log group says what could not be reached; or the REST API is throttled",
  };
  return `stopped at the receiver: ${hookUrl} answered ${status}: ${reasons[status] ?? "its log group may say why"}`;
}

async function explainSilence(kind: "inProgress" | null, deployment: Deployment, uuid: string): Promise<string> {
  const waiting = await countWaiting(deployment);
  if (kind === "inProgress") {
    return `stopped at publishing: the event ${uuid} was claimed, and not published yet. ${waiting} wait on the retry queue`;
  }
  return waiting > 0
    ? `parked: the event ${uuid}, or others, wait on the retry queue (${waiting} messages). The log groups say what could not be reached`
    : `stopped at matching: no detection matched the event ${uuid}, or the state table could not be written. Is a detection of a proxied session start on? npx okta-proxy-watch rules shows that`;
}

async function printSubscriptions({ sns, alertTopicArn }: Deployment): Promise<TestAlertResult> {
  const subscriptions = await listSubscriptions(sns, alertTopicArn);
  const confirmed = subscriptions.filter((each) => each.confirmed);
  const protocols = [...new Set(confirmed.map(({ protocol }) => protocol))].join(", ");
  print(
    confirmed.length === 0
      ? "subscribers: none is confirmed, so that no alert reaches anyone. See the README, Subscribe"
      : `subscribers: ${confirmed.length} confirmed (${protocols}); SNS hands it to those whose filter policy lets it through`,
  );
  const pending = subscriptions.length - confirmed.length;
  if (pending > 0) print(`subscribers: ${pending} not confirmed yet: AWS sent each a link`);
  return confirmed.length === 0 ? "unsubscribed" : "subscribed";
}

function fail(reason: string): TestAlertResult {
  process.stderr.write(`${onTerminal(reason)}\n`);
  process.exitCode = 1;
  return "stopped";
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1_000).toFixed(1)} s`;
}
