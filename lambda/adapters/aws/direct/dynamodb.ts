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
  stringify: (input) => JSON.stringify(withBase64(input)),
  // A function that sees every value takes much longer than the parser: few items have a binary value.
  parse: (text) => (/"B(?:":\s*"|S":)/.test(text) ? JSON.parse(text, readBytes) : JSON.parse(text)),
};

/** The value itself where it holds no bytes, as nearly all do; else a copy. */
function withBase64(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  }
  let copy: Record<string, unknown> | null = null;
  for (const [name, each] of Object.entries(value)) {
    const written = withBase64(each);
    if (written === each) continue;
    copy ??= (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
    copy[name] = written;
  }
  return copy ?? value;
}

/** Only a binary value has a text, or a list, under these names: an attribute of the same name has a typed value. */
function readBytes(name: string, value: unknown): unknown {
  if (name === "B" && typeof value === "string") return bytesOf(value);
  if (name === "BS" && Array.isArray(value)) return value.map((each) => bytesOf(String(each)));
  return value;
}

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));
