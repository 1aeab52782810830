import { readFile } from "node:fs/promises";
import { Match, type Template } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { describeSettings, mergeSettings } from "../../infra/settings.ts";
import { SettingsError } from "../../infra/settings-file.ts";
import { everything, type Statement } from "../../infra/synthesize.ts";
import { isInSet } from "../../lambda/adapters/telemetry/metric-sets.ts";
import { metricNames } from "../fixtures/metrics.ts";
import { synthesize as synthesizeStack } from "../fixtures/synthesized.ts";

const synthesize = (context: Readonly<Record<string, unknown>> = {}) => synthesizeStack(context).template;

const template = synthesize();

/** What a request carries that CloudWatch makes for an alarm of this account. */
const ofThisAccount = {
  StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } },
  ArnLike: { "aws:SourceArn": { "Fn::Join": ["", expect.arrayContaining([":alarm:*"])] } },
};

function statementsOf(type: string, of = template): Statement[] {
  return Object.values(of.findResources(type)).flatMap(
    (resource) => resource.Properties.PolicyDocument.Statement as Statement[],
  );
}

test("no policy of a topic or queue allows anything, except that CloudWatch publishes this account's alarms to the operations topic", () => {
  const allowed = [...statementsOf("AWS::SNS::TopicPolicy"), ...statementsOf("AWS::SQS::QueuePolicy")].filter(
    ({ Effect }) => Effect === "Allow",
  );
  expect(allowed).toEqual([
    {
      Sid: "Alarms",
      Effect: "Allow",
      Principal: { Service: "cloudwatch.amazonaws.com" },
      Action: "sns:Publish",
      Resource: { Ref: expect.stringMatching(/^Operations/) },
      Condition: ofThisAccount,
    },
  ]);
});

