import { App } from "aws-cdk-lib";
import { PagerDutySubscriberStack } from "../../examples/pagerduty-subscriber/stack.ts";
import { everything, readStack } from "../../infra/synthesize.ts";
import { exampleSubscriptions } from "../fixtures/subscriptions.ts";
import { synthesize } from "../fixtures/synthesized.ts";
import { type Account, account, createAccount, type Properties, region, stranger } from "./policy-account.ts";
import type { AccessRequest, Principal } from "./policy-evaluation.ts";

/*
 * Who has to reach what, and who must not: every call of every function, and every service of AWS that acts on the stack's
 * behalf. Each way says by which document of AWS it is evaluated.
 */

/** A way through the account's policies. */
export interface Way {
  readonly name: string;
  /** The document of AWS that says which requests the way consists of. */
  readonly document: string;
  /** Requests that all have to be allowed. */
  readonly steps: readonly AccessRequest[];
  /** Requests that have to be refused, by what is wrong with them. */
  readonly refused: Readonly<Record<string, AccessRequest>>;
}

/** Settings whose stacks have all ways between them, by a name: with and without a key of the account's own, and by either front. */
export const settings: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "the defaults": {},
  "everything on": everything,
  "everything on, and a key of the account's own": { ...everything, customerManagedKey: true },
  "a REST API in front, for one network": { front: "restApi", allowedCidrs: ["192.0.2.0/24"] },
};

/** The account of the stack with settings of {@link settings}. */
export const accountOf = (context: Readonly<Record<string, unknown>>): Account => createAccount(synthesize(context));

/** The stacks of subscribers in `examples/`, which are of an account of their own: each has one way, from a topic to what it subscribes. */
export const subscribers: Readonly<Record<string, () => Account>> = {
  "a queue with a key, as in examples/subscriptions": () =>
    createAccount(readStack(exampleSubscriptions("Test", topicOfOurs))),
  "a function, as in examples/pagerduty-subscriber": () =>
    createAccount(
      readStack(
        new PagerDutySubscriberStack(new App({ context: { "aws:cdk:bundling-stacks": [] } }), "Test", {
          topicArn: topicOfOurs("pagerduty"),
        }),
      ),
    ),
};

/** The ARN of a topic of the stack's account. */
export const topicOfOurs = (name: string): string => `arn:aws:sns:${region}:${account}:${name}`;

const docs = "https://docs.aws.amazon.com";

/** A function: its bundle, and its construct's path below the stack, which its role stands beside. */
interface DeployedFunction {
  readonly bundle: string;
  readonly path: string;
  /** What it asks AWS for, as `service:Action path-of-the-resource`. */
  readonly calls: readonly string[];
}

const pipelineCalls = [
  "dynamodb:BatchGetItem Profiles/Table",
  ...["BatchGetItem", "GetItem", "UpdateItem", "DeleteItem"].map((name) => `dynamodb:${name} State/Table`),
  "secretsmanager:GetSecretValue StateKey/Secret",
  "sns:Publish Alerts/Topic",
  "sqs:SendMessage Retries/Queue",
  "sqs:SendMessage DeadLetters/Queue",
];
const profileWrites = ["BatchGetItem", "UpdateItem", "DeleteItem"].map((name) => `dynamodb:${name} Profiles/Table`);

