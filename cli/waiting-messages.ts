import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import type { Deployment } from "./deployment.ts";

/**
 * Counts the messages of the retry queue: those that can be received, those that are delayed, and those that a function has
 * received. SQS counts them approximately
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html).
 */
export async function countWaiting({ sqs, retryQueueUrl }: Deployment): Promise<number> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: retryQueueUrl,
      AttributeNames: [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesDelayed",
        "ApproximateNumberOfMessagesNotVisible",
      ],
    }),
  );
  return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
}
