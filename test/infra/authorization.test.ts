import { describe, expect, test } from "vitest";
import { everything, ofType, type Statement, type Synthesized } from "../../infra/synthesize.ts";
import { synthesize } from "../fixtures/synthesized.ts";

/** `action resource`, and by which service alone where that is a condition. */
type Right = string;

/** What each role may do, by its path. */
function authorizations(synthesized: Synthesized): Record<string, Right[]> {
  const { readable } = synthesized;
  const roles = ofType(synthesized, "AWS::IAM::Role").map(([path]) => [path, [] as Right[]] as const);
  const matrix = Object.fromEntries(roles);
  for (const [, { Properties }] of ofType(synthesized, "AWS::IAM::Policy")) {
    expect(Properties.Roles).toHaveLength(1);
    const role = String(readable(Properties.Roles[0])).slice(1, -1);
    for (const { Effect, Action, Resource, Condition } of Properties.PolicyDocument.Statement as Statement[]) {
      expect(Effect).toBe("Allow");
      const resource = readable(Resource);
      if (typeof resource !== "string") throw new Error(`several resources in ${role}: ${JSON.stringify(resource)}`);
      const service = Condition?.StringEquals?.["kms:ViaService"];
      const by = service === undefined ? "" : ` by ${String(readable(service)).split(".", 1)[0]}`;
      for (const action of [Action].flat()) matrix[role]?.push(`${action} ${resource}${by}`);
    }
  }
  for (const rights of Object.values(matrix)) rights.sort();
  return matrix;
}

const table = (name: string) => `<${name}/Table>.Arn`;
const logs = (path: string) => [`logs:CreateLogStream <${path}/Logs>.Arn`, `logs:PutLogEvents <${path}/Logs>.Arn`];
const sync = [
  `dynamodb:GetItem ${table("State")}`,
  `dynamodb:PutItem ${table("State")}`,
  `dynamodb:Scan ${table("Profiles")}`,
];
const profiles = ["BatchGetItem", "UpdateItem", "DeleteItem"].map(
  (action) => `dynamodb:${action} ${table("Profiles")}`,
);
const consume = (queue: string) =>
  ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"].map((action) => `sqs:${action} <${queue}/Queue>.Arn`);
const send = (queue: string) => `sqs:SendMessage <${queue}/Queue>.Arn`;
const publish = (topic: string) => `sns:Publish <${topic}/Topic>`;
const secret = (name: string) => `secretsmanager:GetSecretValue <${name}/Secret>`;
const invoke = (path: string) => [`lambda:InvokeFunction <${path}/Function>.Arn`];
const pipeline = [
  `dynamodb:BatchGetItem ${table("Profiles")}`,
  ...["BatchGetItem", "GetItem", "UpdateItem", "DeleteItem"].map((action) => `dynamodb:${action} ${table("State")}`),
  secret("StateKey"),
  publish("Alerts"),
  send("Retries"),
];
const output = (name: string) => ({
  [`${name}Output/Publisher/Role`]: [
    ...logs(`${name}Output/Publisher`),
    publish(`${name}Output/Topic`),
    send("DeadLetters"),
  ],
});