/** Every function with every call that it makes. The test compares the calls with the commands in the function's code. */
export const functions: readonly DeployedFunction[] = [
  {
    bundle: "receiver",
    path: "Receiver/Receiver",
    calls: [
      ...pipelineCalls,
      "secretsmanager:GetSecretValue HookSecret/Secret",
      "sqs:SendMessage ProfileRefresh/Default/Queue",
    ],
  },
  {
    bundle: "redrive",
    path: "Redrive/Redrive",
    calls: [...pipelineCalls, "sqs:ChangeMessageVisibility Retries/Queue"],
  },
  {
    bundle: "reconcile",
    path: "Reconciliation/Reconcile",
    calls: [...pipelineCalls, "dynamodb:PutItem State/Table", "secretsmanager:GetSecretValue OktaCredential/Secret"],
  },
  {
    bundle: "stream",
    path: "LogStream/Stream",
    calls: [...pipelineCalls, "sqs:SendMessage ProfileRefresh/Default/Queue"],
  },
  {
    bundle: "sync-profiles",
    path: "ProfileSync/Sync",
    calls: [
      ...profileWrites,
      "dynamodb:Scan Profiles/Table",
      "dynamodb:GetItem State/Table",
      "dynamodb:PutItem State/Table",
      "secretsmanager:GetSecretValue OktaCredential/Secret",
    ],
  },
  {
    bundle: "refresh-profiles",
    path: "ProfileRefresh/Refresh",
    calls: [...profileWrites, "secretsmanager:GetSecretValue OktaCredential/Secret"],
  },
  {
    bundle: "notify-exceptions",
    path: "ExceptionNotices/Notices",
    calls: ["dynamodb:Scan State/Table", "dynamodb:UpdateItem State/Table", "sns:Publish Alerts/Topic"],
  },
  {
    bundle: "digest",
    path: "WeeklyDigest/Digest",
    calls: [
      "dynamodb:BatchGetItem State/Table",
      "dynamodb:Query State/Table/index/incidents",
      "dynamodb:Scan State/Table",
      "sns:Publish Alerts/Topic",
    ],
  },
  {
    bundle: "canary",
    path: "Canary/Canary",
    calls: ["dynamodb:GetItem State/Table", "secretsmanager:GetSecretValue HookSecret/Secret"],
  },
  ...["Chat", "Ocsf", "Pagerduty"].map((output) => ({
    bundle: "publish-output",
    path: `${output}Output/Publisher`,
    calls: [`sns:Publish ${output}Output/Topic/Topic`],
  })),
];

/** What a service does with the key of its data, in the name of who asks it, and the document that says so. */
const keyUses: Readonly<Record<string, { readonly actions: readonly string[]; readonly document: string }>> = {
  "dynamodb read": {
    actions: ["Decrypt", "DescribeKey"],
    document: `${docs}/kms/latest/developerguide/services-dynamodb.html`,
  },
  "dynamodb write": {
    actions: ["Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo"],
    document: `${docs}/kms/latest/developerguide/services-dynamodb.html`,
  },
  "secretsmanager read": {
    actions: ["Decrypt"],
    document: `${docs}/secretsmanager/latest/userguide/security-encryption.html`,
  },
  "sns write": {
    actions: ["Decrypt", "GenerateDataKey"],
    document: `${docs}/sns/latest/dg/sns-key-management.html`,
  },
  "sqs read": {
    actions: ["Decrypt"],
    document: `${docs}/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html`,
  },
  "sqs write": {
    actions: ["Decrypt", "GenerateDataKey"],
    document: `${docs}/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html`,
  },
};

/** Actions that only read; deleting a message or hiding it needs no key, and neither does finding the records of a stream. */
const reads = /:(BatchGetItem|GetItem|GetRecords|Query|Scan|GetSecretValue|ReceiveMessage)$/;
const keyless =
  /^(sqs:(DeleteMessage|ChangeMessageVisibility|GetQueueAttributes)|dynamodb:(DescribeStream|GetShardIterator|ListStreams))$/;

const tls = { "aws:SecureTransport": "true" };
const service = (name: string): Principal => ({ kind: "service", name: `${name}.amazonaws.com` });
/** The calling account of a service; the ARN of what it acts for. */
const source = (arn: string, of = account) => ({ "aws:SourceAccount": of, "aws:SourceArn": arn });

/** All ways of an account. */
export function waysOf(made: Account): readonly Way[] {
  return [
    ...callsOfFunctions(made),
    ...logs(made),
    ...invocations(made),
    ...sourcesToFunctions(made),
    ...failuresToQueues(made),
    ...schedules(made),
    ...eventRules(made),
    ...alarms(made),
    ...subscriptions(made),
    ...url(made),
    ...restApi(made),
    ...administration(made),
  ];
}

const roleOf = (made: Account, path: string): Principal => ({ kind: "role", arn: made.arnOf(`${path}/Role`) });
const ofType = (made: Account, ...types: readonly string[]) =>
  [...made.resources].filter(([, { type }]) => types.includes(type));
/** The functions that these settings deploy. */
const deployed = (made: Account) => functions.filter(({ path }) => made.resources.has(`${path}/Function`));

