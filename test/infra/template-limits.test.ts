import { describe, expect, test } from "vitest";
import { everything, type Synthesized } from "../../infra/synthesize.ts";
import { synthesize } from "../fixtures/synthesized.ts";
import { createAccount, type Properties } from "./policy-account.ts";

/*
 * What CloudFormation and the services refuse of a template, only when it is deployed. Each row is one limit, with the
 * document of AWS that it follows, and reads off the template with everything on how near it comes.
 */

/** A part of the template that is measured, by its name. */
type Measured = readonly [name: string, value: number];

interface TemplateLimit {
  readonly name: string;
  /** The most that AWS takes. */
  readonly most: number;
  readonly document: string;
  readonly measure: (stack: Stack) => readonly Measured[];
}

/** A synthesized stack, with all references resolved. */
interface Stack {
  readonly template: Properties;
  readonly resources: readonly { readonly path: string; readonly type: string; readonly properties: Properties }[];
}

const docs = "https://docs.aws.amazon.com";
const cloudFormation = `${docs}/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html`;
const putMetricAlarm = `${docs}/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html`;
const createFunction = `${docs}/lambda/latest/api/API_CreateFunction.html`;
const iamQuotas = `${docs}/IAM/latest/UserGuide/reference_iam-quotas.html`;
const sqsQueues = `${docs}/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html`;
const sqsMessages = `${docs}/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html`;
const cloudWatchQuotas = `${docs}/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html`;
const putQueryDefinition = `${docs}/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html`;

/** The longest name that a stack may have. */
const longestName = "S".repeat(128);

/** Bytes of a document as it is sent, by a stack of the longest name. */
const bytes = (value: unknown) =>
  Buffer.byteLength((typeof value === "string" ? value : JSON.stringify(value)).replaceAll("Test-", `${longestName}-`));

/** Measures each resource of a type. */
const each =
  (type: string, measure: (properties: Properties, stack: Stack) => number) =>
  (stack: Stack): Measured[] =>
    stack.resources
      .filter((resource) => resource.type === type)
      .map(({ path, properties }) => [path, measure(properties, stack)]);

/** The period of an alarm, in seconds; of one by metric math, the longest of its metrics. */
const periodOf = ({ Period, Metrics = [] }: Properties): number =>
  Period ?? Math.max(...Metrics.map((metric: Properties) => metric.Period ?? metric.MetricStat?.Period ?? 0));
const secondsOfAlarm = (alarm: Properties) => periodOf(alarm) * alarm.EvaluationPeriods;

const widgetsOf = ({ DashboardBody }: Properties) =>
  (JSON.parse(DashboardBody) as { readonly widgets: readonly Properties[] }).widgets;
const metricsOf = (widget: Properties): number => widget.properties.metrics?.length ?? 0;

