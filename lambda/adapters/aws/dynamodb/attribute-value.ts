import type { AttributeValue } from "@aws-sdk/client-dynamodb";

/*
 * DynamoDB's types to and from plain values: the part that our items are made of. The document client does the same, and
 * costs a function that is under a deadline more to load than all else it needs of DynamoDB.
 */

/** What an attribute of ours may hold. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [name: string]: Plain };

/** The plain value of an attribute; null for what is missing, or of a type that our items do not use. */
export function toPlain(attribute: AttributeValue | undefined): unknown {
  if (attribute?.S !== undefined) return attribute.S;
  if (attribute?.N !== undefined) return Number(attribute.N);
  if (attribute?.BOOL !== undefined) return attribute.BOOL;
  if (attribute?.L !== undefined) return attribute.L.map(toPlain);
  if (attribute?.M !== undefined) return toPlainItem(attribute.M);
  return null;
}

/** The plain values of an item's attributes. */
export function toPlainItem(item: Readonly<Record<string, AttributeValue>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, toPlain(value)]));
}

/** A plain value as an attribute. */
export function toAttribute(value: Plain): AttributeValue {
  if (value === null) return { NULL: true };
  if (typeof value === "string") return { S: value };
  if (typeof value === "number") return { N: String(value) };
  if (typeof value === "boolean") return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(toAttribute) };
  return { M: Object.fromEntries(Object.entries(value).map(([name, each]) => [name, toAttribute(each)])) };
}