/** The ARN of the customer-managed key of a resource; null where AWS manages the key, which asks for no permission. */
function keyOf(made: Account, path: string): string | null {
  const { KmsMasterKeyId, KmsKeyId, SSESpecification } = (made.resources.get(path.replace(/\/Stream$/, ""))
    ?.properties ?? {}) as Properties;
  const key = KmsMasterKeyId ?? KmsKeyId ?? SSESpecification?.KMSMasterKeyId;
  return typeof key === "string" && key.includes(":key/") ? key : null;
}

/** What a call asks of the key of its resource, as the service passes it on. */
function keySteps(made: Account, principal: Principal, action: string, path: string): AccessRequest[] {
  const key = keyOf(made, path);
  if (key === null || keyless.test(action)) return [];
  const [name = ""] = action.split(":");
  const use = keyUses[`${name} ${reads.test(action) ? "read" : "write"}`];
  if (use === undefined) throw new Error(`no document is known for the key of ${action}`);
  const context = { ...tls, "kms:ViaService": `${name}.${region}.amazonaws.com`, "kms:CallerAccount": account };
  return use.actions.map((each) => ({ principal, action: `kms:${each}`, resource: key, context }));
}

function call(made: Account, principal: Principal, action: string, path: string): AccessRequest {
  // It knows no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
  if (action === "dynamodb:ListStreams") return { principal, action, resource: "*", context: tls };
  const [owner = path, index] = path.split("/index/");
  const resource = index === undefined ? made.arnOf(path) : `${made.arnOf(owner)}/index/${index}`;
  return { principal, action, resource, context: tls };
}

/** The resource of a call, without the index of a table. */
const ownerOf = (path: string) => path.replace(/\/index\/.*/, "");

function callsOfFunctions(made: Account): Way[] {
  const all = deployed(made);
  const isKnown = (each: string) => made.resources.has(ownerOf(each.split(" ")[1] ?? ""));
  return all.flatMap(({ path, calls }) =>
    calls.filter(isKnown).map((each): Way => {
      const [action = "", resource = ""] = each.split(" ");
      const role = roleOf(made, path);
      const others = all.filter((other) => !other.calls.includes(each) && !implied(made, other.path).includes(each));
      const keyed = keySteps(made, role, action, ownerOf(resource));
      return {
        name: `${path} ${each}`,
        document: `${docs}/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html`,
        steps: [call(made, role, action, resource), ...keyed],
        refused: {
          ...Object.fromEntries(
            others.map((other) => [`by ${other.path}`, call(made, roleOf(made, other.path), action, resource)]),
          ),
          ...(/^(sns|sqs):/.test(action) && {
            "without TLS": { ...call(made, role, action, resource), context: { "aws:SecureTransport": "false" } },
          }),
          ...Object.fromEntries(
            keyed.map((step) => [`${step.action} past the service`, { ...step, context: { ...tls } }]),
          ),
        },
      };
    }),
  );
}

/** Calls that Lambda makes by a function's role, beside those of its code. */
function implied(made: Account, path: string): string[] {
  const arn = made.arnOf(`${path}/Function`);
  const polls = ofType(made, "AWS::Lambda::EventSourceMapping")
    .filter(([, { properties }]) => isFunction(made, path, properties.FunctionName))
    .flatMap(([, { properties }]) => {
      const source = made.pathOf(properties.EventSourceArn) ?? "";
      return pollsOf(source).map((action) => `${action} ${source}`);
    });
  const failures = ofType(made, "AWS::Lambda::EventInvokeConfig")
    .filter(([, { properties }]) => isFunction(made, path, properties.FunctionName) || properties.FunctionName === arn)
    .flatMap(([, { properties }]) => {
      const destination = properties.DestinationConfig?.OnFailure?.Destination;
      return destination === undefined ? [] : [`sqs:SendMessage ${made.pathOf(destination) ?? ""}`];
    });
  return [...polls, ...failures];
}

const pollActions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
const streamActions = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"].map(
  (each) => `dynamodb:${each}`,
);

/** What Lambda asks the source of a mapping for. */
const pollsOf = (source: string) => (source.endsWith("/Stream") ? streamActions : pollActions);

/** Whether this is the name, or the ARN, of the function at this path. */
function isFunction(made: Account, path: string, nameOrArn: string): boolean {
  return made.arnOf(`${path}/Function`).endsWith(`:${nameOrArn.replace(/^.*:/, "")}`);
}

