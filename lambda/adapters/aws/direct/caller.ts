import { randomUUID } from "node:crypto";
import { isServerError, isThrottlingError, isTransientError, StandardRetryStrategy } from "@smithy/core/retry";
import type { MetadataBearer, RetryErrorInfo, SdkError } from "@smithy/types";
import { within } from "../../../core/time/budget.ts";
import { toError } from "../../../core/values/error.ts";
import type { ClientSettings } from "../client.ts";
import type { Access } from "./access.ts";
import { type Answer, abortError, createPost, type PostSettings } from "./post.ts";
import { createSigner } from "./sign.ts";

/*
 * Calls of AWS's services without the clients of its SDK, but with the SDK's own rules of which errors are tried again, and when: time-outs,
 * retries and the names of errors are those of its clients. Left out are what a client loads to learn about its endpoint, its
 * credentials and the form of every operation, and its layers around each request: most of the processor time of a call.
 */

/** Settings of a caller: those of an SDK client. */
export interface CallerSettings extends Pick<ClientSettings, "maxAttempts"> {
  readonly requestHandler: PostSettings;
  /** Milliseconds: the longest pause before a second attempt; it doubles. @default 50, as of the SDK's clients */
  readonly baseDelay?: number;
}

/** A request of a service's API. */
export interface Call {
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

type Metadata = MetadataBearer["$metadata"] & { clockSkewCorrected?: true; retryAfter?: Date };

/** A clock that differs by less is good enough for a signature, which is valid for five minutes. The SDK's clients have the same limit. */
const toleratedSkewMilliseconds = 240_000;

/** Creates a caller of one service. It keeps its connections open, unless its settings say otherwise. */
export function createCaller(access: Access, protocol: Protocol, settings: CallerSettings): Caller {
  const { maxAttempts, baseDelay = 50 } = settings;
  const sign = createSigner(access);
  const post = createPost(access.endpoint, settings.requestHandler);
  const strategy = new StandardRetryStrategy({ maxAttempts, baseDelay });
  /** Milliseconds that the service's clock is ahead. */
  let skew = 0;

  const attempt = async ({ headers, body }: Call, signal: AbortSignal | undefined) => {
    const answer = await post(sign({ headers, body }, Date.now() + skew), body, signal);
    try {
      if (answer.status >= 200 && answer.status < 300) return protocol.readOutput(answer.body);
      throw new ServiceError(protocol.readError(answer), {});
    } catch (error) {
      const answered = answer.headers();
      skew = skewOf(answered);
      const isSkewed = Math.abs(skew) >= toleratedSkewMilliseconds;
      if (!isSkewed) skew = 0;
      const { "x-amzn-requestid": requestId } = answered;
      const retryAfter = retryAfterOf(answered);
      throw withMetadata(error, {
        httpStatusCode: answer.status,
        ...(requestId && { requestId }),
        ...(isSkewed && { clockSkewCorrected: true }),
        ...(retryAfter && { retryAfter }),
      });
    }
  };

  return async (call, signal) => {
    const invocation = { ...call.headers, "amz-sdk-invocation-id": randomUUID() };
    let token = await strategy.acquireInitialRetryToken("");
    for (let attempts = 1; ; attempts += 1) {
      const headers = { ...invocation, "amz-sdk-request": `attempt=${attempts}; max=${maxAttempts}` };
      try {
        const output = await attempt({ headers, body: call.body }, signal);
        strategy.recordSuccess(token);
        return output;
      } catch (error) {
        const failure = withMetadata(error, { attempts });
        // It waits, and rejects where the error is not to be tried again.
        const retry = strategy.refreshRetryTokenForRetry(token, retryErrorOf(failure));
        const settled = retry.catch(() => Promise.reject(failure));
        token = await (signal === undefined ? settled : within(signal, settled)).catch((ended) => {
          throw ended !== failure && signal ? abortError(signal) : ended;
        });
      }
    }
  };
}

/** What decides whether an error is tried again, as the SDK's clients see it. */
function retryErrorOf(error: Failure): RetryErrorInfo {
  const errorType = isThrottlingError(error)
    ? "THROTTLING"
    : isTransientError(error)
      ? "TRANSIENT"
      : isServerError(error)
        ? "SERVER_ERROR"
        : "CLIENT_ERROR";
  const { retryAfter } = error.$metadata;
  return { error, errorType, ...(retryAfter && { retryAfterHint: retryAfter }) };
}

/**
 * The time before which a service does not want to be asked again: `Retry-After` in seconds or as a date
 * (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after), or `x-amz-retry-after` in milliseconds. Undefined for none.
 */
function retryAfterOf(headers: ReturnType<Answer["headers"]>): Date | undefined {
  const { "retry-after": after, "x-amz-retry-after": milliseconds = Number(after) * 1_000 } = headers;
  const time = Date.now() + Number(milliseconds);
  const date = new Date(Number.isNaN(time) ? Date.parse(after ?? "") : time);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Milliseconds that the service's clock is ahead, by the date of its answer. */
function skewOf(headers: ReturnType<Answer["headers"]>): number {
  const time = Date.parse(headers.date ?? "");
  return Number.isNaN(time) ? 0 : time - Date.now();
}

/** An error with what is known of its call. */
type Failure = SdkError & { readonly $metadata: Metadata };

function withMetadata(error: unknown, $metadata: Metadata): Failure {
  const thrown = toError(error) as SdkError;
  return Object.assign(thrown, { $metadata: { ...thrown.$metadata, ...$metadata } });
}