describe("data", () => {
  test("the profile table is encrypted, backed up, and stays when the stack goes", () => {
    template.hasResource("AWS::DynamoDB::Table", {
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
      Properties: {
        KeySchema: [{ AttributeName: "user", KeyType: "HASH" }],
        BillingMode: "PAY_PER_REQUEST",
        TimeToLiveSpecification: { AttributeName: "expiration", Enabled: true },
        SSESpecification: { SSEEnabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      },
    });
  });

  test("the state table is encrypted, and kept: what people made is in it, beside what expires", () => {
    template.hasResource("AWS::DynamoDB::Table", {
      DeletionPolicy: "Retain",
      Properties: {
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        BillingMode: "PAY_PER_REQUEST",
        SSESpecification: { SSEEnabled: true },
        TimeToLiveSpecification: { AttributeName: "expiration", Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      },
    });
  });

  test.each(["AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"])("%s denies what does not come over TLS", (type) => {
    expect(statementsOf(type)).toContainEqual(
      expect.objectContaining({
        Effect: "Deny",
        Principal: expect.toSatisfy((principal) =>
          ["*", '{"AWS":"*"}'].includes(typeof principal === "string" ? principal : JSON.stringify(principal)),
        ),
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      }),
    );
  });

  test("topic and dead-letter queue are encrypted; the queue keeps its messages for 14 days", () => {
    template.hasResourceProperties("AWS::SNS::Topic", { KmsMasterKeyId: Match.anyValue() });
    template.hasResourceProperties("AWS::SQS::Queue", {
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 1_209_600,
      MaximumMessageSize: 1_048_576,
    });
  });

  test("the retry queue is encrypted, keeps work in order of its tries, and moves it to the dead-letter queue", () => {
    template.hasResourceProperties("AWS::SQS::Queue", {
      SqsManagedSseEnabled: true,
      VisibilityTimeout: 360,
      RedrivePolicy: {
        maxReceiveCount: 200,
        deadLetterTargetArn: { "Fn::GetAtt": [Match.stringLikeRegexp("^DeadLetters"), "Arn"] },
      },
    });
  });

  test("the hook's secret is generated, and fits into a header; so is the key of what is remembered", () => {
    const generated = template.findResources("AWS::SecretsManager::Secret", {
      Properties: { GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true, IncludeSpace: false } },
    });
    expect(Object.keys(generated)).toEqual([expect.stringMatching(/^HookSecret/), expect.stringMatching(/^StateKey/)]);
  });
});

describe("the receiver", () => {
  test("runs on Node.js 24 and arm64, with everything its configuration asks for", () => {
    template.hasResourceProperties("AWS::Lambda::Function", {
      Runtime: "nodejs24.x",
      Architectures: ["arm64"],
      Handler: "index.handler",
      ReservedConcurrentExecutions: Match.absent(),
      Environment: {
        Variables: {
          PROFILE_TABLE: Match.anyValue(),
          STATE_TABLE: Match.anyValue(),
          RETRY_QUEUE_URL: Match.anyValue(),
          ALERT_TOPIC_ARN: Match.anyValue(),
          DEAD_LETTER_QUEUE_URL: Match.anyValue(),
          HOOK_SECRET_ARN: Match.anyValue(),
          HOOK_SECRET: Match.absent(),
          MISMATCH_DISTANCE_KM: "500",
          SUPPRESS_MINUTES: "60",
          EXPERIMENTAL_DETECTIONS: "false",
        },
      },
    });
    template.hasResourceProperties("AWS::Logs::LogGroup", { RetentionInDays: 90 });
  });

  test("outputs name what an operator needs next", () => {
    expect(Object.keys(template.findOutputs("*"))).toEqual(
      expect.arrayContaining(["HookUrl", "HookSecretArn", "AlertTopicArn", "ProfileTableName"]),
    );
  });
});

test("of Lambda's own log lines every function keeps warnings: invocations that failed", () => {
  const functions = Object.values(synthesize(everything).findResources("AWS::Lambda::Function"));
  expect(functions.length).toBeGreaterThan(8);
  for (const { Properties } of functions) {
    expect(Properties.LoggingConfig).toMatchObject({ LogFormat: "JSON", SystemLogLevel: "WARN" });
  }
});

test("the functions that write metrics have the set in their environment", () => {
  const sets = (of: Template) =>
    Object.values(of.findResources("AWS::Lambda::Function")).flatMap(
      ({ Properties }) => Properties.Environment.Variables.METRICS ?? [],
    );
  expect(sets(template)).toEqual(["essential", "essential"]);
  expect(sets(synthesize(everything))).toEqual(["full", "full", "full", "full"]);
});

describe("the redrive function", () => {
  test("takes batches of the retry queue, reports each message of its own, and ends before they come back", () => {
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: { "Fn::GetAtt": [Match.stringLikeRegexp("^Retries"), "Arn"] },
      BatchSize: 10,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ScalingConfig: { MaximumConcurrency: 5 },
    });
    template.hasResourceProperties("AWS::Lambda::Function", {
      Timeout: 60,
      Environment: {
        Variables: {
          HOOK_SECRET_ARN: Match.absent(),
          HOOK_SECRET: Match.absent(),
          STATE_KEY_ARN: { Ref: Match.stringLikeRegexp("^StateKey") },
        },
      },
    });
  });
});

describe("the sync of profile locations", () => {
  const synced = synthesize({
    oktaOrgUrl: "https://example.okta.com/",
    oktaProfileAttributes: [{ label: "office", city: "officeCity", countryCode: "officeCountry" }],
  });

  test("is off unless an org is named", () => {
    expect(
      template.findResources("AWS::Scheduler::Schedule", { Properties: { ScheduleExpression: "rate(1 hour)" } }),
    ).toEqual({});
    template.resourceCountIs("AWS::SecretsManager::Secret", 2);
    expect(Object.keys(template.findOutputs("*"))).not.toContain("OktaCredentialSecretArn");
  });

  test("runs every hour, as long as a function may, and goes on in the next hour rather than at once", () => {
    synced.hasResourceProperties("AWS::Scheduler::Schedule", {
      ScheduleExpression: "rate(1 hour)",
      Target: { RetryPolicy: { MaximumRetryAttempts: 0 } },
    });
    synced.hasResourceProperties("AWS::Lambda::EventInvokeConfig", { MaximumRetryAttempts: 0 });
    synced.hasResourceProperties("AWS::Lambda::Function", {
      Timeout: 900,
      Environment: {
        Variables: {
          OKTA_ORG_URL: "https://example.okta.com",
          OKTA_CREDENTIAL_SECRET_ARN: Match.anyValue(),
          OKTA_PROFILE_ATTRIBUTES: '[{"label":"office","city":"officeCity","countryCode":"officeCountry"}]',
          PROFILE_TABLE: Match.anyValue(),
          STATE_TABLE: Match.anyValue(),
        },
      },
    });
    expect(Object.keys(synced.findOutputs("*"))).toContain("OktaCredentialSecretArn");
  });

  test("comes with a queue of users to refresh, on which the receiver may put some, and which one function reads", () => {
    synced.hasResourceProperties("AWS::Lambda::Function", {
      Environment: { Variables: { HOOK_SECRET_ARN: Match.anyValue(), REFRESH_QUEUE_URL: Match.anyValue() } },
    });
    synced.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: { "Fn::GetAtt": [Match.stringLikeRegexp("^ProfileRefreshQueue"), "Arn"] },
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
  });
});

