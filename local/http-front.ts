import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { LambdaFunctionURLEvent, LambdaFunctionURLResult } from "aws-lambda";
import { toError } from "../lambda/core/values/error.ts";
import { whyForeign } from "./same-origin.ts";

/** A deployed function's handler. */
export type Handler = (event: LambdaFunctionURLEvent) => Promise<LambdaFunctionURLResult>;

/**
 * The handlers of `METHOD /_local/...`, paths that no Function URL has. They take the request's body, return JSON, and
 * reject with a SyntaxError for a body that is not JSON, which is answered 400.
 */
export type LocalRoutes = Readonly<Record<string, (body: string) => unknown>>;

/**
 * The handlers of the page for a person, by `METHOD /path`. `GET /` is that of a browser alone: it accepts `text/html` and bears
 * no secret.
 */
export type PageRoutes = Readonly<
  Record<string, (request: IncomingMessage, response: ServerResponse, body: string) => void | Promise<void>>
>;

/** What a front serves beside the handler. @default nothing */
export interface FrontOptions {
  /** Milliseconds that a client has to send its whole request; one that takes longer is answered 408. @default 10000 */
  readonly requestTimeout?: number | undefined;
  readonly pages?: PageRoutes;
  /** Called with a request that is over Lambda's limit, and does not come to the handler. */
  readonly onTooLarge?: () => void;
}

/**
 * Lambda's limit for the event of an invocation, which holds the request with the body as a JSON string:
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const maximumEventBytes = 6 * 1_048_576;
/** The most bytes of a body's character in that string: `\u0001`. */
const mostEscaped = 6;

/**
 * The number of execution environments, each of which handles one request at a time, as Lambda's do. They share one
 * processor: with more of them, requests would run out of time. The first request, which loads modules, runs alone for
 * the same reason.
 */
const environments = 8;

/** Milliseconds that a client has to send its whole request. */
const defaultRequestTimeout = 10_000;

/**
 * Serves a handler over HTTP as a Lambda Function URL does. Over {@link environments} requests at once, the others wait. The
 * page and `/_local/` answer only this machine's own page and commands: see `same-origin.ts`.
 */
export function createHttpFront(
  handler: Handler,
  local: LocalRoutes,
  onError: (error: unknown) => void,
  { requestTimeout = defaultRequestTimeout, pages = {}, onTooLarge = () => {} }: FrontOptions = {},
): Server {
  const inEnvironment = createGate(environments);
  const timeouts = {
    headersTimeout: requestTimeout,
    requestTimeout,
    connectionsCheckingInterval: Math.min(1_000, requestTimeout),
  };
  return createServer(timeouts, (request, response) => {
    void respond(request, response).catch((error: unknown) => {
      // A client that breaks off is not a failure of the front.
      if (request.destroyed && !request.complete) return;
      onError(error);
      // Lambda's answer to a function that fails.
      if (!response.headersSent) response.writeHead(502).end();
      else response.destroy();
    });
  });

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.parse(request.url ?? "/", "http://localhost");
    if (url === null) {
      response.writeHead(400).end();
      return;
    }
    const route = `${request.method} ${url.pathname}`;
    const answerLocally = Object.hasOwn(local, route) ? local[route] : undefined;
    const isPage = Object.hasOwn(pages, route) && (route !== "GET /" || isBrowser(request));
    const foreign = isPage || answerLocally !== undefined ? whyForeign(request.method ?? "", request.headers) : null;
    if (foreign !== null) {
      response.writeHead(403, { "content-type": "application/json" }).end(JSON.stringify({ error: foreign }));
      return;
    }
    const body = await readBody(request);
    if (isPage) {
      await pages[route]?.(request, response, body?.toString() ?? "");
      return;
    }
    if (answerLocally !== undefined) {
      const { status, answer } = await answerOf(answerLocally, body?.toString() ?? "");
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
      return;
    }
    const event = body === null ? null : toFunctionUrlEvent(request, url, body);
    if (event === null || isTooLarge(event)) {
      onTooLarge();
      response.writeHead(413, { connection: "close" }).end();
      return;
    }
    const result = await inEnvironment(() => handler(event));
    if (typeof result === "string") {
      response.writeHead(200, { "content-type": "application/json" }).end(result);
      return;
    }
    const headers = Object.entries(result.headers ?? {}).map(([name, value]) => [name, String(value)] as const);
    response.writeHead(result.statusCode ?? 200, Object.fromEntries(headers));
    response.end(result.isBase64Encoded ? Buffer.from(result.body ?? "", "base64") : result.body);
  }
}

/** Whether a person asks by a browser: Okta and curl accept anything, and what verifies the hook has the secret. */
function isBrowser({ headers }: IncomingMessage): boolean {
  return (headers.accept ?? "").includes("text/html") && headers.authorization === undefined;
}

async function answerOf(route: LocalRoutes[string], body: string): Promise<{ status: number; answer: unknown }> {
  try {
    return { status: 200, answer: await route(body) };
  } catch (error) {
    const { message } = toError(error);
    return { status: error instanceof SyntaxError ? 400 : 502, answer: { error: message } };
  }
}

/** Whether an event exceeds Lambda's limit. Small events, nearly all, are not serialized for it. */
function isTooLarge(event: LambdaFunctionURLEvent): boolean {
  const isSmall = (event.body ?? "").length * mostEscaped < maximumEventBytes / 2;
  return !isSmall && Buffer.byteLength(JSON.stringify(event)) > maximumEventBytes;
}

/** Null for a body over Lambda's limit. Rejects when the client breaks off. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maximumEventBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Payload format 2.0: header names in lower case, several values joined by a comma, binary bodies in base64. */
function toFunctionUrlEvent(request: IncomingMessage, url: URL, body: Buffer): LambdaFunctionURLEvent {
  const headers = Object.fromEntries(
    Object.entries(request.headersDistinct).map(([name, values = []]) => [name, values.join(",")]),
  );
  const isText = /^(?:text\/|application\/(?:[\w.+-]+\+)?(?:json|xml|javascript))/.test(headers["content-type"] ?? "");
  const now = new Date();
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    headers,
    queryStringParameters: Object.fromEntries(url.searchParams),
    requestContext: {
      accountId: "anonymous",
      apiId: "local",
      domainName: headers.host ?? "localhost",
      domainPrefix: "local",
      http: {
        method: request.method ?? "GET",
        path: url.pathname,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? "",
        userAgent: headers["user-agent"] ?? "",
      },
      requestId: crypto.randomUUID(),
      routeKey: "$default",
      stage: "$default",
      time: now.toISOString(),
      timeEpoch: now.getTime(),
    },
    ...(body.byteLength === 0 ? {} : { body: body.toString(isText ? "utf8" : "base64") }),
    isBase64Encoded: body.byteLength > 0 && !isText,
  };
}

/** Limits the tasks that run at a time, and runs the very first one alone; the others wait. */
function createGate(most: number): <Value>(task: () => Promise<Value>) => Promise<Value> {
  const waiting: (() => void)[] = [];
  let running = 0;
  let open = 1;
  return async (task) => {
    if (running >= open) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await task();
    } finally {
      running -= 1;
      open = most;
      while (running < open && waiting.length > 0) {
        running += 1;
        waiting.shift()?.();
      }
    }
  };
}
