import { Stack } from "aws-cdk-lib";
import {
  Effect,
  Grant,
  type IGrantable,
  type IPrincipal,
  PolicyStatement,
  ServicePrincipal,
} from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";

interface EncryptionProps {
  /** Whether a key of the account encrypts the data; else keys that AWS manages do. */
  readonly customerManaged: boolean;
}

/** The uses of a service's data, with the actions on the key that they need. */
const uses = {
  "dynamodb read": ["kms:Decrypt", "kms:DescribeKey"],
  "dynamodb write": [
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
  ],
  "sqs read": ["kms:Decrypt"],
  "sqs write": ["kms:Decrypt", "kms:GenerateDataKey"],
  "sns write": ["kms:Decrypt", "kms:GenerateDataKey"],
  "secretsmanager read": ["kms:Decrypt"],
} as const;

/** A service, and whether a use only reads its data. */
export type KeyUse = keyof typeof uses;

/**
 * The key that encrypts tables, queues, topics, secrets and logs, where the account wants its own. It is rotated every
 * year, and stays when the stack is deleted: the tables that stay could not be read without it.
 */
export class Encryption extends Construct {
  /** Undefined where AWS manages the keys. */
  readonly key: Key | undefined;
  /** The grants of each principal, as `service action`, so that none is made twice. */
  readonly #granted = new Map<IPrincipal, Set<string>>();

  constructor(scope: Construct, id: string, { customerManaged }: EncryptionProps) {
    super(scope, id);
    if (!customerManaged) return;
    this.key = new Key(this, "Key", {
      description: "Encrypts all data of okta-proxy-watch",
      enableKeyRotation: true,
    });
    const { partition, region, account, stackName } = Stack.of(this);
    this.key.addToResourcePolicy(
      new PolicyStatement({
        sid: "LogsOfThisStack",
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
        // The actions of https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html, asterisks
        // included.
        actions: ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        resources: ["*"],
        conditions: {
          ArnLike: {
            "kms:EncryptionContext:aws:logs:arn": `arn:${partition}:logs:${region}:${account}:log-group:${stackName}-*`,
          },
        },
      }),
    );
  }

  /** Grants the use of the key by this service alone. Keys that AWS manages need no grant. */
  grant(grantee: IGrantable, use: KeyUse): void {
    if (this.key === undefined) return;
    const service = use.split(" ")[0] ?? "";
    const granted = this.#granted.get(grantee.grantPrincipal) ?? new Set();
    this.#granted.set(grantee.grantPrincipal, granted);
    const actions = uses[use].filter((action) => !granted.has(`${service} ${action}`));
    if (actions.length === 0) return;
    for (const action of actions) granted.add(`${service} ${action}`);
    Grant.addToPrincipal({
      grantee,
      actions,
      resourceArns: [this.key.keyArn],
      conditions: { StringEquals: { "kms:ViaService": `${service}.${Stack.of(this).region}.amazonaws.com` } },
    });
  }
}

/** Lets CloudWatch's alarms of this account use the key of the topic that they are published to. */
export function allowAlarms(key: Key): void {
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: "Alarms",
      principals: [alarms.principal],
      // https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
      actions: ["kms:Decrypt", "kms:GenerateDataKey*"],
      resources: ["*"],
      conditions: alarms.conditions(Stack.of(key)),
    }),
  );
}

/** Lets EventBridge's rules of this account send undelivered events to a queue that the key encrypts. */
export function allowFailedEvents(key: Key): void {
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: "FailedEvents",
      principals: [events],
      // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html#compatibility-with-aws-services
      actions: ["kms:Decrypt", "kms:GenerateDataKey"],
      resources: ["*"],
      // The account alone: no document says that EventBridge sends the rule to KMS as well. The queue's policy names
      // the rule.
      conditions: { StringEquals: { "aws:SourceAccount": Stack.of(key).account } },
    }),
  );
}

/** EventBridge, as the service that invokes the targets of rules. */
export const events = new ServicePrincipal("events.amazonaws.com");

/**
 * CloudWatch as the publisher of alarms. It is a service principal, and sends the alarm's account and ARN both to SNS
 * (https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html) and to KMS
 * (https://aws.github.io/modern-data-architecture-accelerator/typedocs/functions/_aws-mdaa_cloudwatch-constructs.grantCloudWatchAlarmsTopicAccess.html).
 * Without these conditions, an alarm of any account could be published.
 */
export const alarms = {
  principal: new ServicePrincipal("cloudwatch.amazonaws.com"),
  /** The conditions that CloudWatch's requests for an alarm of this account and region meet. */
  conditions: ({ partition, region, account }: Stack) => ({
    StringEquals: { "aws:SourceAccount": account },
    ArnLike: { "aws:SourceArn": `arn:${partition}:cloudwatch:${region}:${account}:alarm:*` },
  }),
} as const;
