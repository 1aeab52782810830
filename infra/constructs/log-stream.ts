import { CfnRule } from "aws-cdk-lib/aws-events";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import type { StreamPattern } from "../stream-patterns.ts";
import { events } from "./encryption.ts";
import type { OwnFunctionProps } from "./own-function.ts";
import { PipelineFunction, type PipelineResources } from "./pipeline-function.ts";
import type { ProfileRefresh } from "./profile-refresh.ts";
import type { Redrive } from "./redrive.ts";
import { redriveTimeout } from "./retry-queue.ts";

interface LogStreamProps extends PipelineResources, Pick<OwnFunctionProps, "code"> {
  /** The partner event bus that the org's log stream feeds; it has to exist. */
  readonly eventBusName: string;
  /** The patterns of events of the bus: a rule for each. */
  readonly patterns: readonly StreamPattern[];
  /** Refreshes users whose profiles have changed; null where profiles do not come from Okta. */
  readonly profileRefresh: ProfileRefresh | null;
  /** Reads the work that the function parks, and so is deployed before it. */
  readonly redrive: Redrive;
}

/**
 * The rules on the event bus that the org's log stream feeds, and the function that they invoke. Events that they
 * cannot deliver within 24 hours, or that the function fails at three times, go to the dead-letter queue.
 */
export class LogStream extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: LogStreamProps) {
    super(scope, id);
    const { settings, eventBusName, patterns, profileRefresh, redrive, deadLetterQueue } = props;
    const { oktaOrgUrl } = settings;
    const stream = new PipelineFunction(this, "Stream", {
      ...props,
      description: "Receives the org's log stream and publishes alerts",
      // It works at redrive's pace: its caller does not wait.
      timeout: redriveTimeout,
      retryAttempts: 2,
      // The same grant lets it send malformed events there.
      onFailure: deadLetterQueue,
      environment: {
        ...(oktaOrgUrl === undefined ? {} : { OKTA_ORG_URL: oktaOrgUrl }),
        ...(profileRefresh === null ? {} : { REFRESH_QUEUE_URL: profileRefresh.refreshes.queue.queueUrl }),
      },
    });
    this.function = stream.function;
    profileRefresh?.refreshes.grantSend(stream.role);
    const { functionArn: arn } = stream.function;
    const rules = patterns.map((eventPattern, index) => {
      const name = `Rule${index + 1}`;
      // Not CDK's Rule and LambdaFunction, which accept no plain pattern, and set the queue's policy and key
      // themselves.
      const rule = new CfnRule(this, name, {
        description: "Events of Okta's log stream that detections are about",
        eventBusName,
        eventPattern,
        targets: [{ id: "Stream", arn, deadLetterConfig: { arn: deadLetterQueue.queue.queueArn } }],
      });
      stream.function.addPermission(`By${name}`, { principal: events, sourceArn: rule.attrArn });
      rule.node.addDependency(redrive.function);
      return rule;
    });
    deadLetterQueue.allowRules(rules.map(({ attrArn }) => attrArn));
  }
}
