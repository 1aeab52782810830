import { Sha256 } from "@smithy/core/checksum";
import { HttpRequest } from "@smithy/core/protocols";
import { retryMiddleware, StandardRetryStrategy } from "@smithy/core/retry";
import { NodeHttpHandler, type NodeHttpHandlerOptions } from "@smithy/node-http-handler";
import { SignatureV4 } from "@smithy/signature-v4";
import { type MetadataBearer, SMITHY_CONTEXT_KEY } from "@smithy/types";
import type { ClientSettings } from "../client.ts";
import type { Access } from "./access.ts";

/*
 * Calls of AWS's services without the clients of its SDK, but with the SDK's own signer, HTTP handler and retries: time-outs, retries
 * and the names of errors are those of its clients. Left out are what a client loads to learn about its endpoint, its credentials
 * and the form of every operation: most of the processor time of a function's first call.
 */

/** Settings of a caller: those of an SDK client. */
export interface CallerSettings extends Pick<ClientSettings, "maxAttempts"> {
  readonly requestHandler: NodeHttpHandlerOptions;
  /** Milliseconds: the longest pause before a second attempt; it doubles. @default 50, as of the SDK's clients */
  readonly baseDelay?: number;
}

/** A request of a service's API. */
export interface Call {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The answer of a service. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An error, as the service's answer describes it. */
export interface ErrorDescription {
  readonly name: string;
  readonly message: string;
  /** The item that a condition failed on, where DynamoDB returns it. @default none */
  readonly Item?: unknown;
}

/** How a service's protocol reads its answers. */
export interface Protocol {
  /** Reads the output of an answer of success. */
  readonly readOutput: (body: string) => unknown;
  readonly readError: (answer: Answer) => ErrorDescription;
}

/** Calls a service: signs, sends and, as the SDK's clients do, tries again. Rejects with an error of the same names. */
export type Caller = (call: Call, signal?: AbortSignal) => Promise<unknown>;

/** An answer of failure, with the fields that errors of the SDK have. */
export class ServiceError extends Error {
  override readonly name: string;
  readonly $metadata: Metadata;
  readonly Item?: unknown;

  constructor({ name, message, Item }: ErrorDescription, $metadata: Metadata) {
    super(message);
    this.name = name;
    if (Item !== undefined) this.Item = Item;
    this.$metadata = $metadata;
  }
}

type Metadata = MetadataBearer["$metadata"] & { clockSkewCorrected?: true };

/** A clock that differs by less is good enough for a signature, which is valid for five minutes. The SDK's clients have the same limit. */
const toleratedSkewMilliseconds = 240_000;

/** Creates a caller of one service. It keeps its connections open, unless its settings say otherwise. */
export function createCaller(access: Access, protocol: Protocol, settings: CallerSettings): Caller {
  const { service, endpoint, region, credentials } = access;
  const { maxAttempts, baseDelay = 50 } = settings;
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256 });
  const handler = new NodeHttpHandler(settings.requestHandler);
  const strategy = new StandardRetryStrategy({ maxAttempts, baseDelay });
  const retry = retryMiddleware({ maxAttempts: async () => maxAttempts, retryStrategy: async () => strategy });
  /** Milliseconds that the service's clock is ahead. */
  let skew = 0;

  const attempt = async (request: HttpRequest, abortSignal: AbortSignal | undefined) => {
    const signed = await signer.sign(request, { signingDate: new Date(Date.now() + skew) });
    const { response } = await handler.handle(HttpRequest.clone(signed), abortSignal && { abortSignal });
    const { statusCode: status, headers } = response;
    const requestId = headers["x-amzn-requestid"];
    const $metadata: Metadata = { httpStatusCode: status, ...(requestId && { requestId }) };
    try {
      const body = await textOf(response.body);
      if (status < 200 || status >= 300) {
        throw new ServiceError(protocol.readError({ status, headers, body }), $metadata);
      }
      return { response, output: { $metadata, value: protocol.readOutput(body) } };
    } catch (error) {
      skew = skewOf(headers);
      if (Math.abs(skew) >= toleratedSkewMilliseconds) $metadata.clockSkewCorrected = true;
      else skew = 0;
      // The SDK's retries read both.
      throw Object.defineProperty(withMetadata(error, $metadata), "$response", { value: response, configurable: true });
    }
  };

  return async ({ headers, body }, signal) => {
    const request = new HttpRequest({
      method: "POST",
      protocol: endpoint.protocol,
      hostname: endpoint.hostname,
      ...(endpoint.port && { port: Number(endpoint.port) }),
      path: endpoint.pathname,
      headers: { host: endpoint.host, "content-length": String(Buffer.byteLength(body)), ...headers },
      body,
    });
    const context = { [SMITHY_CONTEXT_KEY]: { ...(signal && { abortSignal: signal }) } };
    const handle = retry(() => attempt(request, signal), context);
    const { output } = await handle({ input: {}, request });
    return (output as { readonly value: unknown }).value;
  };
}

/** The text of a body; rejects where the connection breaks. */
async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Milliseconds that the service's clock is ahead, by the date of its answer. */
function skewOf(headers: Readonly<Record<string, string>>): number {
  const time = Date.parse(headers.date ?? "");
  return Number.isNaN(time) ? 0 : time - Date.now();
}

function withMetadata(error: unknown, $metadata: Metadata): Error {
  const thrown = error instanceof Error ? error : new Error(String(error));
  return "$metadata" in thrown ? thrown : Object.assign(thrown, { $metadata });
}
