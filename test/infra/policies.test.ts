import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as clientDynamodb from "@aws-sdk/client-dynamodb";
import * as clientSecretsManager from "@aws-sdk/client-secrets-manager";
import * as clientSns from "@aws-sdk/client-sns";
import * as clientSqs from "@aws-sdk/client-sqs";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { createRulesPlugin } from "../../build/rules-plugin.ts";
import { everything, type Synthesized } from "../../infra/synthesize.ts";
import { synthesize } from "../fixtures/synthesized.ts";
import { changes, faultsOf, waysThrough } from "./decide.ts";
import { region, stranger } from "./policy-account.ts";
import { type AccessRequest, isAllowed, type PolicyStatement } from "./policy-evaluation.ts";
import { accountOf, functions, settings, subscribers, subscriptions, topicOfOurs, waysOf } from "./ways.ts";

/** Statements that nothing of ours needs, and why they are there all the same. */
const superfluous: readonly { readonly what: RegExp; readonly reason: string }[] = [
  {
    what: /^Allow \{"AWS":"arn:aws:iam::\d+:root"\} (kms:(Decrypt|Encrypt|ReEncrypt\*|GenerateDataKey\*|CreateGrant|DescribeKey)|condition StringEquals kms:ViaService) of .*:key\/Encryption/,
    reason:
      "CDK's secret lets the account use its key by Secrets Manager, which the key's first statement does already, by any service.",
  },
];

/** What may be done by a wildcard: by whom and of what, and why its actions are not named one by one. */
const wildcards: readonly { readonly what: string; readonly reason: string }[] = [
  ...["kms:*", "kms:ReEncrypt*", "kms:GenerateDataKey*"].map((action) => ({
    what: `${action} of Encryption/Key by {"AWS":"arn:<AWS::Partition>:iam::<AWS::AccountId>:root"}`,
    reason:
      "The account administers its key by IAM's policies: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html. CDK's secret repeats a part of it.",
  })),
  {
    what: 'kms:GenerateDataKey* of Encryption/Key by {"Service":"cloudwatch.amazonaws.com"}',
    reason: "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html names it so.",
  },
  ...["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"].map((action) => ({
    what: `${action} of Encryption/Key by {"Service":"logs.<AWS::Region>.amazonaws.com"}`,
    reason: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html names them so.",
  })),
];

/** A statement of a policy, and the resource in whose properties it stands. */
interface PlacedStatement {
  readonly path: string;
  readonly statement: Readonly<Record<string, unknown>>;
}

/** Every statement of every policy that a stack makes, wherever in a resource's properties it stands. */
function statementsOf({ resources, readable }: Synthesized): PlacedStatement[] {
  const find = (value: unknown): Readonly<Record<string, unknown>>[] => {
    if (typeof value !== "object" || value === null) return [];
    return "Effect" in value ? [{ ...value }] : Object.values(value).flatMap(find);
  };
  return [...resources].flatMap(([path, { Properties }]) =>
    find(readable(Properties)).map((statement) => ({ path, statement })),
  );
}

/** Actions that statements allow by a wildcard, or by naming those that they do not allow. */
function wildcardsOf(statements: readonly PlacedStatement[]): string[] {
  const found = statements.flatMap(({ path, statement: { Effect, Action, NotAction, Principal } }) => {
    if (Effect !== "Allow") return [];
    const broad = [Action].flat().filter((action) => typeof action !== "string" || /[*?]/.test(action));
    const actions = NotAction === undefined ? broad : ["all but some"];
    return actions.map(
      (action) => `${action} of ${path}${Principal === undefined ? "" : ` by ${JSON.stringify(Principal)}`}`,
    );
  });
  return [...new Set(found)];
}

/** Roles with policies that do not stand among the statements of a stack's own policies. */
function managedPoliciesOf({ resources }: Pick<Synthesized, "resources">): string[] {
  return [...resources].flatMap(([path, { Type, Properties = {} }]) => {
    if (Type === "AWS::IAM::ManagedPolicy") return [path];
    return ((Properties.ManagedPolicyArns ?? []) as unknown[]).map((arn) => `${JSON.stringify(arn)} of ${path}`);
  });
}

