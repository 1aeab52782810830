import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { toError } from "../lambda/core/values/error.ts";
import { type AwsRequest, type Refusal, readAwsRequest, refusalOf } from "./aws-limits.ts";

/** How a service fails. */
export interface Fault {
  /**
   * `refuse`: no connection comes about; with a rate, the selected connections break at once. `hang`: no answer comes.
   * `delay`: the answer comes late. `reset`: the connection breaks. `serverError`: 500. `unavailable`: 503. `throttle`:
   * the service's own error for too many requests. Of DynamoDB: `unprocessed`: it returns all keys of a batch unread, as
   * where its table is throttled; `tooLarge`: the error for an item that grows over 400 KB; `overtaken`: another request, `by`, comes
   * first.
   */
  readonly kind:
    | "refuse"
    | "hang"
    | "delay"
    | "reset"
    | "serverError"
    | "unavailable"
    | "throttle"
    | "unprocessed"
    | "tooLarge"
    | "overtaken";
  /**
   * When it fails: before the service acts, amid its answer, or after it acted and before the answer arrives. `during`
   * and `after` differ for `reset` alone. @default before
   */
  readonly moment?: "before" | "during" | "after";
  /** For `delay`. @default 3000 */
  readonly milliseconds?: number;
  /** The share of requests that fail, 0 to 1. @default 1 */
  readonly rate?: number;
  /** Selects the requests that fail. @default all */
  readonly only?: (request: AwsRequest) => boolean;
  /** For `overtaken`. */
  readonly by?: (request: AwsRequest) => Promise<void>;
}

/** A service behind a proxy that can make it fail. */
export interface FaultProxy {
  /** The endpoint of the proxy. */
  readonly url: string;
  /** Starts a fault of the service; null ends it. */
  readonly set: (fault: Fault | null) => void;
  readonly fault: () => Fault | null;
  /** Calls the listener with each request that the service has answered with success. */
  readonly follow: (listener: (request: AwsRequest) => void) => void;
  readonly stop: () => Promise<void>;
}

/** Answers of AWS's services to too many requests, in the JSON protocol and the query protocol (SNS). */
const throttled = {
  json: JSON.stringify({ __type: "com.amazonaws#ThrottlingException", message: "Rate exceeded" }),
  xml: "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>",
};

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html: an item has at most 400 KB. */
const tooLarge = {
  __type: "com.amazon.coral.validate#ValidationException",
  message: "Item size to update has exceeded the maximum allowed size",
};

/**
 * Starts a proxy of a service on a free loopback port, which passes requests on unless a fault is set. It refuses
 * requests over a limit of AWS (`aws-limits.ts`) as AWS does, since the emulators accept them.
 *
 * @param target the service's URL
 * @param random selects the requests that fail where a fault has a rate
 */
