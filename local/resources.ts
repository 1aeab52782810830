import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";

/** What the embedded run and the tests create: the shapes of the stack's tables, topic and queues. */
export const tables = [
  {
    TableName: "profiles",
    AttributeDefinitions: [{ AttributeName: "user", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "user", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
  },
  {
    TableName: "state",
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
  },
] as const satisfies readonly CreateTableCommandInput[];

/** The topic that alerts are published to, the queue that is subscribed to it, and where malformed events go. */
export const names = {
  profileTable: "profiles",
  alertTopic: "alerts",
  alertQueue: "alerts",
  deadLetterQueue: "dead-letters",
};
