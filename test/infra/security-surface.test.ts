import { expect, test } from "vitest";
import { stringify } from "yaml";
import { everything, type Synthesized } from "../../infra/synthesize.ts";
import { synthesize } from "../fixtures/synthesized.ts";

/** Types of resources that decide who reaches what, and of each what does. */
const surfaces: Readonly<Record<string, readonly string[]>> = {
  "AWS::IAM::Role": ["AssumeRolePolicyDocument", "ManagedPolicyArns", "PermissionsBoundary"],
  "AWS::IAM::Policy": ["PolicyDocument", "Roles"],
  "AWS::KMS::Key": ["KeyPolicy", "EnableKeyRotation", "PendingWindowInDays"],
  "AWS::Lambda::Permission": [
    "Action",
    "Principal",
    "FunctionName",
    "SourceArn",
    "FunctionUrlAuthType",
    "InvokedViaFunctionUrl",
  ],
  "AWS::Lambda::Url": ["AuthType", "Cors", "TargetFunctionArn"],
  "AWS::Lambda::EventSourceMapping": ["EventSourceArn", "FunctionName"],
  "AWS::Scheduler::Schedule": ["ScheduleExpression", "Target"],
  "AWS::Events::Rule": ["EventBusName", "EventPattern", "Targets"],
  "AWS::SNS::Topic": ["KmsMasterKeyId"],
  "AWS::SNS::TopicPolicy": ["PolicyDocument", "Topics"],
  "AWS::SNS::Subscription": ["Protocol", "Endpoint", "TopicArn", "FilterPolicy"],
  "AWS::SQS::Queue": ["KmsMasterKeyId", "SqsManagedSseEnabled"],
  "AWS::SQS::QueuePolicy": ["PolicyDocument", "Queues"],
  "AWS::DynamoDB::Table": ["SSESpecification", "PointInTimeRecoverySpecification"],
  "AWS::SecretsManager::Secret": ["KmsKeyId", "GenerateSecretString"],
  "AWS::Logs::LogGroup": ["KmsKeyId", "RetentionInDays"],
};

/** The same of what is in front of the receiver, where that is a REST API. */
const frontSurfaces: Readonly<Record<string, readonly string[]>> = {
  "AWS::ApiGateway::RestApi": ["EndpointAccessMode", "EndpointConfiguration", "Policy", "SecurityPolicy"],
  "AWS::ApiGateway::Stage": ["AccessLogSetting", "MethodSettings"],
  "AWS::ApiGateway::Method": ["AuthorizationType", "HttpMethod", "Integration"],
  "AWS::WAFv2::IPSet": ["Addresses", "IPAddressVersion", "Scope"],
  "AWS::WAFv2::WebACL": ["DefaultAction", "Rules", "Scope", "VisibilityConfig"],
  "AWS::WAFv2::WebACLAssociation": ["ResourceArn", "WebACLArn"],
};

/** What of the template decides who reaches what, by the paths of the constructs. */
function securitySurface(synthesized: Synthesized, shown = surfaces): string {
  const surface = Object.entries(shown).map(([type, properties]) => {
    const resources = [...synthesized.resources]
      .filter(([, { Type }]) => Type === type)
      .sort(([first], [second]) => (first < second ? -1 : 1))
      .map(([path, { Properties, DeletionPolicy }]) => {
        const shown = properties.flatMap((name) =>
          Properties?.[name] === undefined ? [] : [[name, synthesized.readable(Properties[name])]],
        );
        return [path, { ...(DeletionPolicy && { DeletionPolicy }), ...Object.fromEntries(shown) }];
      });
    return [type, Object.fromEntries(resources)];
  });
  return stringify(Object.fromEntries(surface), { lineWidth: 0, aliasDuplicateObjects: false });
}

test.each([
  ["security-surface", everything],
  ["security-surface-customer-managed-key", { ...everything, customerManagedKey: true }],
])("%s is as it was reviewed; `npx vitest run test/infra --update` writes it anew", async (name, context) => {
  await expect(securitySurface(synthesize(context))).toMatchFileSnapshot(`${name}.yml`);
});

test("security-surface-front is as it was reviewed", async () => {
  const limited = { canary: false, allowedCidrs: "192.0.2.0/24,2001:db8::/32" };
  const front = synthesize({ ...everything, ...limited, front: "restApi", firewall: true });
  await expect(securitySurface(front, frontSurfaces)).toMatchFileSnapshot("security-surface-front.yml");
});

test("no resource of a kind that decides who reaches what is left out", () => {
  const withFirewall = { ...everything, canary: false, allowedCidrs: "192.0.2.0/24", front: "restApi", firewall: true };
  const types = new Set(
    [everything, withFirewall].flatMap((context) =>
      [...synthesize(context).resources.values()].map(({ Type }) => Type),
    ),
  );
  const harmless = [
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::GatewayResponse",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Function",
    "AWS::Logs::QueryDefinition",
  ];
  expect([...types].filter((type) => !(type in surfaces) && !(type in frontSurfaces)).sort()).toEqual(harmless);
});
