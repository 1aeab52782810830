import type { Synthesized, TemplateResource } from "../../infra/synthesize.ts";
import type { PolicyStatement } from "./policy-evaluation.ts";

/*
 * The account that a synthesized stack would make: every ARN, and every policy by what it hangs on, with all references
 * resolved. The ids are made up; what they are compared with is made of the same.
 */

export const account = "111122223333";
export const region = "eu-west-1";
/** An account that has nothing to do with ours. */
export const stranger = "444455556666";

/** A statement, and where it stands: `identity of Receiver/Receiver/Role`, `policy of Operations/Topic`. */
export interface StandingStatement {
  readonly of: string;
  readonly statement: PolicyStatement;
}

/** What the stack makes. */
export interface Account {
  /** The resources' properties, references resolved, by the path of their construct. */
  readonly resources: ReadonlyMap<string, { readonly type: string; readonly properties: Properties }>;
  /** The ARN of a resource, by its construct's path. */
  readonly arnOf: (path: string) => string;
  /** The path of the construct whose resource has this ARN; undefined for what the stack does not make. */
  readonly pathOf: (arn: string) => string | undefined;
  /** Statements that say what roles may do. */
  readonly identity: readonly StandingStatement[];
  /** Statements of resources' own policies: topics, queues, keys, functions, and roles, who may assume them. */
  readonly resource: readonly StandingStatement[];
}

// biome-ignore lint/suspicious/noExplicitAny: a template's properties differ from type to type
export type Properties = any;

const arns: Readonly<Record<string, (id: string) => string>> = {
  // What policies and permissions name an API by.
  "AWS::ApiGateway::RestApi": (id) => `arn:aws:execute-api:${region}:${account}:Test-${id}`,
  "AWS::DynamoDB::Table": (id) => `arn:aws:dynamodb:${region}:${account}:table/Test-${id}`,
  // Rules of tests are on the bus that the log stream feeds: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
  "AWS::Events::Rule": (id) => `arn:aws:events:${region}:${account}:rule/aws.partner/okta.com/example/okta/Test-${id}`,
  "AWS::IAM::Role": (id) => `arn:aws:iam::${account}:role/Test-${id}`,
  "AWS::KMS::Key": (id) => `arn:aws:kms:${region}:${account}:key/${id}`,
  "AWS::Lambda::Function": (id) => `arn:aws:lambda:${region}:${account}:function:Test-${id}`,
  // CloudFormation's ARN of a log group ends in all its streams.
  "AWS::Logs::LogGroup": (id) => `arn:aws:logs:${region}:${account}:log-group:Test-${id}:*`,
  "AWS::SecretsManager::Secret": (id) => `arn:aws:secretsmanager:${region}:${account}:secret:${id}-AbCdEf`,
  "AWS::SNS::Topic": (id) => `arn:aws:sns:${region}:${account}:Test-${id}`,
  "AWS::SQS::Queue": (id) => `arn:aws:sqs:${region}:${account}:Test-${id}`,
  "AWS::CloudWatch::Alarm": (id) => `arn:aws:cloudwatch:${region}:${account}:alarm:Test-${id}`,
  "AWS::CloudWatch::CompositeAlarm": (id) => `arn:aws:cloudwatch:${region}:${account}:alarm:Test-${id}`,
};

/** What stands behind a table's ARN in that of its stream; behind its path, `/Stream`. */
const streamSuffix = "/stream/2026-11-26T00:00:00.000";

/** Types whose `Ref` is their ARN; of the others it is a name, or a URL. */
const refIsArn: ReadonlySet<string> = new Set(["AWS::SNS::Topic", "AWS::SecretsManager::Secret"]);

const pseudoParameters: Readonly<Record<string, string>> = {
  "AWS::AccountId": account,
  "AWS::Partition": "aws",
  "AWS::Region": region,
  "AWS::StackName": "Test",
  "AWS::URLSuffix": "amazonaws.com",
};