describe("rights that are broader than what is done with them", () => {
  test.each(Object.entries(settings))(
    "are given by no wildcard without a reason, and by no managed policy: %s",
    (_, context) => {
      const stack = synthesize(context);
      const found = wildcardsOf(statementsOf(stack));
      const expected = "customerManagedKey" in context ? wildcards.map(({ what }) => what) : [];
      expect(found.toSorted()).toEqual(expected.toSorted());
      expect(managedPoliciesOf(stack)).toEqual([]);
      expect(statementsOf(stack).length).toBeGreaterThan(20);
    },
  );

  test.each([
    ["sns:Publish", "sns:*"],
    ["dynamodb:GetItem", "dynamodb:Get*"],
    ["secretsmanager:GetSecretValue", "*"],
    ["sqs:SendMessage", "sqs:SendMessag?"],
    ["kms:Decrypt", "kms:*"],
  ])("are noticed where %s becomes %s, in any statement", (narrow, broad) => {
    const all = statementsOf(synthesize({ ...everything, customerManagedKey: true }));
    const known = new Set(wildcardsOf(all));
    const root = ':root"}';
    const changed = all.flatMap(({ path, statement }, index) => {
      const actions = [statement.Action].flat();
      const isOf = statement.Effect === "Allow" && actions.includes(narrow);
      // The account may do all with its key.
      if (!isOf || JSON.stringify(statement.Principal ?? "").endsWith(root)) return [];
      const broadened = actions.map((action) => (action === narrow ? broad : action));
      return [all.with(index, { path, statement: { ...statement, Action: broadened } })];
    });
    expect(changed.length).toBeGreaterThan(1);
    for (const statements of changed)
      expect(wildcardsOf(statements).filter((each) => !known.has(each))).toHaveLength(1);
  });

  test("are noticed where a role is given a managed policy, or all actions but some are allowed", () => {
    const stack = synthesize();
    const [path = "", role] = [...stack.resources].find(([, { Type }]) => Type === "AWS::IAM::Role") ?? [];
    const Properties = { ...role?.Properties, ManagedPolicyArns: ["arn:aws:iam::aws:policy/AdministratorAccess"] };
    const resources = new Map([...stack.resources, [path, { Type: "AWS::IAM::Role", Properties }] as const]);
    expect(managedPoliciesOf({ resources })).toEqual([`"arn:aws:iam::aws:policy/AdministratorAccess" of ${path}`]);
    const statement = { Effect: "Allow", NotAction: "iam:*", Resource: "*" };
    expect(wildcardsOf([{ path: "Receiver/Policy", statement }])).toEqual(["all but some of Receiver/Policy"]);
  });
});