describe("outputs", () => {
  const withOutputs = synthesize({ outputs: "chat, ocsf" });

  test("are off unless they are named", () => {
    // Alerts, and alarms.
    template.resourceCountIs("AWS::SNS::Topic", 2);
    template.resourceCountIs("AWS::SNS::Subscription", 0);
  });

  test("have a topic each, filled by a function of their own, with alerts and nothing else", () => {
    withOutputs.resourceCountIs("AWS::SNS::Topic", 4);
    withOutputs.hasResourceProperties("AWS::Lambda::Function", {
      Environment: { Variables: { OUTPUT: "chat", OUTPUT_TOPIC_ARN: { Ref: Match.stringLikeRegexp("^ChatOutput") } } },
    });
    withOutputs.hasResourceProperties("AWS::SNS::Subscription", {
      Protocol: "lambda",
      FilterPolicy: { severity: [{ exists: true }] },
    });
    expect(Object.keys(withOutputs.findOutputs("*"))).toEqual(expect.arrayContaining(["ChatTopicArn", "OcsfTopicArn"]));
  });

  test("send what they cannot publish to the dead-letter queue", () => {
    withOutputs.hasResourceProperties("AWS::Lambda::EventInvokeConfig", {
      MaximumRetryAttempts: 2,
      DestinationConfig: {
        OnFailure: { Destination: { "Fn::GetAtt": [Match.stringLikeRegexp("^DeadLetters"), "Arn"] } },
      },
    });
  });

  test("that are in no folder are refused, with those that are", () => {
    expect(() => synthesize({ outputs: "telegram" })).toThrow(/chat, ocsf, pagerduty/);
  });
});

test("exceptions that end soon are looked for once a day", () => {
  template.hasResourceProperties("AWS::Scheduler::Schedule", { ScheduleExpression: "rate(1 day)" });
});

test("changes of exceptions, and of nothing else in the state table, invoke the function that announces them", () => {
  template.hasResourceProperties("AWS::DynamoDB::Table", {
    StreamSpecification: { StreamViewType: "NEW_AND_OLD_IMAGES" },
  });
  template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
    EventSourceArn: { "Fn::GetAtt": [Match.stringLikeRegexp("^State"), "StreamArn"] },
    StartingPosition: "TRIM_HORIZON",
    FilterCriteria: {
      Filters: [{ Pattern: JSON.stringify({ dynamodb: { Keys: { id: { S: [{ prefix: "exceptions#" }] } } } }) }],
    },
    // Until it succeeds, for the day that the stream keeps a record.
    MaximumRetryAttempts: Match.absent(),
    MaximumRecordAgeInSeconds: Match.absent(),
  });
});

