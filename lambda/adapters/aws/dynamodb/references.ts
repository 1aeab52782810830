import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { type Plain, toAttribute } from "./attribute-value.ts";

/** Writes the path of an attribute, or a value, of an expression by reference: each name and each value once. */
export interface Reference {
  (parts: readonly string[]): string;
  value(plain: Plain): string;
}

/** What DynamoDB takes beside the expressions. */
interface References {
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Record<string, AttributeValue>;
}

/** Makes references for the expressions of one request. @returns `references`, for when all are written */
export function startReferences(): { readonly path: Reference; readonly references: () => References } {
  const names = new Map<string, string>();
  const values = new Map<Plain, string>();
  const refer = <Key>(known: Map<Key, string>, key: Key, sign: string) => {
    const reference = known.get(key) ?? `${sign}${known.size}`;
    known.set(key, reference);
    return reference;
  };
  const path = (parts: readonly string[]) => parts.map((part) => refer(names, part, "#")).join(".");
  return {
    path: Object.assign(path, { value: (plain: Plain) => refer(values, plain, ":") }),
    references: () => ({
      ExpressionAttributeNames: Object.fromEntries([...names].map(([name, reference]) => [reference, name])),
      ExpressionAttributeValues: Object.fromEntries(
        [...values].map(([plain, reference]) => [reference, toAttribute(plain)]),
      ),
    }),
  };
}
