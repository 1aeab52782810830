import type { AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";
import { type Exception, exceptionSchema } from "../../core/exceptions/exception.ts";
import { toAttribute, toPlainItem } from "../aws/dynamodb/attribute-value.ts";
import { isWritten } from "../aws/dynamodb/conditional-write.ts";

/*
 * The exceptions of a user are one item of the state table; those for every user are another. Each exception is its own
 * attribute, so that concurrent changes do not overwrite one another.
 */

/** What the ids of the items of exceptions begin with. */
export const exceptionsPrefix = "exceptions#";
const attribute = "exception#";

/** The id of the item of exceptions that are not for one user. */
export const exceptionsOfAnyoneId = `${exceptionsPrefix}anyone`;

/** The id of the item of a user's exceptions. */
export function exceptionsOfUserId(user: string): string {
  return `${exceptionsPrefix}user#${user}`;
}

/** The id of the item that an exception stands in. */
function itemIdOf({ scope }: Exception): string {
  return scope.user === undefined ? exceptionsOfAnyoneId : exceptionsOfUserId(scope.user);
}

/**
 * Reads an item. An exception that cannot be read is left out, and so is one that stands in another item, or under another name, than
 * its own: no command could remove it.
 */
export function readExceptions(item: Readonly<Record<string, AttributeValue>> | undefined): Exception[] {
  return Object.entries(toPlainItem(item ?? {})).flatMap(([name, value]) => {
    if (!name.startsWith(attribute)) return [];
    const parsed = v.safeParse(exceptionSchema, value);
    const isInPlace =
      parsed.success && name === attribute + parsed.output.id && item?.id?.S === itemIdOf(parsed.output);
    return isInPlace ? [parsed.output] : [];
  });
}

/** Exceptions that ended this long ago are removed when another is written beside them. */
const keepEndedMilliseconds = 30 * 86_400_000;
/**
 * The most exceptions that one write removes: DynamoDB accepts an expression of 4,096 bytes and 300 operators
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html).
 */
const maximumRemovals = 100;

/** The stored exceptions, for the commands and the notices. */
export type ExceptionItems = Awaited<ReturnType<typeof openExceptions>>;

/** Opens the exceptions on the state table. */
export async function openExceptions(client: DynamoDBClient, tableName: string) {
  const { GetItemCommand, UpdateItemCommand, paginateScan } = await import("@aws-sdk/client-dynamodb");
  const keyOf = (exception: Exception) => ({ id: { S: itemIdOf(exception) } });
  const nameOf = ({ id }: Exception) => attribute + id;
  /** Changes one attribute; false when the condition is not met. */
  const update = (
    exception: Exception,
    expression: string,
    values: Record<string, AttributeValue>,
    condition: string | undefined,
    names: Readonly<Record<string, string>> = {},
  ): Promise<boolean> =>
    isWritten(
      client.send(
        new UpdateItemCommand({
          TableName: tableName,
          Key: keyOf(exception),
          UpdateExpression: expression,
          ExpressionAttributeNames: { "#exception": nameOf(exception), ...names },
          ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
          ...(condition === undefined ? {} : { ConditionExpression: condition }),
        }),
      ),
    );
  return {
    async list(): Promise<readonly Exception[]> {
      const found: Exception[] = [];
      const pages = paginateScan(
        { client },
        {
          TableName: tableName,
          FilterExpression: "begins_with(id, :prefix)",
          ExpressionAttributeValues: { ":prefix": { S: exceptionsPrefix } },
          ConsistentRead: true,
        },
      );
      for await (const { Items = [] } of pages) found.push(...Items.flatMap(readExceptions));
      return found.sort((a, b) => (a.until < b.until ? -1 : 1));
    },
    async add(exception: Exception, now: Date): Promise<void> {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: tableName, Key: keyOf(exception), ConsistentRead: true }),
      );
      const ended = readExceptions(Item)
        .filter(({ until }) => Date.parse(until) < now.getTime() - keepEndedMilliseconds)
        .slice(0, maximumRemovals);
      const names = Object.fromEntries(ended.map((each, index) => [`#ended${index}`, nameOf(each)]));
      const remove = ended.length === 0 ? "" : ` REMOVE ${Object.keys(names).join(", ")}`;
      const value = toAttribute({ ...exception, scope: scopeAsPlain(exception) });
      await update(exception, `SET #exception = :exception${remove}`, { ":exception": value }, undefined, names);
    },
    /** False when there is no exception of this id. */
    remove: (exception: Exception) => update(exception, "REMOVE #exception", {}, "attribute_exists(#exception)"),
    /** Records that a notice was published; false when the exception is gone. */
    markNoticed: (exception: Exception, now: Date) =>
      update(
        exception,
        "SET #exception.#noticedAt = :now",
        { ":now": { S: now.toISOString() } },
        "attribute_exists(#exception)",
        { "#noticedAt": "noticedAt" },
      ),
  };
}

function scopeAsPlain({ scope }: Exception) {
  const given = Object.entries(scope).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Record<string, string | number | string[]>;
}
