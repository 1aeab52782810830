import type { Access } from "./access.ts";
import { type CallerSettings, createCaller, type ErrorDescription, type Protocol } from "./caller.ts";
import type { Answer } from "./post.ts";

/** Calls an operation with its input, and returns its output, both as the SDK has them: for inputs and outputs without times. */
export type CallOperation = (operation: string, input: object, signal?: AbortSignal) => Promise<unknown>;

/** How a service writes and reads JSON. */
export interface JsonForm {
  readonly stringify: (input: object) => string;
  readonly parse: (text: string) => unknown;
}

/** A service that speaks AWS's JSON protocol. */
export interface JsonService {
  readonly version: "1.0" | "1.1";
  /** The name of the service in `x-amz-target`, before the operation: `DynamoDB_20120810`. */
  readonly target: string;
  /** @default that of `JSON` */
  readonly form?: JsonForm;
}

/**
 * Calls a service that speaks AWS's JSON protocol
 * (https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html, https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).
 */
export function createJsonCaller(
  access: Access,
  { version, target, form = JSON }: JsonService,
  settings: CallerSettings,
): CallOperation {
  const protocol: Protocol = {
    readOutput: (body) => (body === "" ? {} : form.parse(body)),
    readError: (answer) => readError(answer, form),
  };
  const call = createCaller(access, protocol, settings);
  return (operation, input, signal) => {
    const headers = { "content-type": `application/x-amz-json-${version}`, "x-amz-target": `${target}.${operation}` };
    return call({ headers, body: form.stringify(input) }, signal);
  };
}

/** The fields of an error. Services differ in the case of `message`. */
interface ErrorBody {
  readonly __type?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly Message?: unknown;
  readonly Item?: unknown;
}

function readError({ status, headers, body }: Answer, form: JsonForm): ErrorDescription {
  const { __type, code, message, Message, Item } = readBody(body, form);
  // `com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException`, and by other services with a URL after a colon.
  const [name = ""] = [headers()["x-amzn-errortype"], code, __type].filter((each) => typeof each === "string");
  return {
    name: name.replace(/[,:].*$/s, "").replace(/^.*#/s, "") || "Unknown",
    message: String(message ?? Message ?? `it answered ${status}`),
    Item,
  };
}

/** A gateway's answer may be no JSON. */
function readBody(body: string, form: JsonForm): ErrorBody {
  try {
    return (form.parse(body) as ErrorBody | null) ?? {};
  } catch {
    return {};
  }
}
