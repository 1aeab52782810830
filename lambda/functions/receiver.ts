import type { APIGatewayProxyResult } from "aws-lambda";
import { once } from "../adapters/aws/client.ts";
import { type HookEvent, readHookRequest } from "../adapters/aws/hook-request.ts";
import { fixedSecret, rotatingSecret } from "../adapters/aws/hook-secrets.ts";
import { createSecrets } from "../adapters/aws/secrets.ts";
import { createStateKey } from "../adapters/tables/state-key.ts";
import { countAnswer, countRefusedDelivery } from "../adapters/telemetry/counts.ts";
import { createMetrics } from "../adapters/telemetry/metrics.ts";
import { millisecondsUp } from "../adapters/telemetry/uptime.ts";
import { answerRequest, type EndpointPorts } from "../core/hook-endpoint/endpoint.ts";
import { createNetworkTest } from "../core/network/cidr.ts";
import { startBudget } from "../core/time/budget.ts";
import { toError } from "../core/values/error.ts";
import { readReceiverConfig } from "./config/receiver.ts";

/*
 * Static imports load before the first answer, for which Okta waits three seconds, cold start included. So the first
 * delivery loads the modules of deliveries (`receiver-delivery.ts`), and the first match those of alerts.
 */

const config = readReceiverConfig(process.env);
const metrics = createMetrics(config.metrics);
const { timing } = config;
const versionsOf = createSecrets(timing.answeringClient);
const getStateKey = createStateKey(config.stateKey, versionsOf, timing.keyPatience.answering, millisecondsUp);
const getProcess = once(async () => {
  const { createProcess } = await import("./receiver-delivery.ts");
  return createProcess(config, metrics, getStateKey);
});

/**
 * Loads the modules of deliveries, and the key that alerts need, while the secret is fetched, which takes longer. A
 * failure here shows where the module or key is used.
 */
const prepare = once(async () => {
  await Promise.allSettled([getProcess(), metrics.load(), getStateKey()]);
});

const getParkRefused = once(async () => {
  const { createParkRefused } = await import("./wiring/refused-deliveries.ts");
  return createParkRefused(config.deadLetterQueueUrl);
});

const endpoint: EndpointPorts = {
  isAllowed: config.allowedNetworks === null ? () => true : createNetworkTest(config.allowedNetworks),
  secrets:
    "arn" in config.hookSecret
      ? rotatingSecret(versionsOf(config.hookSecret.arn), () => Date.now(), timing.secretPatience)
      : fixedSecret(config.hookSecret.value),
  process: async (delivery, budget) => (await getProcess())(delivery, budget),
  async parkRefused(refused, signal) {
    countRefusedDelivery(metrics);
    await (await getParkRefused())(refused, signal);
  },
  async onFailure(kind, message, error, names) {
    try {
      const { logger } = await import("../adapters/telemetry/log-observations.ts");
      logger.error(message, { kind, ...names, error: toError(error) });
    } catch (unloadable) {
      // The logger's chunk of the bundle may be broken as well: the line then lacks its fields.
      const line = { level: "ERROR", message, kind, ...names, error: String(error), logger: String(unloadable) };
      process.stderr.write(`${JSON.stringify(line)}\n`);
    }
  },
  measure: metrics.measure,
};

/** Receives an Okta event hook's requests through a Lambda Function URL or a REST API of API Gateway. */
export async function handler(event: HookEvent): Promise<APIGatewayProxyResult> {
  const budget = startBudget(timing.answering);
  const request = readHookRequest(event);
  if (request.method === "POST") void prepare();
  try {
    const { status, headers, body } = await answerRequest(request, endpoint, budget);
    countAnswer(status, metrics);
    return { statusCode: status, headers: { ...headers }, body };
  } finally {
    await metrics.publish();
  }
}
