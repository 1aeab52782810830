import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { convertToAttr, unmarshall } from "@aws-sdk/util-dynamodb";

/** The values that an attribute may hold. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [name: string]: Plain };

/** The plain values of an item's attributes. A number becomes the nearest that JavaScript can hold. */
export function toPlainItem(item: Readonly<Record<string, AttributeValue>>): Record<string, unknown> {
  return unmarshall(item, { wrapNumbers: Number });
}

/** A plain value as an attribute. */
export function toAttribute(value: Plain): AttributeValue {
  return convertToAttr(value);
}
