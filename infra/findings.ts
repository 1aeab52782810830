import { type Stack, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks } from "cdk-nag";
import type { Construct } from "constructs";

/** The packs of rules that check the stack at each synthesis. */
export const packs = (scope: Construct) => [
  new AwsSolutionsChecks(scope),
  new NIST80053R5Checks(scope),
  new ServerlessChecks(scope),
];

/** The reason why a rule of a pack does not apply. */
export interface Explanation {
  /** The rules, by the pack's name and their names in it. */
  readonly rules: readonly string[];
  /** Matches the paths of its constructs, below the stack. */
  readonly where: RegExp;
  readonly reason: string;
}

const aFunction = /\/Function\/Resource$/;

/** Every accepted finding, with its reason; any other finding fails the synthesis. */
export const explanations: readonly Explanation[] = [
  {
    rules: ["AwsSolutions::AwsSolutions-SMG4", "NIST.800.53.R5::NIST.800.53.R5-SecretsManagerRotationEnabled"],
    where: /^(HookSecret|OktaCredential)\/Secret\/Resource$/,
    reason:
      "Okta holds the other half: a rotation that does not change it there as well would lock Okta, or the sync, out. The runbook has the rotation by hand, and a test rehearses it.",
  },
  {
    rules: ["AwsSolutions::AwsSolutions-SMG4", "NIST.800.53.R5::NIST.800.53.R5-SecretsManagerRotationEnabled"],
    where: /^StateKey\/Secret\/Resource$/,
    reason:
      "Logins are hashed with it to find what is remembered of users: a rotation would forget all of that. It opens nothing, and leaves no function.",
  },
  {
    rules: ["Serverless::Serverless-SQSRedrivePolicy"],
    where: /^DeadLetters\/Queue\/Resource$/,
    reason: "The queue is a dead-letter queue itself: functions and the retry queue send to it.",
  },
  {
    rules: [
      "AwsSolutions::AwsSolutions-SQS3",
      "Serverless::Serverless-SQSRedrivePolicy",
      "Serverless::Serverless-LambdaEventSourceMappingDestination",
    ],
    where: /^ProfileRefresh\/(Default\/Queue|Mapping)\/Resource$/,
    reason: "A refresh that fails is no loss: the scheduled sync brings the same within the hour.",
  },
  {
    rules: ["Serverless::Serverless-LambdaEventSourceMappingDestination"],
    where: /^Redrive\/Mapping\/Resource$/,
    reason: "What fails stays on the retry queue, whose own redrive policy moves it to the dead-letter queue.",
  },
  {
    rules: ["Serverless::Serverless-LambdaEventSourceMappingDestination"],
    where: /^ExceptionNotices\/Changes\/Resource$/,
    reason:
      "Lambda hands the function what failed again for as long as the stream keeps it, a day, and an alarm tells of the errors; a destination would get the place of a record in the stream alone.",
  },
  {
    rules: ["NIST.800.53.R5::NIST.800.53.R5-LambdaDLQ", "Serverless::Serverless-LambdaDLQ"],
    where: aFunction,
    reason:
      "The receiver is invoked by its URL, redrive and refresh by their queues: none of them asynchronously. Outputs and the log stream have a failure destination, the later form of the same. What runs on a schedule has an alarm on its errors, and the next run does the same work.",
  },
  {
    rules: ["Serverless::Serverless-LambdaAsyncFailureDestination"],
    where: /^(ProfileSync\/Sync|Reconciliation\/Reconcile|Canary\/Canary)\/Function\/EventInvokeConfig\/Resource$/,
    reason: "Invoked on a schedule: an alarm tells of errors, and there is nothing in the invocation to keep.",
  },
  {
    rules: ["Serverless::Serverless-SNSRedrivePolicy"],
    where: /^\w+Output\/Publisher\/Function\/Topic\/Resource$/,
    reason:
      "SNS goes on for 23 days when it cannot hand an alert to Lambda; what Lambda took and could not do goes to the dead-letter queue.",
  },
  {
    rules: ["Serverless::Serverless-SNSRedrivePolicy"],
    where: /^(Alerts|Operations)\/Topic\/.+@.+\/Resource$/,
    reason:
      "A mail that cannot be delivered is not to be delivered from a queue later: the mail's own server retries it.",
  },
  {
    rules: ["NIST.800.53.R5::NIST.800.53.R5-LambdaFunctionPublicAccessProhibited"],
    where: /^Receiver\/Receiver\/Function\/invoke-function(-url)?$/,
    reason:
      "Okta signs nothing that IAM knows: it has to reach the URL, and the function checks the shared secret. allowedCidrs limits the addresses.",
  },
  {
    rules: ["NIST.800.53.R5::NIST.800.53.R5-LambdaInsideVPC"],
    where: aFunction,
    reason:
      "The functions talk to AWS's services and to Okta, over TLS, and to nothing in a VPC. docs/security.md says what a VPC would take.",
  },
  {
    rules: ["NIST.800.53.R5::NIST.800.53.R5-LambdaConcurrency"],
    where: aFunction,
    reason:
      "New accounts have no concurrency to spare, and a receiver that is limited loses events. reservedConcurrency sets some aside for it.",
  },
  {
    rules: [
      "NIST.800.53.R5::NIST.800.53.R5-SecretsManagerUsingKMSKey",
      "NIST.800.53.R5::NIST.800.53.R5-CloudWatchLogGroupEncrypted",
    ],
    where: /\/(Secret|Logs)\/Resource$/,
    reason: "Encrypted by keys that AWS manages; customerManagedKey encrypts all by one of the account's own.",
  },
  {
    rules: ["NIST.800.53.R5::NIST.800.53.R5-SNSEncryptedKMS"],
    where: /^Operations\/Topic\/Resource$/,
    reason:
      "Alarms hold no data of a person, and CloudWatch cannot use the key that AWS manages for SNS. customerManagedKey encrypts this topic as well.",
  },
  {
    rules: ["NIST.800.53.R5::NIST.800.53.R5-DynamoDBInBackupPlan"],
    where: /^(Profiles|State)\/Table\/Resource$/,
    reason: "Point-in-time recovery brings a table back to any second of the last 35 days.",
  },
  {
    rules: ["NIST.800.53.R5::NIST.800.53.R5-IAMNoInlinePolicy"],
    where: /\/Role\/DefaultPolicy\/Resource$/,
    reason: "Each policy belongs to one role and names its resources: a managed policy would serve no other role.",
  },
  {
    rules: ["AwsSolutions::AwsSolutions-IAM5[Resource::*]"],
    where: /^ExceptionNotices\/Notices\/Role\/DefaultPolicy\/Resource$/,
    reason:
      "dynamodb:ListStreams, which Lambda asks for to read the state table's stream, knows no resource. It lists the names of streams.",
  },
  {
    rules: ["Serverless::Serverless-LambdaTracing"],
    where: aFunction,
    reason:
      "X-Ray would cost every request time and money. The time of each step is a metric, and one query follows an event through all logs.",
  },
  {
    rules: ["AwsSolutions::AwsSolutions-APIG4", "AwsSolutions::AwsSolutions-COG4"],
    where: /^Receiver\/RestApi\/Api\/Default\/ANY\/Resource$/,
    reason: "Okta signs nothing that API Gateway or Cognito knows: the function checks the shared secret.",
  },
  {
    rules: ["AwsSolutions::AwsSolutions-APIG2"],
    where: /^Receiver\/RestApi\/Api\/Resource$/,
    reason:
      "The function validates each delivery, and keeps the usable events of one that has unusable ones: a refusal by API Gateway would lose them, since Okta never retries a 4xx.",
  },
  {
    rules: [
      "AwsSolutions::AwsSolutions-APIG1",
      "AwsSolutions::AwsSolutions-APIG6",
      "NIST.800.53.R5::NIST.800.53.R5-APIGWExecutionLoggingEnabled",
      "Serverless::Serverless-APIGWAccessLogging",
    ],
    where: /^Receiver\/RestApi\/Api\/DeploymentStage\.hook\/Resource$/,
    reason:
      "Logs of a REST API take a role that the whole account shares, and execution logs hold bodies. The function logs every delivery by its id, and API Gateway counts requests and errors.",
  },
  {
    rules: ["NIST.800.53.R5::NIST.800.53.R5-APIGWCacheEnabledAndEncrypted"],
    where: /^Receiver\/RestApi\/Api\/DeploymentStage\.hook\/Resource$/,
    reason: "Every delivery is new: there is no answer to cache.",
  },
  {
    rules: ["NIST.800.53.R5::NIST.800.53.R5-APIGWSSLEnabled"],
    where: /^Receiver\/RestApi\/Api\/DeploymentStage\.hook\/Resource$/,
    reason:
      "A client certificate is for backends that API Gateway reaches by HTTP; it invokes the function by IAM. Clients reach the API by TLS 1.2 or later.",
  },
  {
    rules: ["AwsSolutions::AwsSolutions-APIG3", "NIST.800.53.R5::NIST.800.53.R5-APIGWAssociatedWithWAF"],
    where: /^Receiver\/RestApi\/Api\/DeploymentStage\.hook\/Resource$/,
    reason: "AWS WAF costs 6 USD a month and more: the setting firewall associates a web ACL.",
  },
  {
    rules: ["NIST.800.53.R5::NIST.800.53.R5-WAFv2LoggingEnabled"],
    where: /^Receiver\/RestApi\/Firewall\/WebAcl$/,
    reason:
      "Logs of AWS WAF hold the headers of requests, Okta's secret among them. AWS WAF counts what each rule blocks and allows.",
  },
  {
    rules: ["Serverless::Serverless-APIGWXrayEnabled"],
    where: /^Receiver\/RestApi\/Api\/DeploymentStage\.hook\/Resource$/,
    reason: "X-Ray would cost every request time and money, and the function is all that is behind the API.",
  },
];

/** Acknowledges the findings of {@link explanations} in the packs. */
export function acknowledgeFindings(stack: Stack, all = explanations): void {
  const prefix = `${stack.node.path}/`;
  for (const construct of stack.node.findAll()) {
    const path = construct.node.path.slice(prefix.length);
    for (const { rules, where, reason } of all) {
      if (where.test(path)) for (const id of rules) Validations.of(construct).acknowledge({ id, reason });
    }
  }
}
