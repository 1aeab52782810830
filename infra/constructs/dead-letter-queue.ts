import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { allowFailedEvents, events } from "./encryption.ts";
import { OwnQueue } from "./own-queue.ts";

/** The queue of input that could not be read, and of work that failed too often, for an operator. */
export class DeadLetterQueue extends OwnQueue {
  /**
   * Lets these rules of EventBridge send events to the queue that they could not deliver:
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
