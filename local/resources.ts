import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";
import { incidentIndex } from "../lambda/adapters/tables/incident-index.ts";
import { maximumAttempts } from "../lambda/core/pipeline/back-off.ts";
import * as budget from "../lambda/core/time/budget.ts";

/** The resources that the embedded run and the tests create, in the shape of the stack's tables, topic and queues. */
export const tables = [
  {
    TableName: "profiles",
    AttributeDefinitions: [{ AttributeName: "user", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "user", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
  },
  {
    TableName: "state",
    AttributeDefinitions: [
      { AttributeName: "id", AttributeType: "S" },
      { AttributeName: incidentIndex.partitionKey, AttributeType: "S" },
      { AttributeName: incidentIndex.sortKey, AttributeType: "S" },
    ],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    GlobalSecondaryIndexes: [
      {
        IndexName: incidentIndex.name,
        KeySchema: [
          { AttributeName: incidentIndex.partitionKey, KeyType: "HASH" },
          { AttributeName: incidentIndex.sortKey, KeyType: "RANGE" },
        ],
        Projection: { ProjectionType: "KEYS_ONLY" },
      },
    ],
    BillingMode: "PAY_PER_REQUEST",
  },
] satisfies readonly CreateTableCommandInput[];

/** Names of tables, topic and queues. */
export const names = {
  profileTable: "profiles",
  stateTable: "state",
  alertTopic: "alerts",
  /** Subscribed to the topic. */
  alertQueue: "alerts",
  retryQueue: "retries",
  deadLetterQueue: "dead-letters",
} as const;

/** The retry queue's handling of failed work, as in the stack. */
export function retryQueueAttributes(
  deadLetterQueueArn: string,
  visibilitySeconds = budget.retryVisibilitySeconds,
): Record<string, string> {
  return {
    VisibilityTimeout: String(visibilitySeconds),
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetterQueueArn, maxReceiveCount: maximumAttempts }),
  };
}
