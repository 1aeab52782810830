import type { LambdaFunctionURLEvent, LambdaFunctionURLResult } from "aws-lambda";
import { once } from "./aws-client.ts";
import { answering, startBudget } from "./budget.ts";
import { readReceiverConfig } from "./config.ts";
import { fixedSecret, rotatingSecret, secretsManagerVersions } from "./hook-secrets.ts";
import { countAnswer, createMetrics } from "./metrics.ts";
import { createNetworkTest } from "./network.ts";
import { answerRequest, type EndpointPorts, type HookRequest } from "./okta/endpoint.ts";

/*
 * What is imported here is loaded before the first answer, which Okta gives three seconds, cold start included. So what a
 * delivery needs is loaded with the first one (`deliveries.ts`), and what an alert needs with the first event that matches.
 */

const config = readReceiverConfig(process.env);
const metrics = createMetrics();
const getProcess = once(async () => {
  const { createProcess } = await import("./deliveries.ts");
  return createProcess(config, metrics);
});

/** Loads what a delivery needs while the secret is fetched, which takes longer. What fails here fails where it is needed. */
const prepare = once(async () => {
  await Promise.allSettled([getProcess(), metrics.load()]);
});

const endpoint: EndpointPorts = {
  isAllowed: config.allowedNetworks === null ? () => true : createNetworkTest(config.allowedNetworks),
  secrets:
    "arn" in config.hookSecret
      ? rotatingSecret(secretsManagerVersions(config.hookSecret.arn), () => Date.now())
      : fixedSecret(config.hookSecret.value),
  process: async (delivery, budget) => (await getProcess())(delivery, budget),
  async onFailure(message, error, deliveryId) {
    const { logger } = await import("./telemetry.ts");
    logger.error(message, { deliveryId, error: error as Error });
  },
  measure: metrics.measure,
};

/** Receives an Okta event hook's requests through a Lambda Function URL (payload format 2.0). */
export async function handler(event: LambdaFunctionURLEvent): Promise<LambdaFunctionURLResult> {
  const budget = startBudget(answering, () => performance.now());
  if (event.requestContext.http.method === "POST") void prepare();
  try {
    const { status, headers, body } = await answerRequest(toRequest(event), endpoint, budget);
    countAnswer(status, metrics);
    return { statusCode: status, headers: { ...headers }, body };
  } finally {
    await metrics.publish();
  }
}

function toRequest(event: LambdaFunctionURLEvent): HookRequest {
  const headers = new Map(Object.entries(event.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    method: event.requestContext.http.method.toUpperCase(),
    sourceIp: event.requestContext.http.sourceIp,
    header: (name) => headers.get(name),
    body: () => (event.isBase64Encoded ? Buffer.from(event.body ?? "", "base64") : (event.body ?? "")),
  };
}
