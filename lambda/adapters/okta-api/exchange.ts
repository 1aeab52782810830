import type { Evidence } from "./causes.ts";
import { type Diagnosis, OktaFailure, OktaRefusal } from "./errors.ts";
import { createRateLimits } from "./rate-limits.ts";
import { codeOfUnreachable, isConnected, whyUnreachable } from "./unreachable.ts";

/** A request of an org. */
export interface OktaRequest {
  /** The whole URL, of the org. */
  readonly url: string;
  /** Whether it may be sent again although Okta may have executed it already. */
  readonly isRepeatable: boolean;
  /** Whether an answer without a body counts as broken. */
  readonly needsBody: boolean;
  /** Makes the request of each try: Okta accepts a proof or an assertion once. Its error ends the request. */
  readonly prepare: () => Promise<RequestInit>;
}

/** A complete answer. */
export interface OktaAnswer {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  /** The body as JSON; null where it is empty, or no JSON. */
  readonly body: unknown;
  /** A description of a body that is not JSON; null where it is JSON, or empty and not needed. */
  readonly foreignBody: string | null;
}

/** The requests to one org: its rate limits, its clock, and retries. */
export type Exchange = ReturnType<typeof createExchange>;

/** Options of the exchange. */
export interface ExchangeOptions {
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  /** Waits; rejects with the signal's reason when it aborts. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly now: () => number;
  /**
   * The share of each rate limit that may be used, above 0 to 1: the rest is left to other clients of the org.
   * @default 0.5, as Okta gives a new app half of each limit
   */
  readonly rateLimitShare?: number;
  /** The longest wait for a rate limit, in milliseconds: beyond it, the request fails. @default no limit */
  readonly longestWait?: number;
}

/** The tries of a request that fails or hangs. */
const maximumTries = 5;
const firstPauseMilliseconds = 500;
/** The longest time of a request with its body, in milliseconds. */
const requestMilliseconds = 15_000;
/** Latency explains a difference of clocks below this, in milliseconds. */
const noticeableSkew = 30_000;

/**
 * Speaks HTTP with an org. It obeys rate limits: when a limit, or our share of it, is used up, it waits until Okta
 * lifts it. It retries failures of Okta, and answers that break off or are not JSON, with pauses that double.
 */
