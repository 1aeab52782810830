import type { LambdaFunctionURLEvent, LambdaFunctionURLResult } from "aws-lambda";
import { startBudget } from "./budget.ts";
import { readReceiverConfig } from "./config.ts";
import { fixedSecret, rotatingSecret, secretsManagerVersions } from "./hook-secrets.ts";
import { createNetworkTest } from "./network.ts";
import { answerRequest, type EndpointPorts, type HookRequest } from "./okta/endpoint.ts";
import { processDelivery } from "./pipeline.ts";
import { createPipelinePorts } from "./pipeline-ports.ts";
import { logger, measure, observeAnswer, observeDelivery, publishMetrics } from "./telemetry.ts";

/**
 * Okta waits three seconds. What is unfinished after 1.6 is parked, which has until 2.3; whatever hangs, the answer is
 * there after that.
 */
const shares = { work: 1_600, parking: 2_300 };

const config = readReceiverConfig(process.env);
const pipeline = await createPipelinePorts(config);

const endpoint: EndpointPorts = {
  isAllowed: config.allowedNetworks === null ? () => true : createNetworkTest(config.allowedNetworks),
  secrets:
    "arn" in config.hookSecret
      ? rotatingSecret(secretsManagerVersions(config.hookSecret.arn), () => performance.now())
      : fixedSecret(config.hookSecret.value),
  process: async (delivery, budget) => {
    observeDelivery(delivery, pipeline.rules.kinds);
    const { failed } = await processDelivery(delivery, pipeline, budget);
    return failed === 0;
  },
  onFailure: (message, error, deliveryId) => logger.error(message, { deliveryId, error: error as Error }),
  measure,
};

/** Receives an Okta event hook's requests through a Lambda Function URL (payload format 2.0). */
export async function handler(event: LambdaFunctionURLEvent): Promise<LambdaFunctionURLResult> {
  const budget = startBudget(shares);
  try {
    const { status, headers, body } = await answerRequest(toRequest(event), endpoint, budget);
    observeAnswer(status);
    return { statusCode: status, headers: { ...headers }, body };
  } finally {
    publishMetrics();
  }
}

function toRequest(event: LambdaFunctionURLEvent): HookRequest {
  const headers = new Map(Object.entries(event.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    method: event.requestContext.http.method.toUpperCase(),
    sourceIp: event.requestContext.http.sourceIp,
    header: (name) => headers.get(name),
    body: () => Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8"),
  };
}
