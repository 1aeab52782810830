import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import { CfnMicrosoftTeamsChannelConfiguration, SlackChannelConfiguration } from "aws-cdk-lib/aws-chatbot";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { SubscriptionFilter, Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription, SqsSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { SNS_SUBSCRIPTIONS_SQS_DECRYPTION_POLICY } from "aws-cdk-lib/cx-api";
import type { Construct } from "constructs";

/** The outputs of okta-proxy-watch that are subscribed to, and who does. */
export interface SubscriptionsProps extends StackProps {
  readonly alertTopicArn: string;
  readonly ocsfTopicArn: string;
  readonly chatTopicArn: string;
  readonly slackWorkspaceId: string;
  readonly slackChannelId: string;
  readonly teamsTenantId: string;
  readonly teamsTeamId: string;
  readonly teamsChannelId: string;
}

/** One of each subscription: take those that you need. */
export class SubscriptionsStack extends Stack {
  constructor(scope: Construct, id: string, props: SubscriptionsProps) {
    super(scope, id, props);
    // Without this feature flag, which apps made by `cdk init` have, CDK lets every topic of every account use the queue's key.
    this.node.setContext(SNS_SUBSCRIPTIONS_SQS_DECRYPTION_POLICY, true);

    // E-mail: what got in, and is severe or far from home. Each address has to confirm.
    const alerts = Topic.fromTopicArn(this, "Alerts", props.alertTopicArn);
    alerts.addSubscription(
      new EmailSubscription("security@example.com", {
        filterPolicy: {
          severity: SubscriptionFilter.stringFilter({ allowlist: ["high", "critical"] }),
          outcome: SubscriptionFilter.stringFilter({ allowlist: ["SUCCESS"] }),
        },
      }),
    );

    // A queue for a SIEM: every alert but tests, as it is, encrypted by a key of its own.
    const key = new Key(this, "SiemKey", { enableKeyRotation: true });
    const queue = new Queue(this, "SiemQueue", {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const findings = Topic.fromTopicArn(this, "Findings", props.ocsfTopicArn);
    findings.addSubscription(
      new SqsSubscription(queue, {
        rawMessageDelivery: true,
        filterPolicy: { test: SubscriptionFilter.stringFilter({ allowlist: ["false"] }) },
      }),
    );
    // SNS has to be let encrypt what it puts on the queue.
    key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal("sns.amazonaws.com")],
        actions: ["kms:Decrypt", "kms:GenerateDataKey"],
        resources: ["*"],
        conditions: { ArnEquals: { "aws:SourceArn": props.ocsfTopicArn } },
      }),
    );

    // Slack. The workspace has to be authorized once, in the console of Amazon Q Developer in chat applications.
    const chat = Topic.fromTopicArn(this, "Chat", props.chatTopicArn);
    new SlackChannelConfiguration(this, "Slack", {
      slackChannelConfigurationName: "okta-proxy-watch",
      slackWorkspaceId: props.slackWorkspaceId,
      slackChannelId: props.slackChannelId,
      notificationTopics: [chat],
    });

    // Microsoft Teams. The team has to be authorized once, in the same console.
    const role = new Role(this, "TeamsRole", { assumedBy: new ServicePrincipal("chatbot.amazonaws.com") });
    new CfnMicrosoftTeamsChannelConfiguration(this, "Teams", {
      configurationName: "okta-proxy-watch",
      iamRoleArn: role.roleArn,
      teamsTenantId: props.teamsTenantId,
      teamId: props.teamsTeamId,
      teamsChannelId: props.teamsChannelId,
      snsTopicArns: [chat.topicArn],
    });
  }
}