function logs(made: Account): Way[] {
  return deployed(made).flatMap(({ path }): Way[] => {
    const role = roleOf(made, path);
    const group = made.arnOf(`${path}/Logs`).replace(/:\*$/, "");
    const key = keyOf(made, `${path}/Logs`);
    const logsService: Principal = service(`logs.${region}`);
    const encrypt = (arn: string, action: string): AccessRequest => ({
      principal: logsService,
      action: `kms:${action}`,
      resource: key ?? "",
      context: { ...tls, "kms:EncryptionContext:aws:logs:arn": arn },
    });
    const write = (action: string, to = group): AccessRequest => ({
      principal: role,
      action: `logs:${action}`,
      resource: `${to}:log-stream:2026/11/26/[$LATEST]0`,
      context: tls,
    });
    const elsewhere = `arn:aws:logs:${region}:${account}:log-group:Other-Logs`;
    return [
      {
        name: `${path} writes its log`,
        document: `${docs}/lambda/latest/dg/monitoring-cloudwatchlogs.html`,
        steps: [write("CreateLogStream"), write("PutLogEvents")],
        refused: { "to another log group": write("PutLogEvents", elsewhere) },
      },
      ...(key === null
        ? []
        : [
            {
              name: `CloudWatch Logs encrypts the log of ${path}`,
              document: `${docs}/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html`,
              // All that AWS's own example lets it do, by the names of KMS's actions.
              steps: [
                ...["Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "DescribeKey"],
                ...["GenerateDataKey", "GenerateDataKeyWithoutPlaintext"],
              ].map((action) => encrypt(group, action)),
              refused: {
                "for a log group of another stack": encrypt(elsewhere, "Decrypt"),
                "for a log group of another account": encrypt(group.replace(account, stranger), "Decrypt"),
                "for another service": { ...encrypt(group, "Decrypt"), principal: service("s3") },
              },
            },
          ]),
    ];
  });
}

function invocations(made: Account): Way[] {
  return deployed(made).map(({ path }) => {
    const assume: AccessRequest = {
      principal: service("lambda"),
      action: "sts:AssumeRole",
      resource: made.arnOf(`${path}/Role`),
      context: tls,
    };
    return {
      name: `Lambda runs ${path} by its role`,
      document: `${docs}/lambda/latest/dg/lambda-intro-execution-role.html`,
      steps: [assume],
      refused: { "for another service": { ...assume, principal: service("ec2") } },
    };
  });
}

function sourcesToFunctions(made: Account): Way[] {
  return ofType(made, "AWS::Lambda::EventSourceMapping").map(([path, { properties }]) => {
    const source = made.pathOf(properties.EventSourceArn) ?? "";
    const to = deployed(made).find((each) => isFunction(made, each.path, properties.FunctionName));
    if (to === undefined) throw new Error(`${path} invokes no function of the stack`);
    const role = roleOf(made, to.path);
    const isQueue = !source.endsWith("/Stream");
    const polls = pollsOf(source);
    const [read = ""] = polls.filter((action) => reads.test(action));
    const steps = polls.flatMap((action) => [
      call(made, role, action, source),
      ...keySteps(made, role, action, source),
    ]);
    return {
      name: `Lambda takes ${isQueue ? "messages" : "records"} of ${source} for ${to.path}, by the function's role`,
      document: isQueue
        ? `${docs}/lambda/latest/dg/services-sqs-configure.html`
        : `${docs}/amazondynamodb/latest/developerguide/iam-policy-example-lamda-process-dynamodb-streams.html`,
      steps,
      refused: Object.fromEntries([
        ...(isQueue
          ? [
              [
                "without TLS",
                { ...call(made, role, read, source), context: { "aws:SecureTransport": "false" } },
              ] as const,
            ]
          : []),
        ...deployed(made)
          .filter((each) => each !== to)
          .map((each) => [`by ${each.path}`, call(made, roleOf(made, each.path), read, source)] as const),
      ]),
    };
  });
}

function failuresToQueues(made: Account): Way[] {
  return ofType(made, "AWS::Lambda::EventInvokeConfig").flatMap(([path, { properties }]): Way[] => {
    const destination = properties.DestinationConfig?.OnFailure?.Destination;
    if (destination === undefined) return [];
    const queue = made.pathOf(destination) ?? "";
    const of = deployed(made).find((each) => isFunction(made, each.path, properties.FunctionName));
    if (of === undefined) throw new Error(`${path} is of no function of the stack`);
    const role = roleOf(made, of.path);
    const send = call(made, role, "sqs:SendMessage", queue);
    return [
      {
        name: `Lambda puts what ${of.path} failed by onto ${queue}, by the function's role`,
        document: `${docs}/lambda/latest/dg/invocation-async-retain-records.html`,
        steps: [send, ...keySteps(made, role, "sqs:SendMessage", queue)],
        refused: { "without TLS": { ...send, context: { "aws:SecureTransport": "false" } } },
      },
    ];
  });
}

function schedules(made: Account): Way[] {
  return ofType(made, "AWS::Scheduler::Schedule").map(([path, { properties }]) => {
    const { Arn: target, RoleArn: role } = properties.Target;
    const group = `arn:aws:scheduler:${region}:${account}:schedule-group/default`;
    const assumeFor = (context: AccessRequest["context"]): AccessRequest => ({
      principal: service("scheduler"),
      action: "sts:AssumeRole",
      resource: role,
      context: { ...tls, ...context },
    });
    const assume = assumeFor(source(group));
    const invoke = (resource: string): AccessRequest => ({
      principal: { kind: "role", arn: role },
      action: "lambda:InvokeFunction",
      resource,
      context: tls,
    });
    return {
      name: `EventBridge Scheduler invokes ${made.pathOf(target)} (${path})`,
      document: `${docs}/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html`,
      steps: [assume, invoke(target)],
      refused: {
        "by another service": { ...assume, principal: service("events") },
        "for a schedule of another account": assumeFor(source(group.replace(account, stranger), stranger)),
        "for a schedule of another account that gives itself out as ours": assumeFor(source(group, stranger)),
        "for a schedule of another group": assumeFor(source(group.replace("/default", "/other"))),
        ...Object.fromEntries(
          deployed(made)
            .map((each) => [each.path, made.arnOf(`${each.path}/Function`)] as const)
            .filter(([, arn]) => arn !== target)
            .map(([other, arn]) => [`${other} instead`, invoke(arn)]),
        ),
      },
    };
  });
}

/** From each rule of EventBridge to the function that is its target, and to the queue of what it could not deliver. */
function eventRules(made: Account): Way[] {
  return ofType(made, "AWS::Events::Rule").flatMap(([path, { properties }]) => {
    const rule = made.arnOf(path);
    const [{ Arn: target, DeadLetterConfig }] = properties.Targets;
    const queue = made.pathOf(DeadLetterConfig.Arn) ?? "";
    const request = (action: string, resource: string, context: AccessRequest["context"]): AccessRequest => ({
      principal: service("events"),
      action,
      resource,
      context: { ...tls, ...context },
    });
    const invoke = request("lambda:InvokeFunction", target, source(rule));
    const park = request("sqs:SendMessage", DeadLetterConfig.Arn, source(rule));
    const key = keyOf(made, queue);
    const encrypt = (of = account) =>
      key === null
        ? []
        : ["Decrypt", "GenerateDataKey"].map((action) =>
            request(`kms:${action}`, key, source(rule.replace(account, of), of)),
          );
    const another = source(rule.replace(/[^/]+$/, "another"));
    const strange = source(rule.replace(account, stranger), stranger);
    const others = deployed(made)
      .map((each) => [each.path, made.arnOf(`${each.path}/Function`)] as const)
      .filter(([, arn]) => arn !== target);
    return [
      {
        name: `EventBridge invokes ${made.pathOf(target)} (${path})`,
        document: `${docs}/eventbridge/latest/userguide/eb-use-resource-based.html`,
        steps: [invoke],
        refused: {
          "for another rule": { ...invoke, context: { ...tls, ...another } },
          "for a rule of another account": { ...invoke, context: { ...tls, ...strange } },
          "by another service": { ...invoke, principal: service("scheduler") },
          ...Object.fromEntries(
            others.map(([other, arn]) => [`${other} instead`, request("lambda:InvokeFunction", arn, source(rule))]),
          ),
        },
      },
      {
        name: `EventBridge puts what ${path} could not deliver onto ${queue}`,
        document: `${docs}/eventbridge/latest/userguide/eb-rule-dlq.html, and of the key ${docs}/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html`,
        steps: [park, ...encrypt()],
        refused: {
          "for another rule": { ...park, context: { ...tls, ...another } },
          "for a rule of another account": { ...park, context: { ...tls, ...strange } },
          "by another service": { ...park, principal: service("scheduler") },
          "without TLS": { ...park, context: { ...source(rule), "aws:SecureTransport": "false" } },
          "onto the retry queue": request("sqs:SendMessage", made.arnOf("Retries/Queue"), source(rule)),
          ...Object.fromEntries(encrypt(stranger).map((each) => [`${each.action} for another account`, each])),
          ...Object.fromEntries(
            encrypt().map((each) => [`${each.action} by another service`, { ...each, principal: service("s3") }]),
          ),
        },
      },
    ];
  });
}

/** From each alarm to each topic that it names: the topic's policy, and the policy of the topic's key. */
function alarms(made: Account): Way[] {
  return ofType(made, "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm").flatMap(([path, { properties }]) => {
    const topics = new Set<string>([...(properties.AlarmActions ?? []), ...(properties.OKActions ?? [])]);
    const alarm = made.arnOf(path);
    return [...topics].map((topic): Way => {
      const topicPath = made.pathOf(topic) ?? "";
      const request = (action: string, resource: string, context: AccessRequest["context"]): AccessRequest => ({
        principal: service("cloudwatch"),
        action,
        resource,
        context: { ...tls, ...context },
      });
      const key = keyOf(made, topicPath);
      const requests = (context: AccessRequest["context"]) => [
        request("sns:Publish", topic, context),
        ...(key === null
          ? []
          : ["Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"].map((action) =>
              request(`kms:${action}`, key, context),
            )),
      ];
      const strange = [
        ["of another account", source(alarm.replace(account, stranger), stranger)],
        ["of another account that gives itself out as ours", source(alarm.replace(account, stranger))],
        ["of another account with an alarm of our name", source(alarm, stranger)],
      ] as const;
      return {
        name: `CloudWatch publishes ${path} to ${topicPath}`,
        document: `${docs}/sns/latest/dg/sns-access-policy-use-cases.html, and of the key ${docs}/sns/latest/dg/sns-key-management.html`,
        steps: requests(source(alarm)),
        refused: {
          ...Object.fromEntries(
            strange.flatMap(([who, context]) =>
              requests(context).map((each) => [`${each.action} for an alarm ${who}`, each]),
            ),
          ),
          "without TLS": request("sns:Publish", topic, { ...source(alarm), "aws:SecureTransport": "false" }),
          "by another service": { ...request("sns:Publish", topic, source(alarm)), principal: service("s3") },
          ...(key !== null && {
            "the key by another service": { ...request("kms:Decrypt", key, source(alarm)), principal: service("s3") },
          }),
          "to the topic of alerts": request("sns:Publish", made.arnOf("Alerts/Topic"), source(alarm)),
        },
      };
    });
  });
}

/** From a topic to each function and queue that is subscribed to it. */
export function subscriptions(made: Account): Way[] {
  return ofType(made, "AWS::SNS::Subscription").flatMap(([path, { properties }]): Way[] => {
    const { Protocol: protocol, Endpoint: endpoint, TopicArn: topic } = properties;
    if (protocol !== "lambda" && protocol !== "sqs") return [];
    const deliver = (arn: string): AccessRequest => ({
      principal: service("sns"),
      action: protocol === "lambda" ? "lambda:InvokeFunction" : "sqs:SendMessage",
      resource: endpoint,
      context: { ...tls, ...source(arn) },
    });
    const to = made.pathOf(endpoint) ?? "";
    const key = protocol === "sqs" ? keyOf(made, to) : null;
    const encrypt = (arn: string, action: string): AccessRequest => ({
      principal: service("sns"),
      action: `kms:${action}`,
      resource: key ?? "",
      context: { ...tls, ...source(arn) },
    });
    const other = `arn:aws:sns:${region}:${stranger}:Other`;
    return [
      {
        name: `SNS delivers to ${to} (${path})`,
        document:
          protocol === "lambda"
            ? `${docs}/sns/latest/dg/sns-lambda-as-subscriber.html`
            : `${docs}/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html`,
        steps: [
          deliver(topic),
          ...(key === null ? [] : ["Decrypt", "GenerateDataKey"].map((action) => encrypt(topic, action))),
        ],
        refused: {
          "for another topic": deliver(other),
          "for another service": { ...deliver(topic), principal: service("s3") },
          ...(key !== null && { "the key for another topic": encrypt(other, "GenerateDataKey") }),
          ...(protocol === "sqs" && {
            "without TLS": { ...deliver(topic), context: { ...source(topic), "aws:SecureTransport": "false" } },
          }),
        },
      },
    ];
  });
}

/** Okta, which signs nothing that IAM knows, at the Function URL. */
function url(made: Account): Way[] {
  return ofType(made, "AWS::Lambda::Url").map(([path, { properties }]) => {
    const request = (action: string, context: AccessRequest["context"]): AccessRequest => ({
      principal: { kind: "anonymous" },
      action,
      resource: properties.TargetFunctionArn,
      context: { ...tls, ...context },
    });
    return {
      name: `Okta, without a signature, calls ${path}`,
      document: `${docs}/lambda/latest/dg/urls-auth.html`,
      steps: [
        request("lambda:InvokeFunctionUrl", { "lambda:FunctionUrlAuthType": "NONE" }),
        request("lambda:InvokeFunction", { "lambda:InvokedViaFunctionUrl": "true" }),
      ],
      refused: {
        "past the URL": request("lambda:InvokeFunction", {}),
        "by a URL that asks for a signature": request("lambda:InvokeFunctionUrl", {
          "lambda:FunctionUrlAuthType": "AWS_IAM",
        }),
      },
    };
  });
}

/** Okta at the REST API: API Gateway asks its own policy, and then invokes the function as a service. */
function restApi(made: Account): Way[] {
  return ofType(made, "AWS::ApiGateway::RestApi").map(([path]) => {
    const api = made.arnOf(path);
    const request = (sourceIp: string, method = "POST"): AccessRequest => ({
      principal: { kind: "anonymous" },
      action: "execute-api:Invoke",
      resource: `${api}/hook/${method}/`,
      context: { ...tls, "aws:SourceIp": sourceIp },
    });
    const invoke = (method: string): AccessRequest => ({
      principal: service("apigateway"),
      action: "lambda:InvokeFunction",
      resource: made.arnOf("Receiver/Receiver/Function"),
      context: source(`${api}/hook/${method}/`),
    });
    const another = api.replace(/:[^:]+$/, ":another");
    return {
      name: `Okta, without a signature, calls ${path}`,
      document: `${docs}/apigateway/latest/developerguide/apigateway-authorization-flow.html`,
      steps: [request("192.0.2.1"), request("192.0.2.1", "GET"), invoke("POST"), invoke("GET")],
      refused: {
        "from another network": request("198.51.100.1"),
        "for another API": { ...invoke("POST"), context: source(`${another}/hook/POST/`) },
        "for another service": { ...invoke("POST"), principal: service("s3") },
      },
    };
  });
}

/** The role of a person who may do everything that IAM's policies can give. */
export const administrator = `arn:aws:iam::${account}:role/Administrator`;

/** People and roles of the account go by their IAM policies, over TLS: the policies of resources deny them nothing. */
function administration(made: Account): Way[] {
  const principal: Principal = { kind: "role", arn: administrator };
  const document = `${docs}/kms/latest/developerguide/key-policy-default.html`;
  const keys = ofType(made, "AWS::KMS::Key").map(
    ([path]): Way => ({
      name: `an administrator of the account manages ${path}`,
      document,
      steps: [call(made, principal, "kms:PutKeyPolicy", path)],
      refused: {
        "of another account": {
          ...call(made, { kind: "role", arn: administrator.replace(account, stranger) }, "kms:PutKeyPolicy", path),
        },
      },
    }),
  );
  const reached = ofType(made, "AWS::SNS::Topic", "AWS::SQS::Queue").map(([path, { type }]): Way => {
    const actions = type === "AWS::SNS::Topic" ? ["sns:Publish", "sns:Subscribe"] : ["sqs:ReceiveMessage"];
    const [used = ""] = actions;
    return {
      name: `an administrator of the account uses ${path}`,
      document: `${docs}/IAM/latest/UserGuide/reference_policies_evaluation-logic.html`,
      steps: actions.map((action) => call(made, principal, action, path)),
      refused: {
        "without TLS": { ...call(made, principal, used, path), context: { "aws:SecureTransport": "false" } },
        "by another account": call(made, { kind: "role", arn: administrator.replace(account, stranger) }, used, path),
        "without a signature": call(made, { kind: "anonymous" }, used, path),
      },
    };
  });
  return [...keys, ...reached];
}