describe.each(Object.entries(settings))("with %s", (_, context) => {
  const account = accountOf(context);
  const ways = waysOf(account);

  test.each(ways.map((way) => [way.name, way] as const))("%s", (_name, way) => {
    expect(faultsOf(account, way)).toEqual([]);
    expect(way.steps.length).toBeGreaterThan(0);
    expect(way.document).toMatch(/^https:\/\/docs\.aws\.amazon\.com\//);
  });

  test("no action and no condition of any policy is superfluous: with any one taken away, a way fails", () => {
    const all = changes(account);
    expect(all.length).toBeGreaterThan(40);
    const unnoticed = all
      .filter(({ of, standing }) => !waysThrough(ways, of).some((way) => faultsOf(standing, way).length > 0))
      .map(({ name }) => name);
    expect(unnoticed.filter((name) => !superfluous.some(({ what }) => what.test(name)))).toEqual([]);
    if (!("customerManagedKey" in context)) return;
    for (const { what, reason } of superfluous)
      expect([reason, unnoticed.some((name) => what.test(name))]).toEqual([reason, true]);
  });
});

describe("the calls of", () => {
  /** Actions by the name of their command, where the two differ. */
  const renamed: Readonly<Record<string, string>> = {
    "sns:PublishBatch": "sns:Publish",
    "sqs:SendMessageBatch": "sqs:SendMessage",
  };
  const clients: Readonly<Record<string, object>> = {
    dynamodb: clientDynamodb,
    secretsmanager: clientSecretsManager,
    sns: clientSns,
    sqs: clientSqs,
  };
  /** Commands that are in a function's code and that it never sends, since a module it uses can do more. */
  const unsent: Readonly<Record<string, readonly string[]>> = {
    // The port of the sync reads all users and keeps how far it is; the refresh writes those that it was asked for.
    "refresh-profiles": ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan"],
    // It adds no exception, which would read those that ended.
    "notify-exceptions": ["dynamodb:GetItem"],
    // It counts nothing, and reads exceptions and incidents alone.
    digest: ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:UpdateItem"],
    // It finds the claim of the receiver, and makes none.
    canary: ["dynamodb:BatchGetItem", "dynamodb:DeleteItem", "dynamodb:UpdateItem"],
  };

  /** Actions of all commands that the code of a function makes, libraries included, after what is never used is left out. */
  async function actionsInCode(bundle: string): Promise<string[]> {
    const { outputFiles } = await build({
      absWorkingDir: fileURLToPath(new URL("../..", import.meta.url)),
      entryPoints: [`lambda/functions/${bundle}.ts`],
      bundle: true,
      format: "esm",
      platform: "node",
      mainFields: ["module", "main"],
      external: ["@aws-sdk/*"],
      plugins: [createRulesPlugin()],
      write: false,
      logLevel: "error",
    });
    const code = outputFiles.map(({ text }) => text).join("\n");
    const names = [...code.matchAll(/\bnew (\w+?)Command\d*\(|\bpaginate(\w+?)\d*\(/g)].map(
      ([, made, paged]) => made ?? paged,
    );
    const actions = [...new Set(names)].map((name = "") => {
      const owner = name.startsWith("Batch")
        ? "dynamodb"
        : Object.entries(clients).find(([, client]) => `${name}Command` in client)?.[0];
      if (owner === undefined) throw new Error(`no client of ours knows the command ${name}`);
      return renamed[`${owner}:${name}`] ?? `${owner}:${name}`;
    });
    return [...new Set(actions)].sort();
  }

  test.each([...new Set(functions.map(({ bundle }) => bundle))])(
    "%s are those that its code makes, in the table of ways",
    async (bundle) => {
      const calls = functions.filter((each) => each.bundle === bundle).flatMap((each) => each.calls);
      const listed = new Set(calls.map((each) => each.split(" ")[0] ?? ""));
      const inCode = await actionsInCode(bundle);
      const never = unsent[bundle] ?? [];
      expect(inCode.filter((action) => never.includes(action))).toEqual(never);
      expect(inCode.filter((action) => !never.includes(action))).toEqual([...listed].sort());
    },
  );

  test("every function of the stack are in the table of ways", () => {
    const { resources } = accountOf(everything);
    const paths = [...resources].filter(([, { type }]) => type === "AWS::Lambda::Function").map(([path]) => path);
    expect(functions.map(({ path }) => `${path}/Function`).sort()).toEqual(paths.sort());
  });
});

describe("subscribers:", () => {
  test.each(Object.entries(subscribers))("%s", (_, makeAccount) => {
    const account = makeAccount();
    const ways = subscriptions(account);
    expect(ways).toHaveLength(1);
    expect(ways.flatMap((way) => faultsOf(account, way))).toEqual([]);
  });

  test("a queue of another account, by the policies of the guide", async () => {
    const guide = await readFile(new URL("../../docs/subscribing.md", import.meta.url), "utf8");
    const [, quoted = ""] = /set-queue-attributes .* --attributes '(.*)'$/m.exec(guide) ?? [];
    const [, ofKey = ""] = /```json\n(\{\n {2}"Sid": "LetSnsEncrypt.*?)```/s.exec(guide) ?? [];
    const queue = `arn:aws:sqs:${region}:${stranger}:siem`;
    const key = `arn:aws:kms:${region}:${stranger}:key/1`;
    const fill = (text: string) =>
      text.replaceAll("QUEUE_ARN", queue).replaceAll("ALERT_TOPIC_ARN", topicOfOurs("alerts"));
    const { Policy } = JSON.parse(quoted) as { readonly Policy: string };
    const { Statement: ofQueue } = JSON.parse(fill(Policy)) as { readonly Statement: PolicyStatement[] };
    const request = (action: string, resource: string, from: string): AccessRequest => ({
      principal: { kind: "service", name: "sns.amazonaws.com" },
      action,
      resource,
      context: { "aws:SecureTransport": "true", "aws:SourceArn": from, "aws:SourceAccount": "111122223333" },
    });
    const decide = (from: string) => [
      isAllowed(request("sqs:SendMessage", queue, from), { identity: [], resource: ofQueue }),
      ...["kms:Decrypt", "kms:GenerateDataKey"].map((action) =>
        isAllowed(request(action, key, from), { identity: [], resource: [JSON.parse(fill(ofKey)) as PolicyStatement] }),
      ),
    ];
    expect(decide(topicOfOurs("alerts"))).toEqual([true, true, true]);
    expect(decide(topicOfOurs("other"))).toEqual([false, false, false]);
  });
});