/** The whole matrix: who may do what on what. Everything else is denied. */
const expected: Readonly<Record<string, readonly Right[]>> = {
  "Receiver/Receiver/Role": [
    ...pipeline,
    ...logs("Receiver/Receiver"),
    secret("HookSecret"),
    send("DeadLetters"),
    send("ProfileRefresh/Default"),
  ],
  "Redrive/Redrive/Role": [
    ...pipeline,
    ...logs("Redrive/Redrive"),
    ...consume("Retries"),
    "sqs:ChangeMessageVisibility <Retries/Queue>.Arn",
    send("DeadLetters"),
  ],
  "LogStream/Stream/Role": [
    ...pipeline,
    ...logs("LogStream/Stream"),
    send("DeadLetters"),
    send("ProfileRefresh/Default"),
  ],
  "ProfileSync/Sync/Role": [...sync, ...profiles, ...logs("ProfileSync/Sync"), secret("OktaCredential")],
  "ProfileSync/Hourly/Role": invoke("ProfileSync/Sync"),
  "ProfileRefresh/Refresh/Role": [
    ...profiles,
    ...logs("ProfileRefresh/Refresh"),
    ...consume("ProfileRefresh/Default"),
    secret("OktaCredential"),
  ],
  "Reconciliation/Reconcile/Role": [
    ...pipeline,
    ...logs("Reconciliation/Reconcile"),
    `dynamodb:PutItem ${table("State")}`,
    secret("OktaCredential"),
    send("DeadLetters"),
  ],
  "Reconciliation/Schedule/Role": invoke("Reconciliation/Reconcile"),
  "ExceptionNotices/Notices/Role": [
    ...["DescribeStream", "GetRecords", "GetShardIterator"].map(
      (action) => `dynamodb:${action} <State/Table>.StreamArn`,
    ),
    "dynamodb:ListStreams *",
    `dynamodb:Scan ${table("State")}`,
    `dynamodb:UpdateItem ${table("State")}`,
    ...logs("ExceptionNotices/Notices"),
    publish("Alerts"),
  ],
  "ExceptionNotices/Daily/Role": invoke("ExceptionNotices/Notices"),
  "WeeklyDigest/Digest/Role": [
    `dynamodb:BatchGetItem ${table("State")}`,
    `dynamodb:Query ${table("State")}/index/incidents`,
    `dynamodb:Scan ${table("State")}`,
    ...logs("WeeklyDigest/Digest"),
    publish("Alerts"),
  ],
  "WeeklyDigest/Weekly/Role": invoke("WeeklyDigest/Digest"),
  "Canary/Canary/Role": [`dynamodb:GetItem ${table("State")}`, ...logs("Canary/Canary"), secret("HookSecret")],
  "Canary/Daily/Role": invoke("Canary/Canary"),
  ...output("Chat"),
  ...output("Ocsf"),
  ...output("Pagerduty"),
};

const withAll = synthesize(everything);
const sorted = (matrix: Readonly<Record<string, readonly Right[]>>) =>
  Object.fromEntries(Object.entries(matrix).map(([role, rights]) => [role, [...rights].sort()]));

describe("the authorization matrix", () => {
  const actual = authorizations(withAll);

  test("has these roles, and no other", () => {
    expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  });

  test.each(Object.keys(expected))("%s may do this, each on one resource", (role) => {
    expect(actual[role]).toEqual(sorted(expected)[role]);
  });

  test("without Okta's credential the receiver asks for no refresh, and no function reads profiles", () => {
    const bare = authorizations(synthesize());
    const { "Receiver/Receiver/Role": receiver = [], "Redrive/Redrive/Role": redrive = [] } = expected;
    expect(bare["Receiver/Receiver/Role"]).toEqual(
      receiver.filter((right) => right !== send("ProfileRefresh/Default")).sort(),
    );
    expect(bare["Redrive/Redrive/Role"]).toEqual([...redrive].sort());
    expect(Object.keys(bare).sort()).toEqual(
      [
        "ExceptionNotices/Daily/Role",
        "ExceptionNotices/Notices/Role",
        "Receiver/Receiver/Role",
        "Redrive/Redrive/Role",
      ].sort(),
    );
  });

  test("with a key of the account's own, a role may use the key by a service exactly where it may use that service's data", () => {
    const keyed = authorizations(synthesize({ ...everything, customerManagedKey: true }));
    const isKey = (right: Right) => right.startsWith("kms:");
    for (const [role, rights] of Object.entries(keyed)) {
      expect(rights.filter((right) => !isKey(right))).toEqual(actual[role]);
      const services = new Set(rights.filter(isKey).map((right) => right.replace(/.* by /, "")));
      const used = ["dynamodb", "sqs", "sns", "secretsmanager"].filter((service) =>
        rights.some((right) => right.startsWith(`${service}:`)),
      );
      expect([role, [...services].sort()]).toEqual([role, used.sort()]);
      for (const right of rights.filter(isKey)) expect(right).toContain(" <Encryption/Key>.Arn by ");
    }
  });

  test("a REST API in front changes no role's rights, and adds no role", () => {
    expect(authorizations(synthesize({ ...everything, front: "restApi", firewall: true }))).toEqual(actual);
  });

  test("no managed policy is attached", () => {
    for (const [, { Properties }] of ofType(withAll, "AWS::IAM::Role")) {
      expect(Properties).not.toHaveProperty("ManagedPolicyArns");
    }
  });
});

