import type { ClientSettings } from "../client.ts";
import type { Dynamodb } from "../operations.ts";
import type { Access } from "./access.ts";
import { createJsonCaller, type JsonForm } from "./json-protocol.ts";

/** Calls DynamoDB directly. */
export function directDynamodb(access: Access, settings: ClientSettings): Dynamodb {
  // The SDK's client of DynamoDB has the same delay.
  const pace = { ...settings, baseDelay: 25 };
  const call = createJsonCaller(access, { version: "1.0", target: "DynamoDB_20120810", form }, pace);
  const operation =
    <Input extends object, Output>(name: string) =>
    (input: Input, signal?: AbortSignal) =>
      call(name, input, signal) as Promise<Output>;
  return {
    batchGetItem: operation("BatchGetItem"),
    getItem: operation("GetItem"),
    updateItem: operation("UpdateItem"),
    deleteItem: operation("DeleteItem"),
  };
}

/**
 * DynamoDB's JSON has binary values in base64, the SDK as bytes
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html#Programming.LowLevelAPI.Binary).
 */
const form: JsonForm = {
  stringify: (input) => JSON.stringify(holdsBytes(input) ? withBase64(input) : input),
  // A function that sees every value takes much longer than the parser: few items have a binary value.
  parse: (text) => (/"B(?:":\s*"|S":)/.test(text) ? JSON.parse(text, readBytes) : JSON.parse(text)),
};

function holdsBytes(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return value instanceof Uint8Array || Object.values(value).some(holdsBytes);
}

function withBase64(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withBase64);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withBase64(each)]));
}

/** Only a binary value has a text, or a list, under these names: an attribute of the same name has a typed value. */
function readBytes(name: string, value: unknown): unknown {
  if (name === "B" && typeof value === "string") return bytesOf(value);
  if (name === "BS" && Array.isArray(value)) return value.map((each) => bytesOf(String(each)));
  return value;
}

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));
