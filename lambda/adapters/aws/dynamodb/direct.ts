import type { ClientSettings } from "../client.ts";
import type { Access } from "../direct/access.ts";
import { createJsonCaller, type JsonForm } from "../direct/json-protocol.ts";
import type { Dynamodb } from "./operations.ts";

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
  stringify: (input) =>
    JSON.stringify(input, function (this: Readonly<Record<string, unknown>>, name, value) {
      // A buffer's own JSON is not its base64, so that it is taken as it is.
      const given = this[name];
      return given instanceof Uint8Array ? Buffer.from(given).toString("base64") : value;
    }),
  parse: (text) => (text.includes('"B') ? JSON.parse(text, readBytes) : JSON.parse(text)),
};

/** Only a binary value has a text, or a list, under these names: an attribute of the same name has a typed value. */
function readBytes(name: string, value: unknown): unknown {
  if (name === "B" && typeof value === "string") return bytesOf(value);
  if (name === "BS" && Array.isArray(value)) return value.map((each) => bytesOf(String(each)));
  return value;
}

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));
