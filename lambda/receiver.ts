import type { LambdaFunctionURLEvent, LambdaFunctionURLResult } from "aws-lambda";
import { createAlertTopic } from "./alerts/alert-topic.ts";
import { readReceiverConfig } from "./config.ts";
import { toDeadLetter } from "./dead-letters/dead-letter.ts";
import { createDeadLetterQueue } from "./dead-letters/dead-letter-queue.ts";
import { compileRules, isEnabled } from "./detections/compile-rules.ts";
import { rules } from "./detections/rules.ts";
import { fixedSecret, rotatingSecret, secretsManagerVersions } from "./hook-secrets.ts";
import { answerRequest, type EndpointPorts, type HookRequest } from "./okta/endpoint.ts";
import { type PipelinePorts, processDelivery } from "./pipeline.ts";
import { createProfileTable } from "./profiles/profile-table.ts";
import { logger, metrics, observe } from "./telemetry.ts";

const config = readReceiverConfig(process.env);
const sendDeadLetters = createDeadLetterQueue(config.deadLetterQueueUrl);

const pipeline: PipelinePorts = {
  rules: await compileRules(rules.filter((rule) => isEnabled(rule, { experimental: config.experimentalDetections }))),
  profiles: createProfileTable(config.profileTable),
  publish: createAlertTopic(config.alertTopicArn),
  parkMalformed: (events, delivery) =>
    sendDeadLetters(events.map((event) => toDeadLetter(event, delivery, new Date()))),
  mismatchDistanceKm: config.mismatchDistanceKm,
  now: () => new Date(),
  observe,
};

const endpoint: EndpointPorts = {
  secrets:
    "arn" in config.hookSecret
      ? rotatingSecret(secretsManagerVersions(config.hookSecret.arn), () => performance.now())
      : fixedSecret(config.hookSecret.value),
  process: async (delivery) => (await processDelivery(delivery, pipeline)).failed === 0,
  onFailure: (message, error) => logger.error(message, { error: error as Error }),
};

/** Receives an Okta event hook's requests through a Lambda Function URL (payload format 2.0). */
export async function handler(event: LambdaFunctionURLEvent): Promise<LambdaFunctionURLResult> {
  try {
    const { status, headers, body } = await answerRequest(toRequest(event), endpoint);
    return { statusCode: status, headers: { ...headers }, body };
  } finally {
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  }
}

function toRequest(event: LambdaFunctionURLEvent): HookRequest {
  const headers = new Map(Object.entries(event.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    method: event.requestContext.http.method.toUpperCase(),
    header: (name) => headers.get(name),
    body: Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8"),
  };
}