const limits: readonly TemplateLimit[] = [
  {
    name: "resources",
    most: 500,
    document: cloudFormation,
    measure: ({ resources }) => [["template", resources.length]],
  },
  {
    name: "outputs",
    most: 200,
    document: cloudFormation,
    measure: ({ template }) => [["template", Object.keys(template.Outputs).length]],
  },
  {
    name: "bytes of the template, uploaded",
    most: 1_048_576,
    document: cloudFormation,
    measure: ({ template }) => [["template", bytes(JSON.stringify(template, null, 1))]],
  },
  {
    name: "characters of a logical id",
    most: 255,
    document: cloudFormation,
    measure: ({ template }) => Object.keys(template.Resources).map((id) => [id, id.length]),
  },
  {
    name: "bytes of an output's description",
    most: 1_024,
    document: cloudFormation,
    measure: ({ template }) =>
      Object.entries<Properties>(template.Outputs).map(([id, { Description }]) => [id, bytes(Description)]),
  },
  {
    name: "characters of an alarm's description",
    most: 1_024,
    document: putMetricAlarm,
    measure: each("AWS::CloudWatch::Alarm", ({ AlarmDescription = "" }) => AlarmDescription.length),
  },
  {
    name: "actions of an alarm for one state",
    most: 5,
    document: putMetricAlarm,
    measure: each("AWS::CloudWatch::Alarm", ({ AlarmActions = [], OKActions = [] }) =>
      Math.max(AlarmActions.length, OKActions.length),
    ),
  },
  {
    name: "seconds that an alarm looks back on, with periods of an hour or more",
    most: 604_800,
    document: putMetricAlarm,
    measure: each("AWS::CloudWatch::Alarm", (alarm) => (periodOf(alarm) >= 3_600 ? secondsOfAlarm(alarm) : 0)),
  },
  {
    name: "seconds that an alarm looks back on, with shorter periods",
    most: 86_400,
    document: putMetricAlarm,
    measure: each("AWS::CloudWatch::Alarm", (alarm) => (periodOf(alarm) < 3_600 ? secondsOfAlarm(alarm) : 0)),
  },
  {
    name: "bytes of a function's environment",
    most: 4_096,
    document: `${docs}/lambda/latest/dg/gettingstarted-limits.html`,
    measure: each("AWS::Lambda::Function", ({ Environment }) => bytes(Environment.Variables)),
  },
  {
    name: "characters of a function's description",
    most: 256,
    document: createFunction,
    measure: each("AWS::Lambda::Function", ({ Description }) => Description.length),
  },
  {
    name: "seconds of a function's timeout",
    most: 900,
    document: createFunction,
    measure: each("AWS::Lambda::Function", ({ Timeout }) => Timeout),
  },
  {
    name: "seconds of a function's timeout, in parts per thousand of its queue's visibility timeout",
    most: 1_000,
    document: `${docs}/lambda/latest/dg/services-sqs-configure.html`,
    measure: each("AWS::Lambda::EventSourceMapping", ({ FunctionName, EventSourceArn }, { resources }) => {
      const named = (name: string) => (resource: Stack["resources"][number]) =>
        resource.properties.arn.endsWith(`:${name.split(":").pop()}`);
      const invoked = resources.filter(({ type }) => type === "AWS::Lambda::Function").find(named(FunctionName));
      const queue = resources.filter(({ type }) => type === "AWS::SQS::Queue").find(named(EventSourceArn));
      // A stream hides no record while it is handled.
      if (queue === undefined && EventSourceArn.includes("/stream/")) return 0;
      return Math.ceil((1_000 * invoked?.properties.Timeout) / queue?.properties.VisibilityTimeout);
    }),
  },
  {
    name: "characters of a role's own policies together",
    most: 10_240,
    document: iamQuotas,
    measure: (stack) => {
      const sizes = new Map<string, number>();
      for (const { type, properties } of stack.resources) {
        if (type !== "AWS::IAM::Policy") continue;
        for (const role of properties.Roles) {
          sizes.set(role, (sizes.get(role) ?? 0) + bytes(properties.PolicyDocument));
        }
      }
      return [...sizes];
    },
  },
  {
    name: "characters of a role's trust policy",
    most: 2_048,
    document: iamQuotas,
    measure: each("AWS::IAM::Role", ({ AssumeRolePolicyDocument }) => bytes(AssumeRolePolicyDocument)),
  },
  {
    name: "bytes of a key's policy",
    most: 32_768,
    document: `${docs}/kms/latest/APIReference/API_PutKeyPolicy.html`,
    measure: each("AWS::KMS::Key", ({ KeyPolicy }) => bytes(KeyPolicy)),
  },
  {
    name: "bytes of a topic's policy",
    most: 30_720,
    document: `${docs}/general/latest/gr/sns.html`,
    measure: each("AWS::SNS::TopicPolicy", ({ PolicyDocument }) => bytes(PolicyDocument)),
  },
  {
    name: "characters of a topic's display name",
    most: 100,
    document: `${docs}/sns/latest/api/API_SetTopicAttributes.html`,
    measure: each("AWS::SNS::Topic", ({ DisplayName }) => DisplayName.length),
  },
  {
    name: "attributes of a filter policy",
    most: 5,
    document: `${docs}/sns/latest/dg/subscription-filter-policy-constraints.html`,
    measure: each("AWS::SNS::Subscription", ({ FilterPolicy = {} }) => Object.keys(FilterPolicy).length),
  },
  {
    name: "bytes of a queue's policy",
    most: 8_192,
    document: sqsMessages,
    measure: each("AWS::SQS::QueuePolicy", ({ PolicyDocument }) => bytes(PolicyDocument)),
  },
  {
    name: "statements of a queue's policy",
    most: 20,
    document: sqsMessages,
    measure: each("AWS::SQS::QueuePolicy", ({ PolicyDocument }) => PolicyDocument.Statement.length),
  },
  {
    name: "seconds that a queue keeps messages",
    most: 1_209_600,
    document: sqsMessages,
    measure: each("AWS::SQS::Queue", ({ MessageRetentionPeriod }) => MessageRetentionPeriod),
  },
  {
    name: "seconds of a queue's visibility timeout",
    most: 43_200,
    document: sqsMessages,
    measure: each("AWS::SQS::Queue", ({ VisibilityTimeout = 30 }) => VisibilityTimeout),
  },
  {
    name: "receives before a message goes to the dead-letter queue",
    most: 1_000,
    document: sqsQueues,
    measure: each("AWS::SQS::Queue", ({ RedrivePolicy }) => RedrivePolicy?.maxReceiveCount ?? 0),
  },
  {
    name: "characters of a secret's description",
    most: 2_048,
    document: `${docs}/secretsmanager/latest/apireference/API_CreateSecret.html`,
    measure: each("AWS::SecretsManager::Secret", ({ Description }) => Description.length),
  },
  {
    name: "characters of a schedule's description",
    most: 512,
    document: `${docs}/scheduler/latest/APIReference/API_CreateSchedule.html`,
    measure: each("AWS::Scheduler::Schedule", ({ Description }) => Description.length),
  },
  {
    name: "characters of the pattern of an event rule",
    most: 2_048,
    document: `${docs}/eventbridge/latest/userguide/eb-quota.html`,
    measure: each("AWS::Events::Rule", ({ EventPattern }) => JSON.stringify(EventPattern).length),
  },
  {
    name: "characters of an event rule's description",
    most: 512,
    document: `${docs}/eventbridge/latest/APIReference/API_PutRule.html`,
    measure: each("AWS::Events::Rule", ({ Description }) => Description.length),
  },
  {
    name: "targets of an event rule",
    most: 5,
    document: `${docs}/eventbridge/latest/userguide/eb-quota.html`,
    measure: each("AWS::Events::Rule", ({ Targets }) => Targets.length),
  },
  {
    name: "bytes of a function's resource-based policy",
    most: 20_480,
    document: `${docs}/lambda/latest/dg/gettingstarted-limits.html`,
    measure: each("AWS::Lambda::Function", (own, { resources }) =>
      bytes(
        resources.filter(
          ({ type, properties }) => type === "AWS::Lambda::Permission" && properties.FunctionName === own.arn,
        ),
      ),
    ),
  },
  {
    name: "widgets of a dashboard",
    most: 500,
    document: cloudWatchQuotas,
    measure: each("AWS::CloudWatch::Dashboard", (dashboard) => widgetsOf(dashboard).length),
  },
  {
    name: "metrics of a widget",
    most: 500,
    document: cloudWatchQuotas,
    measure: each("AWS::CloudWatch::Dashboard", (dashboard) => Math.max(0, ...widgetsOf(dashboard).map(metricsOf))),
  },
  {
    name: "metrics of a dashboard",
    most: 2_500,
    document: cloudWatchQuotas,
    measure: each("AWS::CloudWatch::Dashboard", (dashboard) =>
      widgetsOf(dashboard).reduce((sum, widget) => sum + metricsOf(widget), 0),
    ),
  },
  {
    name: "characters of a saved query",
    most: 10_000,
    document: putQueryDefinition,
    measure: each("AWS::Logs::QueryDefinition", ({ QueryString }) => QueryString.length),
  },
  {
    name: "characters of a saved query's name",
    most: 255,
    document: putQueryDefinition,
    measure: each("AWS::Logs::QueryDefinition", ({ Name }) => Name.length - "Test".length + longestName.length),
  },
  {
    name: "log groups of a saved query",
    most: 50,
    document: putQueryDefinition,
    measure: each("AWS::Logs::QueryDefinition", ({ LogGroupNames }) => LogGroupNames.length),
  },
];

