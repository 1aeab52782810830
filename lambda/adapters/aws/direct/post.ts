import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import type { Socket } from "node:net";
import { within } from "../../../core/time/budget.ts";
import { once } from "../client.ts";

/** How requests are sent: settings of the SDK's HTTP handler, which takes them as well. */
export interface PostSettings {
  /** Milliseconds until a connection is open. @default any time */
  readonly connectionTimeout?: number;
  /** Milliseconds until the answer is there, from when the request has its connection. @default any time */
  readonly requestTimeout?: number;
  /** Whether a request past its time fails; the SDK's handler warns alone by default. */
  readonly throwOnRequestTimeout?: true;
  /** @default connections stay open */
  readonly httpAgent?: { readonly keepAlive: boolean };
  readonly httpsAgent?: { readonly keepAlive: boolean };
  /**
   * Milliseconds after its last answer for which a connection is used again, whatever the agents say; the SDK's handler does not know
   * it. @default any time, where they keep connections open
   */
  readonly reuseWithin?: number;
}

/** The answer to a request. */
export interface Answer {
  readonly status: number;
  /** By their names in lower case. Node.js makes them when they are read, which only failures need. */
  readonly headers: () => Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Sends a POST to an endpoint. A signal ends it. Where an answer breaks off after its status, the error has that as
 * `$metadata.httpStatusCode`; where the connection fails before it is open, TLS included, `isSent` of the error is false.
 */
export type Post = (
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal | undefined,
) => Promise<Answer>;

/** Connections to one endpoint at once: as many as of the SDK's clients. */
const maximumConnections = 50;

/**
 * Milliseconds that requests wait for the first one of an endpoint to be answered, over TLS: they find its connection open then, and
 * others of theirs resume its session. A handshake takes a millisecond of a whole processor, a resumed one half of that. Where the first
 * hangs, they wait no longer.
 */
const firstConnectionMilliseconds = 100;

/** The codes by which a connection ends unasked. The SDK's clients call them by the same name, by which they try again. */
const broken: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT"]);

/**
 * Sends requests to an endpoint by Node.js's own client, over connections that stay open unless the settings say otherwise. The errors
 * have the names of the SDK's HTTP handler.
 *
 * It is of our own as that one takes four timers and a copy of all headers for a request. Its times count from when a request has its
 * connection: one that waits for a connection, since all are in use, is not late by itself.
 */
export function createPost(endpoint: URL, settings: PostSettings): Post {
  const { connectionTimeout = 0, requestTimeout = 0, reuseWithin } = settings;
  const isSecure = endpoint.protocol === "https:";
  const { keepAlive: isKept = true } = (isSecure ? settings.httpsAgent : settings.httpAgent) ?? {};
  const keepAlive = isKept || reuseWithin !== undefined;
  const open = once(async () => {
    // The default export: in a bundle of several files the module has no other.
    const {
      default: { request, Agent },
    } = await (isSecure ? import("node:https") : import("node:http"));
    const options = { keepAlive, maxSockets: maximumConnections };
    if (!isSecure) return { request, agent: new Agent(options) };
    // The authorities of Node.js: each connection makes a context of its own else, for half a millisecond of a processor.
    const secureContext = process.getBuiltinModule("node:tls").createSecureContext();
    return { request, agent: new Agent({ ...options, secureContext }) };
  });
  const answers = reuseWithin === undefined ? null : createAnswerTimes(reuseWithin);
  let first: Promise<void> | null = null;
  const hostname = endpoint.hostname.replace(/^\[|\]$/g, "");
  const target = { method: "POST", host: hostname, port: endpoint.port, path: endpoint.pathname };

  const send: Post = async (headers, body, signal) => {
    const { request, agent } = await open();
    answers?.closeStale(agent);
    const all = Object.entries(headers).flat();
    const limits = { connectionTimeout, requestTimeout, opening: isSecure ? "secureConnect" : "connect" } as const;
    return await exchange(request, { ...target, agent, headers: all }, body, signal, limits, answers?.note);
  };
  return async (headers, body, signal) => {
    if (!isSecure) return await send(headers, body, signal);
    if (first === null) {
      const sent = send(headers, body, signal);
      first = settled(sent, firstConnectionMilliseconds);
      return await sent;
    }
    // A signal that ends meanwhile ends the request.
    await (signal === undefined ? first : within(signal, first).catch(() => undefined));
    return await send(headers, body, signal);
  };
}

/** Resolves once a promise is settled, or after these milliseconds. */
function settled(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    // A turn of the event loop later the agent has the connection back.
    const end = () => {
      clearTimeout(timer);
      setImmediate(resolve);
    };
    promise.then(end, end);
  });
}

