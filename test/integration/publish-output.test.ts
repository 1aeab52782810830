import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { SNSEvent } from "aws-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Emulators, startEmulators } from "../../local/emulators.ts";
import { loadBuilt } from "../fixtures/built.ts";
import { alertOf } from "../fixtures/cases.ts";

let emulators: Emulators;
let handler: (event: SNSEvent) => Promise<void>;
beforeAll(async () => {
  emulators = await startEmulators();
  const { topicArn } = emulators.createOutput("pagerduty");
  Object.assign(process.env, emulators.environment, {
    OUTPUT: "pagerduty",
    OUTPUT_TOPIC_ARN: topicArn,
  });
  ({ handler } = await loadBuilt<{ readonly handler: typeof handler }>("publish-output"));
});
afterAll(() => emulators.stop());

test("an output carries the alert's attributes, also when SNS hands none of them to the function", async () => {
  const alert = alertOf();
  const Sns = { Message: JSON.stringify(alert), MessageAttributes: {} };
  await handler({ Records: [{ EventSource: "aws:sns", Sns }] } as unknown as SNSEvent);

  const sqs = new SQSClient({ endpoint: emulators.direct.messaging });
  const queueUrl = `${emulators.direct.messaging}/000000000000/output-pagerduty`;
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl }));
  sqs.destroy();
  const [received] = Messages.map(({ Body = "" }) => JSON.parse(Body) as Record<string, unknown>);
  expect(received?.MessageAttributes).toEqual({
    severity: { Type: "String", Value: alert.severity },
    eventType: { Type: "String", Value: alert.okta.eventType },
    geoVerdict: { Type: "String", Value: alert.geo.verdict },
    outcome: { Type: "String", Value: alert.session.outcome },
    test: { Type: "String", Value: String(alert.test) },
    detections: { Type: "String.Array", Value: JSON.stringify(alert.detections.map(({ id }) => id)) },
  });
});