export async function startFaultProxy(target: string, random: () => number = Math.random): Promise<FaultProxy> {
  let current: Fault | null = null;
  const listeners: ((request: AwsRequest) => void)[] = [];
  const onSuccess = (request: AwsRequest) => {
    for (const listener of listeners) listener(request);
  };
  const server = createServer((request, response) => {
    // A fault of some requests is that of those that come after it was set, and before it ends.
    const fault = current !== null && random() < (current.rate ?? 1) ? current : null;
    void serve(request, response, target, fault, onSuccess).catch(() => response.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  let isStopped = false;
  const listen = () => {
    if (!server.listening && !isStopped) server.listen(port, "127.0.0.1");
  };
  // An outgoing connection may use the port meanwhile, for a short time.
  server.on("error", () => void setTimeout(listen, 20));
  return {
    url: `http://127.0.0.1:${port}`,
    set: (fault) => {
      current = fault;
      if (fault?.kind !== "refuse" || (fault.rate ?? 1) < 1 || fault.only !== undefined) listen();
      else if (server.listening) server.close();
    },
    fault: () => current,
    follow: (listener) => void listeners.push(listener),
    stop: () => {
      isStopped = true;
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  target: string,
  current: Fault | null,
  onSuccess: (request: AwsRequest) => void,
): Promise<void> {
  if (current?.kind === "refuse" && current.only === undefined) {
    request.socket.destroy();
    return;
  }
  const body = await buffer(request);
  const asked = readAwsRequest({ target: request.headers["x-amz-target"]?.toString(), body: body.toString() });
  const isSelected = current?.only === undefined || (asked !== null && current.only(asked));
  const fault = isSelected ? current : null;
  if (fault?.kind === "overtaken" && asked !== null) await fault.by?.(asked);
  const isAfter = fault?.moment === "after" || fault?.moment === "during";
  const isPassedOn = fault === null || fault.kind === "delay" || fault.kind === "overtaken";
  if (!isPassedOn && !isAfter) {
    fail(request, response, fault, asked);
    return;
  }
  if (fault?.kind === "delay") await new Promise((resolve) => setTimeout(resolve, fault.milliseconds ?? 3_000));
  const refusal = asked === null ? null : refusalOf(asked);
  const answer = refusal === null ? await forward(request, body, target) : refuse(request, refusal);
  if (asked !== null && answer.status === 200) onSuccess(asked);
  if (fault?.kind === "reset" && fault.moment === "during") {
    response.writeHead(answer.status, answer.headers);
    response.write(answer.body.subarray(0, Math.floor(answer.body.length / 2)), () => request.socket.destroy());
    return;
  }
  if (!isPassedOn) {
    fail(request, response, fault, asked);
    return;
  }
  response.writeHead(answer.status, answer.headers).end(answer.body);
}

function fail(request: IncomingMessage, response: ServerResponse, { kind }: Fault, asked: AwsRequest | null): void {
  const json = { "content-type": "application/x-amz-json-1.0" };
  if (kind === "reset" || kind === "refuse") request.socket.destroy();
  else if (kind === "serverError") response.writeHead(500).end();
  else if (kind === "unavailable") response.writeHead(503).end();
  else if (kind === "throttle") {
    const isJson = request.headers["content-type"]?.includes("json") ?? false;
    response
      .writeHead(400, { "content-type": isJson ? "application/x-amz-json-1.0" : "text/xml" })
      .end(isJson ? throttled.json : throttled.xml);
  } else if (kind === "tooLarge") response.writeHead(400, json).end(JSON.stringify(tooLarge));
  else if (kind === "unprocessed") {
    const unread = { Responses: {}, UnprocessedKeys: asked?.input.RequestItems ?? {} };
    response.writeHead(200, json).end(JSON.stringify(unread));
  }
  // A request that hangs gets no answer; the connection ends when the client gives up.
}

/** A refusal in the protocol of its request. */
function refuse(request: IncomingMessage, { limit, code, message }: Refusal): Answer {
  if (request.headers["x-amz-target"] === undefined) {
    const escaped = message.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${escaped}</Message></Error>`;
    return {
      status: 400,
      headers: { "content-type": "text/xml" },
      body: Buffer.from(`<ErrorResponse>${error}</ErrorResponse>`),
    };
  }
  return {
    status: 400,
    headers: {
      "content-type": "application/x-amz-json-1.0",
      // SQS's clients still use the codes of its query protocol, in which those of a batch have a prefix.
      ...(limit.service === "sqs" && {
        "x-amzn-query-error": `${/Batch/.test(code) ? "AWS.SimpleQueueService." : ""}${code};Sender`,
      }),
    },
    body: Buffer.from(JSON.stringify({ __type: `com.amazonaws.${limit.service}#${code}`, message })),
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

function forward(request: IncomingMessage, body: Buffer, target: string): Promise<Answer> {
  const { hostname, port } = new URL(target);
  const options: RequestOptions = {
    hostname,
    port,
    path: request.url,
    method: request.method,
    headers: { ...request.headers, "content-length": String(body.length) },
  };
  return new Promise((resolve, reject) => {
    const forwarded = httpRequest(options, async (answer) => {
      try {
        const { "transfer-encoding": _, ...headers } = answer.headers as Record<string, string | string[]>;
        const whole = await buffer(answer);
        resolve({
          status: answer.statusCode ?? 502,
          headers: { ...headers, "content-length": String(whole.length) },
          body: whole,
        });
      } catch (error) {
        reject(toError(error));
      }
    });
    forwarded.once("error", reject);
    forwarded.end(body);
  });
}
