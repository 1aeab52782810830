import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { allowFailedEvents, events } from "./encryption.ts";
import { OwnQueue } from "./own-queue.ts";

/** The queue where an operator finds what could not be judged, and what was tried in vain. */
export class DeadLetterQueue extends OwnQueue {
  /**
   * Lets these rules of EventBridge put what they could not deliver onto the queue:
   * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
   */
  allowRules(ruleArns: readonly string[]): void {
    const { key } = this.encryption;
    if (key !== undefined) allowFailedEvents(key);
    this.queue.addToResourcePolicy(
      new PolicyStatement({
        sid: "FailedEvents",
        principals: [events],
        actions: ["sqs:SendMessage"],
        resources: [this.queue.queueArn],
        conditions: { ArnEquals: { "aws:SourceArn": ruleArns.length === 1 ? ruleArns[0] : ruleArns } },
      }),
    );
  }
}
