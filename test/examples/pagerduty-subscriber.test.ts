import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import type { SNSEvent } from "aws-lambda";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { PagerDutySubscriberStack } from "../../examples/pagerduty-subscriber/stack.ts";
import { output } from "../../lambda/core/outputs/pagerduty.ts";
import { type AwsEndpoint, startAwsEndpoint } from "../fixtures/aws-endpoint.ts";
import { alertOf } from "../fixtures/cases.ts";

/** What PagerDuty's Events API v2 wants of an alert event, and answers. */
let received: Record<string, unknown>[] = [];
let failing = false;
const pagerDuty = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const event = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
  if (failing) {
    response.writeHead(429).end("slow down");
    return;
  }
  received.push(event);
  response.writeHead(202).end(JSON.stringify({ status: "success", dedup_key: event.dedup_key }));
});
let secrets: AwsEndpoint;
let handler: (event: SNSEvent) => Promise<void>;

beforeAll(async () => {
  await new Promise<void>((resolve) => pagerDuty.listen(0, "127.0.0.1", resolve));
  secrets = await startAwsEndpoint(() => ({ status: 200, body: { SecretString: "routing-key" } }));
  Object.assign(process.env, {
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    PAGERDUTY_EVENTS_URL: `http://127.0.0.1:${(pagerDuty.address() as AddressInfo).port}/v2/enqueue`,
    ROUTING_KEY_SECRET_ARN: "arn:aws:secretsmanager:us-east-1:123456789012:secret:key",
  });
  ({ handler } = await import("../../examples/pagerduty-subscriber/index.ts"));
});
beforeEach(() => {
  received = [];
  failing = false;
});
afterAll(async () => {
  await secrets.stop();
  pagerDuty.closeAllConnections();
  await new Promise((resolve) => pagerDuty.close(resolve));
});

const invocation = () => ({ Records: [{ Sns: { Message: output.render(alertOf()) } }] }) as unknown as SNSEvent;

test("an alert becomes an event with the routing key, and the same one twice the same incident", async () => {
  await handler(invocation());
  await handler(invocation());
  expect(received[0]).toMatchObject({
    routing_key: "routing-key",
    event_action: "trigger",
    payload: { severity: "error", source: "example.okta.com", summary: expect.stringContaining("Ada Marques") },
  });
  expect(new Set(received.map(({ dedup_key }) => dedup_key)).size).toBe(1);
});

test("an event that PagerDuty does not take fails the invocation, so that it is tried again", async () => {
  failing = true;
  await expect(handler(invocation())).rejects.toThrow("PagerDuty answered 429: slow down");
});

test("its stack subscribes it to what is severe and got in", () => {
  const app = new App({ context: { "aws:cdk:bundling-stacks": [] } });
  const topicArn = "arn:aws:sns:us-east-1:123456789012:pagerduty";
  const template = Template.fromStack(new PagerDutySubscriberStack(app, "Example", { topicArn }));
  template.hasResourceProperties("AWS::SNS::Subscription", {
    TopicArn: topicArn,
    Protocol: "lambda",
    FilterPolicy: { severity: ["high", "critical"], outcome: ["SUCCESS"] },
  });
});
