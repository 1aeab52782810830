import { type AttributeValue, DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { exceptionsPrefix } from "../lambda/adapters/tables/exceptions.ts";
import { fieldsOf } from "../lambda/core/values/object.ts";
import type { FaultProxy } from "./fault-proxy.ts";
import { names } from "./resources.ts";

/** Handles an event of the stream. */
export type StreamHandler = (event: unknown) => Promise<unknown>;

const writes: ReadonlySet<string> = new Set(["PutItem", "UpdateItem", "DeleteItem"]);

/**
 * Stands in for the stream of the state table, which dynalite does not have, and for Lambda's event source mapping on it: each
 * write of an item of exceptions through the proxy invokes the function with one record, in the order of the writes, with the
 * images before and after it (https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html). A batch or a transaction does not,
 * which nothing of ours sends; a failed invocation is not tried again.
 *
 * @param endpoint where the table is read
 * @returns ends it, after the invocations that are due
 */
export function streamExceptions(
  proxy: FaultProxy,
  endpoint: string,
  getHandler: () => Promise<StreamHandler>,
  onError: (error: unknown) => void,
): () => Promise<void> {
  const client = new DynamoDBClient({ endpoint });
  const images = new Map<string, Record<string, AttributeValue> | undefined>();
  let last: Promise<void> = Promise.resolve();
  const invoke = async (id: string): Promise<void> => {
    const key = { id: { S: id } };
    const { Item: after } = await client.send(
      new GetItemCommand({ TableName: names.stateTable, Key: key, ConsistentRead: true }),
    );
    const before = images.get(id);
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    images.set(id, after);
    const handle = await getHandler();
    await handle({ Records: [{ dynamodb: { Keys: key, OldImage: before, NewImage: after } }] });
  };
  proxy.follow(({ service, action, input }) => {
    const id = fieldsOf(fieldsOf(fieldsOf(input.Key ?? input.Item).id)).S;
    const isWrite = service === "dynamodb" && writes.has(action) && input.TableName === names.stateTable;
    if (!isWrite || typeof id !== "string" || !id.startsWith(exceptionsPrefix)) return;
    last = last.then(() => invoke(id)).catch(onError);
  });
  return async () => {
    await last;
    client.destroy();
  };
}