export function createExchange(
  { orgUrl, wait, now, rateLimitShare = 0.5, longestWait = Number.POSITIVE_INFINITY }: ExchangeOptions,
  diagnose: (evidence: Evidence) => Diagnosis | null,
) {
  const limits = createRateLimits(rateLimitShare, now);
  /** Milliseconds by which the last answer's date is ahead of our clock; 0 when both agree, or no answer has one. */
  let ahead = 0;
  /** Milliseconds by which the time for signatures is ahead of our clock. */
  let used = 0;

  function learn(url: string, response: Response): void {
    limits.learn(url, response);
    const date = Date.parse(response.headers.get("date") ?? "");
    if (!Number.isNaN(date)) ahead = Math.abs(date - now()) < noticeableSkew ? 0 : date - now();
  }

  /** Sends a request once. */
  async function send(
    { url, needsBody }: OktaRequest,
    init: RequestInit,
    signal: AbortSignal,
  ): Promise<OktaAnswer | Trouble> {
    let status: number | null = null;
    try {
      const response = await fetch(url, {
        ...init,
        signal: AbortSignal.any([signal, AbortSignal.timeout(requestMilliseconds)]),
        redirect: "manual",
      });
      const { headers } = response;
      status = response.status;
      learn(url, response);
      const text = await response.text();
      const answer = { url, status, headers, ...readBody(text, needsBody && response.ok, response) };
      const evidence = { stage: stageOf(url), status, code: null, text: answer.foreignBody ?? "" } as const;
      if (status >= 500) {
        return { failure: `answered ${status}`, mayBeDone: true, evidence: { ...evidence, isForeign: false } };
      }
      // A success without JSON does not come from Okta's API.
      if (status < 300 && answer.foreignBody !== null) {
        const failure = `answered ${status} with ${answer.foreignBody}`;
        // Incomplete JSON is an answer that was cut off: a compressed one breaks off without an error.
        const isCut = text !== "" && isJson(headers);
        const seen = isCut ? { stage: "connection" as const } : { isForeign: true };
        return { failure, mayBeDone: true, evidence: { ...evidence, isForeign: false, ...seen } };
      }
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      const code = codeOfUnreachable(error);
      const text = whyUnreachable(error);
      const evidence = { stage: "connection", status, code, text, isForeign: false } as const;
      const mayBeDone = status !== null || isConnected(code);
      return { failure: `${status === null ? "" : "broke off: "}${text}`, mayBeDone, evidence };
    }
  }

  return {
    /** The time for signatures, in milliseconds since 1970: that of our clock, until Okta refuses a signature. */
    now: () => now() + used,
    /**
     * Changes the time for signatures after a refusal that the time may have caused: to that of the last answer, or back
     * to our clock. The date of an answer alone does not change it: a gateway may have written it.
     *
     * @returns whether there is another time
     */
    changeClock(): boolean {
      const other = Math.abs(ahead - used) > noticeableSkew ? ahead : 0;
      const isOther = other !== used;
      used = other;
      return isOther;
    },
    /** Finds the cause of a refused request. */
    diagnose,
    /**
     * Sends a request until a complete answer comes.
     *
     * @returns any answer below 500 but a 429; one that succeeds has a body that is JSON or empty
     * @throws OktaFailure when every try fails, OktaRefusal for a URL of another host
     */
    async ask(request: OktaRequest, signal: AbortSignal): Promise<OktaAnswer> {
      const { url, isRepeatable, prepare } = request;
      // A link to another host must not get our authorization.
      if (new URL(url).origin !== new URL(orgUrl).origin) throw new OktaRefusal(`${url} is no address of ${orgUrl}`);
      for (let attempt = 1; ; ) {
        const waiting = limits.notBefore(url) - now();
        if (waiting > longestWait) {
          const evidence = { stage: stageOf(url), status: 429, code: null, text: "", isForeign: false } as const;
          const seconds = Math.ceil(waiting / 1_000);
          throw new OktaFailure(`the rate limit of ${url} is used up for ${seconds} seconds more`, diagnose(evidence));
        }
        if (waiting > 0) await wait(waiting, signal);
        signal.throwIfAborted();
        const init = await prepare();
        const answer = await send(request, init, signal);
        if ("status" in answer) {
          if (answer.status !== 429) return answer;
          // A rate limit does not count as a try.
          continue;
        }
        const { failure, mayBeDone, evidence } = answer;
        const diagnosis = diagnose(evidence);
        if (mayBeDone && !isRepeatable) {
          throw new OktaFailure(`Okta failed: ${url} ${failure}; whether it was done is not known`, diagnosis);
        }
        if (attempt >= maximumTries) {
          throw new OktaFailure(`Okta failed ${maximumTries} times: ${url} ${failure}`, diagnosis);
        }
        await wait(firstPauseMilliseconds * 2 ** (attempt - 1), signal);
        attempt += 1;
      }
    },
  };
}

/** The failure of a try. */
interface Trouble {
  readonly failure: string;
  /** Whether Okta may have executed the request. */
  readonly mayBeDone: boolean;
  readonly evidence: Evidence;
}

const stageOf = (url: string) => (new URL(url).pathname === "/oauth2/v1/token" ? "token" : "api");

const isJson = (headers: Headers) => /\bjson\b/i.test(headers.get("content-type") ?? "");

function readBody(
  text: string,
  isNeeded: boolean,
  { status, headers }: Response,
): Pick<OktaAnswer, "body" | "foreignBody"> {
  const location = headers.get("location");
  if (status >= 300 && status < 400 && location !== null) {
    return { body: null, foreignBody: `a redirection to ${describeTarget(location)}` };
  }
  if (text === "" && !isNeeded) return { body: null, foreignBody: null };
  try {
    return { body: JSON.parse(text), foreignBody: null };
  } catch {
    return { body: null, foreignBody: describe(text, headers.get("content-type")) };
  }
}

/** The target of a redirection, without its query, which may hold a token. */
export function describeTarget(location: string): string {
  const target = URL.parse(location);
  return target === null
    ? location.replace(/[?#].*/s, "").slice(0, 200)
    : target.origin + target.pathname.slice(0, 200);
}

/**
 * Describes a body without its text, which may hold a secret; for an HTML page with the title, which names the sender.
 */
function describe(text: string, contentType: string | null): string {
  const size = `${Buffer.byteLength(text)} bytes that are no JSON (${contentType ?? "without a content type"})`;
  const [, title] = /<title>([^<]{1,200})<\/title>/i.exec(text.slice(0, 10_000)) ?? [];
  return title === undefined ? size : `${size}, titled "${title.replace(/\s+/g, " ").trim().slice(0, 80)}"`;
}