/** Knows when connections had their last answers. */
interface AnswerTimes {
  readonly note: (socket: Socket) => void;
  /** Closes connections that no request uses, and whose last answer is too long ago. */
  readonly closeStale: (agent: Agent) => void;
}

/**
 * By the clock, which goes on while Lambda has frozen a function: signatures need it right as well. A timer of a connection may fire
 * after the first request that follows a freeze.
 */
function createAnswerTimes(milliseconds: number): AnswerTimes {
  const times = new WeakMap<Socket, number>();
  return {
    note: (socket) => void times.set(socket, Date.now()),
    closeStale(agent) {
      closeFree(agent, (socket) => {
        const age = Date.now() - (times.get(socket) ?? 0);
        return age < 0 || age > milliseconds;
      });
    },
  };
}

/** Closes connections that no request uses. */
function closeFree(agent: Agent, isClosed: (socket: Socket) => boolean): void {
  for (const socket of Object.values(agent.freeSockets).flatMap((sockets = []) => sockets)) {
    if (isClosed(socket)) socket.destroy();
  }
}

/** Milliseconds from when a request has its connection, 0 for any time. */
interface Limits {
  /** Until the connection is open. */
  readonly connectionTimeout: number;
  /** Until the whole answer is there. */
  readonly requestTimeout: number;
  /** The event of a connection after which requests are sent by it. */
  readonly opening: "connect" | "secureConnect";
}

function exchange(
  request: (options: RequestOptions) => ClientRequest,
  options: RequestOptions & { readonly agent: Agent },
  body: string,
  signal: AbortSignal | undefined,
  { connectionTimeout, requestTimeout, opening }: Limits,
  onAnswer?: AnswerTimes["note"],
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortError(signal));
      return;
    }
    const sent = request(options);
    // The response has none any more once it has ended.
    let connection: Socket | null = null;
    let isOpen = false;
    const timers: NodeJS.Timeout[] = [];
    const abort = () => signal && fail(abortError(signal));
    const end = () => {
      for (const timer of timers) clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    const fail = (error: NodeJS.ErrnoException) => {
      end();
      reject(error);
      sent.destroy();
      // The others may have gone stale with it, as while Lambda had the function frozen: attempts would meet one after the other.
      if (sent.reusedSocket && broken.has(error.code ?? "")) closeFree(options.agent, () => true);
    };
    const failAfter = (milliseconds: number, message: string, code?: string) => {
      if (milliseconds === 0) return undefined;
      const timer = setTimeout(() => {
        fail(Object.assign(new Error(message), { name: "TimeoutError", ...(code && { code }) }));
      }, milliseconds);
      timers.push(timer);
      return timer;
    };
    signal?.addEventListener("abort", abort, { once: true });
    sent.once("socket", (socket) => {
      connection = socket;
      failAfter(requestTimeout, `the service did not answer within ${requestTimeout} ms`, "ETIMEDOUT");
      isOpen = !socket.connecting;
      if (isOpen) return;
      socket.once(opening, () => {
        isOpen = true;
      });
      const connecting = failAfter(
        connectionTimeout,
        `it did not establish a connection within ${connectionTimeout} ms`,
      );
      socket.once("connect", () => clearTimeout(connecting));
    });
    // Until the answer has ended: a socket may break once more after that.
    sent.on("error", (error) => fail(Object.assign(named(error), isOpen ? {} : { isSent: false })));
    sent.once("response", (response) => {
      readAll(response).then(
        (text) => {
          end();
          if (connection !== null) onAnswer?.(connection);
          const headers = () => response.headers as Record<string, string>;
          resolve({ status: response.statusCode ?? 0, headers, body: text });
        },
        (error: Error) => fail(Object.assign(error, { $metadata: { httpStatusCode: response.statusCode } })),
      );
    });
    sent.end(body);
  });
}

/** The text of an answer; rejects where the connection breaks. */
function readAll(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    response
      .setEncoding("utf8")
      .on("data", (chunk: string) => {
        text += chunk;
      })
      .once("end", () => resolve(text))
      .once("error", reject);
  });
}

function named(error: Error & { readonly code?: string }): Error {
  return broken.has(error.code ?? "") ? Object.assign(error, { name: "TimeoutError" }) : error;
}

/** The error of a call that its signal ended, by the name that the SDK gives it. */
export function abortError({ reason }: AbortSignal): Error {
  return Object.assign(new Error("Request aborted", reason instanceof Error ? { cause: reason } : {}), {
    name: "AbortError",
  });
}