describe("functions are invoked by their triggers alone:", () => {
  test("by everybody through one URL, by SNS for one topic each, by EventBridge for one rule; no policy lets any other principal in", () => {
    const permissions = ofType(withAll, "AWS::Lambda::Permission").map(([, { Properties }]) =>
      withAll.readable(Properties),
    );
    const outputs = ["Chat", "Ocsf", "Pagerduty"].map((name) => ({
      Action: "lambda:InvokeFunction",
      FunctionName: `<${name}Output/Publisher/Function>.Arn`,
      Principal: "sns.amazonaws.com",
      SourceArn: "<Alerts/Topic>",
    }));
    const receiver = { FunctionName: "<Receiver/Receiver/Function>.Arn", Principal: "*" };
    const stream = {
      Action: "lambda:InvokeFunction",
      FunctionName: "<LogStream/Stream/Function>.Arn",
      Principal: "events.amazonaws.com",
      SourceArn: "<LogStream/Rule1>.Arn",
    };
    expect(permissions).toEqual(
      expect.arrayContaining([
        stream,
        { ...receiver, Action: "lambda:InvokeFunctionUrl", FunctionUrlAuthType: "NONE" },
        { ...receiver, Action: "lambda:InvokeFunction", InvokedViaFunctionUrl: true },
        ...outputs,
      ]),
    );
    expect(permissions).toHaveLength(2 + outputs.length + 1);
    expect(ofType(withAll, "AWS::Lambda::Url").map(([path]) => path)).toEqual([
      "Receiver/Receiver/Function/FunctionUrl",
    ]);
  });

  test("by one method of one stage of the API where that is the front, and then through no URL", () => {
    const throughApi = synthesize({ ...everything, front: "restApi" });
    const permissions = ofType(throughApi, "AWS::Lambda::Permission").map(
      ([, { Properties }]) => throughApi.readable(Properties) as Record<string, unknown>,
    );
    expect(permissions.filter(({ Principal }) => !/^(sns|events)\./.test(String(Principal)))).toEqual([
      {
        Action: "lambda:InvokeFunction",
        FunctionName: "<Receiver/Receiver/Function>.Arn",
        Principal: "apigateway.amazonaws.com",
        SourceArn: expect.stringMatching(
          /:<Receiver\/RestApi\/Api>\/<Receiver\/RestApi\/Api\/DeploymentStage.hook>\/\*\/$/,
        ),
      },
    ]);
    expect(permissions).toHaveLength(1 + 3 + 1);
    expect(ofType(throughApi, "AWS::Lambda::Url")).toEqual([]);
  });

  test("by queues, schedules and the state table's stream: the notices by two, each other function by one at most", () => {
    const triggers = [
      ...ofType(withAll, "AWS::Lambda::EventSourceMapping").map(([, { Properties }]) =>
        withAll.readable(Properties.FunctionName),
      ),
      ...ofType(withAll, "AWS::Scheduler::Schedule").map(([, { Properties }]) =>
        withAll.readable(Properties.Target.Arn),
      ),
    ];
    expect(triggers.sort()).toEqual(
      [
        "<Redrive/Redrive/Function>",
        "<ProfileRefresh/Refresh/Function>",
        "<ProfileSync/Sync/Function>.Arn",
        "<Reconciliation/Reconcile/Function>.Arn",
        "<ExceptionNotices/Notices/Function>",
        "<ExceptionNotices/Notices/Function>.Arn",
        "<WeeklyDigest/Digest/Function>.Arn",
        "<Canary/Canary/Function>.Arn",
      ].sort(),
    );
  });

  test("and a role is assumed by Lambda, or by the scheduler for schedules of this account, alone", () => {
    const ofSchedules = {
      "aws:SourceAccount": "<AWS::AccountId>",
      "aws:SourceArn": "arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule-group/default",
    };
    for (const [path, { Properties }] of ofType(withAll, "AWS::IAM::Role")) {
      const allowed = /\/(Hourly|Daily|Weekly|Schedule)\/Role$/.test(path)
        ? { Principal: { Service: "scheduler.amazonaws.com" }, Condition: { StringEquals: ofSchedules } }
        : { Principal: { Service: "lambda.amazonaws.com" } };
      expect(withAll.readable(Properties.AssumeRolePolicyDocument.Statement)).toEqual([
        { Action: "sts:AssumeRole", Effect: "Allow", ...allowed },
      ]);
    }
  });
});
