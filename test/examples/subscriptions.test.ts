import { readFile } from "node:fs/promises";
import { Template } from "aws-cdk-lib/assertions";
import { expect, test } from "vitest";
import { exampleSubscriptions } from "../fixtures/subscriptions.ts";

const topic = (name: string) => `arn:aws:sns:us-east-1:123456789012:${name}`;

test("the example's subscriptions synthesize, each with its filter policy", () => {
  const template = Template.fromStack(exampleSubscriptions("Example", topic));
  const subscriptions = Object.values(template.findResources("AWS::SNS::Subscription")).map(({ Properties }) => [
    Properties.Protocol,
    Properties.FilterPolicy,
  ]);
  expect(subscriptions).toEqual(
    expect.arrayContaining([
      ["email", { severity: ["high", "critical"], outcome: ["SUCCESS"] }],
      ["sqs", { test: ["false"] }],
    ]),
  );
  template.hasResourceProperties("AWS::Chatbot::SlackChannelConfiguration", { SnsTopicArns: [topic("chat")] });
  template.hasResourceProperties("AWS::Chatbot::MicrosoftTeamsChannelConfiguration", { SnsTopicArns: [topic("chat")] });
  // Nobody but SNS, for this one topic, may put messages on the queue.
  const [policy] = Object.values(template.findResources("AWS::SQS::QueuePolicy"));
  const allowed = policy?.Properties.PolicyDocument.Statement.filter(
    ({ Effect }: { Effect: string }) => Effect === "Allow",
  );
  expect(allowed).toHaveLength(1);
  expect(allowed[0].Condition).toEqual({ ArnEquals: { "aws:SourceArn": topic("ocsf") } });
});

test("what the guide shows of CDK stands in the example, so that it compiles", async () => {
  const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), "utf8");
  const [guide, ...sources] = await Promise.all([
    read("docs/subscribing.md"),
    read("examples/subscriptions/stack.ts"),
    read("examples/pagerduty-subscriber/stack.ts"),
  ]);
  const plain = (text: string) => text.replace(/\s+/g, " ");
  const blocks = [...guide.matchAll(/```ts\n(.*?)```/gs)].map(([, code = ""]) => code);
  expect(blocks.length).toBeGreaterThan(4);
  for (const block of blocks) expect(sources.map(plain).join("\n")).toContain(plain(block).trim());
});