function read(synthesized: Synthesized): Stack {
  const { resources, arnOf } = createAccount(synthesized);
  return {
    template: synthesized.template.toJSON(),
    resources: [...resources].map(([path, { type, properties }]) => ({
      path,
      type,
      properties: { ...properties, arn: arnOf(path) },
    })),
  };
}

describe("with everything on, the template stays within the limits of AWS:", () => {
  const stack = read(synthesize({ ...everything, customerManagedKey: true, heartbeatHours: 168 }));

  test.each(limits.map((limit) => [limit.name, limit.most, limit] as const))("%s (%i)", (_name, _most, limit) => {
    const measured = limit.measure(stack);
    expect(limit.document).toMatch(/^https:\/\/docs\.aws\.amazon\.com\//);
    expect(measured.length).toBeGreaterThan(0);
    for (const [, value] of measured) expect(value).toBeGreaterThanOrEqual(0);
    expect(measured.filter(([, value]) => !(value <= limit.most))).toEqual([]);
  });

  test("every row measures something of the template: none passes because it reads nothing", () => {
    const empty = limits.filter(({ measure }) => Math.max(0, ...measure(stack).map(([, value]) => value)) === 0);
    expect(empty.map(({ name }) => name)).toEqual([]);
  });
});

test("the longest networks and attributes that settings take fit into the functions' environments", () => {
  const cidrs = Array.from({ length: 155 }, (_, index) => `192.0.${100 + (index % 100)}.10/32`);
  const attributes = Array.from({ length: 14 }, (_, index) => ({ label: `office ${index}`, city: "x".repeat(70) }));
  const settings = { ...everything, canary: false, allowedCidrs: cidrs, oktaProfileAttributes: attributes };
  const environments = limits.find(({ name }) => name === "bytes of a function's environment");
  const measured = environments?.measure(read(synthesize({ ...settings, customerManagedKey: true }))) ?? [];
  expect(cidrs.join(" ").length).toBeGreaterThan(2_400);
  expect(JSON.stringify(attributes).length).toBeGreaterThan(1_400);
  expect(Math.max(...measured.map(([, value]) => value))).toBeGreaterThan(3_000);
  expect(measured.filter(([, value]) => value > (environments?.most ?? 0))).toEqual([]);
});