describe("alarms", () => {
  const whole = synthesize({ oktaOrgUrl: "https://example.okta.com", outputs: "chat", heartbeatHours: "12" });
  const alarmsOf = (of: Template) =>
    Object.entries(of.findResources("AWS::CloudWatch::Alarm")).map(([id, { Properties }]) => ({
      name: id.replace(/^Alarms/, "").replace(/[0-9A-F]{8}$/, ""),
      ...(Properties as {
        readonly MetricName: string;
        readonly Namespace: string;
        readonly TreatMissingData: string;
        readonly AlarmActions: readonly unknown[];
        readonly OKActions: readonly unknown[];
        readonly AlarmDescription: string;
      }),
    }));

  test("watch every function, both queues, latency, refusals, and whether anything comes at all", () => {
    expect(
      alarmsOf(whole)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(
      [
        ...[
          "AlertsLate",
          "DeadLetters",
          "HeartbeatMissed",
          "DeliveriesRefused",
          "EventsFailed",
          "EventsMissed",
          "FrontFailed",
          "Parked",
          "ReconciliationOverdue",
          "RedriveBehind",
          "Refused",
          "RequestsFailed",
          "Slow",
          "SyncOverdue",
          "Throttled",
        ],
        ...[
          "ChatOutput",
          "ExceptionNotices",
          "ProfileRefresh",
          "ProfileSync",
          "Receiver",
          "Reconciliation",
          "Redrive",
        ].map((name) => `${name}Errors`),
      ].sort(),
    );
  });

  test("go to the operations topic when they come and when they go, and take silence as each means it", () => {
    for (const { name, AlarmActions, OKActions, TreatMissingData } of alarmsOf(whole)) {
      expect(AlarmActions).toEqual([{ Ref: expect.stringMatching(/^Operations/) }]);
      expect(OKActions).toEqual(AlarmActions);
      const silenceIsTrouble = ["HeartbeatMissed", "ReconciliationOverdue", "SyncOverdue"].includes(String(name));
      expect([name, TreatMissingData]).toEqual([name, silenceIsTrouble ? "breaching" : "notBreaching"]);
    }
    whole.hasResourceProperties("AWS::CloudWatch::Alarm", {
      MetricName: "EventsReceived",
      Statistic: "SampleCount",
      Namespace: "OktaProxyWatch",
      Period: 3_600,
      EvaluationPeriods: 12,
      Threshold: 1,
      ComparisonOperator: "LessThanThreshold",
    });
  });

  test("of silence can be turned off", () => {
    expect(alarmsOf(synthesize({ heartbeatHours: 0 })).map(({ name }) => name)).not.toContain("HeartbeatMissed");
  });

  test("link to a section of the runbook, where the setting says that it is read", async () => {
    const runbook = await readFile(new URL("../../docs/runbook.md", import.meta.url), "utf8");
    const sections = [...runbook.matchAll(/^### (\w+)$/gm)].map(([, heading = ""]) => heading.toLowerCase());
    for (const { name, AlarmDescription } of alarmsOf(synthesize(everything))) {
      const [, page, section] = / What to do: (https:[^#]+)#(\w+)$/.exec(AlarmDescription) ?? [];
      expect([name, page]).toEqual([name, everything.runbookUrl]);
      expect(section).toBe(name.endsWith("Errors") ? "errors" : name.toLowerCase());
      expect(sections).toContain(section);
    }
    for (const { AlarmDescription } of alarmsOf(template)) expect(AlarmDescription).toContain(" docs/runbook.md#");
  });

  test("have descriptions that CloudWatch takes, with the longest address of a runbook", () => {
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    const runbookUrl = "https://wiki.example.com/".padEnd(700, "r");
    const lengths = alarmsOf(synthesize({ ...everything, runbookUrl })).map((each) => each.AlarmDescription.length);
    expect(Math.max(...lengths)).toBeGreaterThan(700);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(1_024);
  });

  test("reach the topic: CloudWatch may publish to it, and it has no key, as CloudWatch cannot use the one that AWS manages", () => {
    const keyOf = (of: Template) =>
      Object.entries(of.findResources("AWS::SNS::Topic")).find(([id]) => id.startsWith("Operations"))?.[1].Properties
        .KmsMasterKeyId;
    whole.resourceCountIs("AWS::KMS::Key", 0);
    expect(keyOf(whole)).toBeUndefined();
    const keyed = synthesize({ customerManagedKey: true });
    expect(keyOf(keyed)).toBeDefined();
    for (const each of [whole, keyed]) {
      const publish = statementsOf("AWS::SNS::TopicPolicy", each).filter(({ Effect }) => Effect === "Allow");
      expect(publish).toEqual([expect.objectContaining({ Sid: "Alarms", Action: "sns:Publish" })]);
    }
    const [key, ...others] = Object.values(keyed.findResources("AWS::KMS::Key"));
    expect(others).toEqual([]);
    expect(key?.Properties.EnableKeyRotation).toBe(true);
    expect(key?.Properties.KeyPolicy.Statement).toContainEqual({
      Sid: "Alarms",
      Effect: "Allow",
      Principal: { Service: "cloudwatch.amazonaws.com" },
      Action: ["kms:Decrypt", "kms:GenerateDataKey*"],
      Resource: "*",
      Condition: ofThisAccount,
    });
  });

  test("look at metrics that are written in the smallest set", () => {
    const all = alarmsOf(synthesize({ ...everything, heartbeatWorkingDays: true }));
    const names = all.filter(({ Namespace }) => Namespace === "OktaProxyWatch").map(({ MetricName }) => MetricName);
    expect(names.length).toBeGreaterThan(4);
    for (const name of names) expect([name, isInSet(name, "essential")]).toEqual([name, true]);
  });

  test("and the dashboard ask for metrics that the functions write", async () => {
    const written = await metricNames();
    const ours = alarmsOf(whole).filter(({ Namespace }) => Namespace === "OktaProxyWatch");
    expect(ours.length).toBeGreaterThan(2);
    template.resourceCountIs("AWS::CloudWatch::Dashboard", 0);
    const [dashboard] = Object.values(synthesize(everything).findResources("AWS::CloudWatch::Dashboard"));
    const body = JSON.stringify(dashboard?.Properties.DashboardBody);
    const shown = [...body.matchAll(/OktaProxyWatch\\+",\\+"([A-Za-z]+)/g)].map(([, name]) => name);
    expect(shown.length).toBeGreaterThan(8);
    for (const name of [...ours.map(({ MetricName }) => MetricName), ...shown]) expect(written).toContain(name);
  });
});

describe("the canary", () => {
  test("is off unless it is asked for", () => {
    expect(template.findOutputs("*")).not.toHaveProperty("Canary");
    expect(JSON.stringify(template.toJSON())).not.toContain("Canary");
  });

  test("delivers once a day to the URL that Okta knows, and is not tried again when it fails", () => {
    const watched = synthesize({ canary: true });
    watched.hasResourceProperties("AWS::Lambda::Function", {
      Environment: {
        Variables: {
          HOOK_URL: { "Fn::GetAtt": [Match.stringLikeRegexp("FunctionUrl"), "FunctionUrl"] },
          HOOK_SECRET_ARN: Match.anyValue(),
          STATE_TABLE: Match.anyValue(),
        },
      },
    });
    watched.hasResourceProperties("AWS::Lambda::EventInvokeConfig", { MaximumRetryAttempts: 0 });
  });

  test("cannot be had beside a list of networks, which would leave it out", () => {
    expect(() => synthesize({ canary: true, allowedCidrs: "192.0.2.0/24" })).toThrow(/canary: .*allowedCidrs/);
  });
});

describe("the digest", () => {
  const functionsOf = (of: Template) => Object.values(of.findResources("AWS::Lambda::Function"));
  const isDigest = ({ Properties }: ReturnType<typeof functionsOf>[number]) =>
    Properties.Description === "Publishes a digest of the last seven days";
  const digests = (context: Readonly<Record<string, unknown>>) =>
    functionsOf(synthesize(context)).filter(isDigest).length;

  test("goes out where an address gets alerts, unless the setting says otherwise, and with the setting alone", () => {
    const alertEmail = "security@example.com";
    expect([{}, { alertEmail }, { alertEmail, digest: false }, { digest: "true" }].map(digests)).toEqual([0, 1, 0, 1]);
  });

  test("has what it says counted by every function that runs the pipeline, and by none where there is no digest", () => {
    const counting = (of: Template) =>
      functionsOf(of).flatMap(({ Properties }) =>
        "RETRY_QUEUE_URL" in Properties.Environment.Variables ? [Properties.Environment.Variables.DIGEST] : [],
      );
    expect(counting(synthesize(everything))).toEqual(["true", "true", "true", "true"]);
    expect(counting(template)).toEqual([undefined, undefined]);
  });

  test("goes out on Mondays at 08:00 UTC, or when the settings say", () => {
    const schedule = (context: Readonly<Record<string, unknown>>) =>
      Object.values(synthesize({ digest: true, ...context }).findResources("AWS::Scheduler::Schedule")).map(
        ({ Properties }) => [Properties.ScheduleExpression, Properties.ScheduleExpressionTimezone] as const,
      );
    expect(schedule({})).toContainEqual(["cron(0 8 ? * MON *)", "Etc/UTC"]);
    expect(schedule({ digestDay: "friday", digestHour: "15" })).toContainEqual(["cron(0 15 ? * FRI *)", "Etc/UTC"]);
  });

  test("makes its day and hour a note where there is none, and refuses what is no day or hour", () => {
    expect(mergeSettings({ digestHour: 7 }).notes.at(-1)).toBe("digestHour has no effect without a digest");
    expect(mergeSettings({ digest: true, digestHour: 7 }).notes.at(-1)).not.toMatch(/no effect/);
    for (const bad of [{ digestDay: "Mon" }, { digestHour: 24 }, { digestHour: 7.5 }, { digest: "weekly" }]) {
      expect(() => mergeSettings(bad)).toThrow(SettingsError);
    }
  });
});

describe("saved queries", () => {
  const queries = Object.values(synthesize(everything).findResources("AWS::Logs::QueryDefinition")).map(
    ({ Properties }) => Properties as { Name: string; QueryString: string; LogGroupNames: unknown[] },
  );

  test("are in a folder of the stack's name, about the logs of every function, and in the documents", async () => {
    const document = await readFile(new URL("../../docs/metrics.md", import.meta.url), "utf8");
    const functions = Object.keys(synthesize(everything).findResources("AWS::Lambda::Function"));
    expect(queries).toHaveLength(7);
    for (const { Name, LogGroupNames } of queries) {
      const [, folder, name] = /^(\w+)\/(.+)$/.exec(Name) ?? [];
      expect(folder).toBe("Test");
      expect(document).toMatch(new RegExp(`^\\| ${name} +\\|`, "m"));
      expect(LogGroupNames).toHaveLength(functions.length);
    }
  });

  test("ask for kinds of log lines, not for sentences, and show metrics that are written", async () => {
    const known = await metricNames();
    const texts = queries.map(({ QueryString }) => QueryString).join("\n");
    expect(texts).not.toMatch(/(?<!@)\bmessage (?:like|=)/);
    expect(texts.match(/kind in \["/g)).toHaveLength(4);
    for (const [name] of texts.matchAll(/\w+Duration/g)) expect(known).toContain(name);
  });
});

describe("several stacks in one account and region", () => {
  test("do not get in one another's way: nothing has a name that was given by hand", () => {
    const whole = synthesize({ oktaOrgUrl: "https://example.okta.com", outputs: "chat,ocsf" });
    const resources = Object.values(whole.toJSON().Resources as Record<string, { Type: string; Properties?: object }>);
    const names = resources.flatMap(({ Type, Properties = {} }) =>
      // A reference to another resource is no name; inline policies are named within their role, and saved queries
      // start with the name of the stack.
      Object.entries(Properties)
        .filter(
          ([name, value]) =>
            /^(?!Metric|Attribute|Display|Policy)\w*Name$/.test(name) &&
            typeof value === "string" &&
            !value.startsWith("Test/"),
        )
        .map(([name]) => `${Type} ${name}`),
    );
    expect(names).toEqual([]);
  });

  test("have metrics of their own: a missed heartbeat of one is not hidden by deliveries of another", () => {
    const whole = synthesize(everything);
    const services = Object.values(whole.findResources("AWS::Lambda::Function")).map(
      ({ Properties }) => Properties.Environment.Variables.POWERTOOLS_SERVICE_NAME,
    );
    expect(new Set(services)).toEqual(new Set(["Test"]));
    const ours = Object.values(whole.findResources("AWS::CloudWatch::Alarm")).filter(
      ({ Properties }) => Properties.Namespace === "OktaProxyWatch",
    );
    expect(ours.length).toBeGreaterThan(3);
    for (const { Properties } of ours) expect(Properties.Dimensions).toEqual([{ Name: "service", Value: "Test" }]);
  });

  test("are called by their setting; a name that CloudFormation refuses is refused", () => {
    const name = (stackName?: unknown) => mergeSettings({ stackName }).settings.stackName;
    expect([name(), name("OktaProxyWatchEurope")]).toEqual(["OktaProxyWatch", "OktaProxyWatchEurope"]);
    for (const bad of ["1st", "two words", "x".repeat(129), 5]) expect(() => name(bad)).toThrow(/stackName/);
  });
});

test("times are production's: no function is given others", () => {
  expect(JSON.stringify(synthesize(everything).toJSON())).not.toContain("TIMING");
});

describe("settings", () => {
  test("from the command line, where all is text, are taken", () => {
    const tuned = synthesize({
      alertEmail: "security@example.com",
      mismatchDistanceKm: "800",
      reservedConcurrency: "5",
      logRetentionDays: "30",
      experimentalDetections: "true",
      packs: "mfa,admin",
      suppressMinutes: "0",
      loginDomains: "Example.com,example.org",
      mapLinks: "false",
    });
    tuned.hasResourceProperties("AWS::SNS::Subscription", { Protocol: "email", Endpoint: "security@example.com" });
    tuned.hasResourceProperties("AWS::Lambda::Function", {
      ReservedConcurrentExecutions: 5,
      Environment: {
        Variables: {
          MISMATCH_DISTANCE_KM: "800",
          EXPERIMENTAL_DETECTIONS: "true",
          DETECTION_PACKS: "admin,mfa",
          SUPPRESS_MINUTES: "0",
          LOGIN_DOMAINS: "example.com,example.org",
          MAP_LINKS: "false",
        },
      },
    });
    tuned.hasResourceProperties("AWS::Logs::LogGroup", { RetentionInDays: 30 });
  });

  test("limit the networks that the receiver takes requests from, and no other function's", () => {
    const limited = synthesize({ ...everything, canary: false, allowedCidrs: "192.0.2.0/24, 2001:db8::/32" });
    const cidrs = Object.values(limited.findResources("AWS::Lambda::Function")).flatMap(
      ({ Properties }) => Properties.Environment.Variables.ALLOWED_CIDRS ?? [],
    );
    expect(cidrs).toEqual(["192.0.2.0/24 2001:db8::/32"]);
  });

  test("are all in the table of the documents", async () => {
    const page = await readFile(new URL("../../docs/settings.md", import.meta.url), "utf8");
    const names = describeSettings().map(({ name }) => name);
    const documented = [...page.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(15);
    expect(documented.sort()).toEqual(names.sort());
  });

  test.each([
    ["alertEmail", "nobody"],
    ["mismatchDistanceKm", "far"],
    ["mismatchDistanceKm", -1],
    ["reservedConcurrency", 0.5],
    ["operationsEmail", "nobody"],
    ["heartbeatHours", 169],
    ["heartbeatWorkingDays", "mondays"],
    ["canary", "tweety"],
    ["metrics", "few"],
    ["dashboard", "please"],
    ["runbookUrl", "docs/runbook.md"],
    ["runbookUrl", "javascript:alert(1)"],
    ["customerManagedKey", "alias/mine"],
    ["allowedCidrs", "192.0.2.1"],
    ["allowedCidrs", Array.from({ length: 200 }, (_, index) => `192.0.2.${index}/32`)],
    ["reconcileMinutes", 4],
    ["reconcileMinutes", 61],
    ["reconcileOverlapMinutes", 0],
    ["suppressMinutes", -1],
    ["suppressMinutes", 1.5],
    ["suppressMinutes", 1_441],
    ["outputs", "telegram"],
    ["logRetentionDays", 42],
    ["memorySizeMb", 64],
    ["experimentalDetections", "yes"],
    ["packs", ["Admin pack"]],
    ["rulesFolder", 5],
    ["oktaOrgUrl", "example.okta.com"],
    ["oktaProfileAttributes", "city"],
    ["oktaProfileAttributes", [{ label: "home", town: "city" }]],
  ])("%s of %j is refused by name", (name, value) => {
    expect(() => synthesize({ [name]: value })).toThrow(SettingsError);
    expect(() => synthesize({ [name]: value })).toThrow(name);
  });
});