/** Makes the account of a stack. */
export function createAccount({ resources: byPath, logicalIds: idOf }: Synthesized): Account {
  const byId: Readonly<Record<string, TemplateResource>> = Object.fromEntries(
    [...byPath].map(([path, resource]) => [idOf.get(path), resource]),
  );
  const arnOfId = (id: string) => arns[byId[id]?.Type ?? ""]?.(id) ?? `arn:aws:none:${region}:${account}:${id}`;
  const resolve = (value: Properties): Properties => {
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== "object" || value === null) return value;
    if ("Ref" in value) return resolveRef(String(value.Ref));
    if ("Fn::GetAtt" in value) {
      const [id, attribute] = value["Fn::GetAtt"] as [string, string];
      if (attribute === "StreamArn") return arnOfId(id) + streamSuffix;
      return attribute.endsWith("Arn") ? arnOfId(id) : `${id}.${attribute}`;
    }
    if ("Fn::Join" in value) {
      const [separator, parts] = value["Fn::Join"] as [string, unknown[]];
      return parts.map(resolve).join(separator);
    }
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, resolve(each)]));
  };
  const resolveRef = (id: string) => {
    const { Type = "", Properties = {} } = byId[id] ?? {};
    if (refIsArn.has(Type)) return arnOfId(id);
    return pseudoParameters[id] ?? (Type === "AWS::ApiGateway::Stage" ? Properties.StageName : `Test-${id}`);
  };

  const resources = new Map(
    [...byPath].map(([path, { Type, Properties }]) => [path, { type: Type, properties: resolve(Properties ?? {}) }]),
  );
  const paths = new Map(
    [...idOf].flatMap(([path, id]) => [
      [arnOfId(id), path],
      [arnOfId(id) + streamSuffix, `${path}/Stream`],
    ]),
  );
  const arnOf = (path: string): string => {
    if (path.endsWith("/Stream")) return arnOf(path.replace(/\/Stream$/, "")) + streamSuffix;
    const id = idOf.get(path);
    if (id === undefined) throw new Error(`the stack makes no ${path}`);
    return arnOfId(id);
  };
  const nameToPath = new Map([...idOf].map(([path, id]) => [`Test-${id}`, path]));
  const identity: StandingStatement[] = [];
  const resource: StandingStatement[] = [];
  const stand = (list: StandingStatement[], of: string, document: { readonly Statement: readonly PolicyStatement[] }) =>
    list.push(...document.Statement.map((statement) => ({ of, statement })));
  for (const [path, { type, properties }] of resources) {
    if (type === "AWS::IAM::Policy") {
      for (const role of properties.Roles)
        stand(identity, arnOf(nameToPath.get(role) ?? role), properties.PolicyDocument);
    } else if (type === "AWS::IAM::Role") {
      stand(resource, arnOf(path), properties.AssumeRolePolicyDocument);
    } else if (type === "AWS::ApiGateway::RestApi") {
      // Of execute-api:/* API Gateway makes the ARN of the API and all below it: stages, methods and paths.
      // https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html
      const { Statement } = properties.Policy as { readonly Statement: readonly PolicyStatement[] };
      const whole = ({ Resource = [] }: PolicyStatement) =>
        [Resource].flat().map((each) => each.replace(/^execute-api:/, arnOf(path)));
      stand(resource, arnOf(path), { Statement: Statement.map((each) => ({ ...each, Resource: whole(each) })) });
    } else if (type === "AWS::KMS::Key") {
      stand(resource, arnOf(path), properties.KeyPolicy);
    } else if (type === "AWS::SNS::TopicPolicy") {
      for (const topic of properties.Topics) stand(resource, topic, properties.PolicyDocument);
    } else if (type === "AWS::SQS::QueuePolicy") {
      // A queue's URL stands for it here.
      for (const queue of properties.Queues)
        stand(resource, arnOf(nameToPath.get(queue) ?? queue), properties.PolicyDocument);
    } else if (type === "AWS::Lambda::Permission") {
      const of = properties.FunctionName.startsWith("arn:")
        ? properties.FunctionName
        : arnOf(nameToPath.get(properties.FunctionName) ?? properties.FunctionName);
      resource.push({ of, statement: permissionStatement(of, properties) });
    }
  }
  return { resources, arnOf, pathOf: (arn) => paths.get(arn), identity, resource };
}

/** The statement that Lambda makes of a permission: https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html. */
function permissionStatement(of: string, permission: Properties): PolicyStatement {
  const { Principal, Action, SourceArn, SourceAccount, FunctionUrlAuthType, InvokedViaFunctionUrl } = permission;
  return {
    Effect: "Allow",
    Principal: Principal === "*" ? "*" : { Service: Principal },
    Action,
    Resource: of,
    Condition: {
      ...(SourceArn && { ArnLike: { "aws:SourceArn": SourceArn } }),
      ...((SourceAccount || FunctionUrlAuthType) && {
        StringEquals: {
          ...(SourceAccount && { "aws:SourceAccount": SourceAccount }),
          ...(FunctionUrlAuthType && { "lambda:FunctionUrlAuthType": FunctionUrlAuthType }),
        },
      }),
      ...(InvokedViaFunctionUrl && { Bool: { "lambda:InvokedViaFunctionUrl": "true" } }),
    },
  };
}
