import { type Authorize, OktaFailure, OktaRefusal } from "./authorization.ts";
import type { Scope } from "./credential.ts";
import { whyUnreachable } from "./unreachable.ts";

/** Okta's Management API over HTTP. */
export interface OktaClient {
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  /**
   * Asks for what is at a path or URL of the org.
   *
   * @returns null when there is no such thing
   * @throws OktaRefusal when Okta refuses it, OktaFailure when it fails though it was tried
   */
  readonly get: (url: string, signal: AbortSignal) => Promise<unknown>;
  /** Asks for a page of a list, of as many as there are. */
  readonly getPage: (url: string, signal: AbortSignal) => Promise<Page>;
  /**
   * Changes something. It is tried again as a question is, but for a `POST` that may have been heard: a second one could do
   * it twice.
   *
   * @returns the answer's body; null where it has none
   */
  readonly send: (
    method: "POST" | "PUT" | "DELETE",
    path: string,
    body: unknown,
    signal: AbortSignal,
  ) => Promise<unknown>;
}

/** A page of a list, and where the next one is. */
export interface Page {
  readonly items: readonly unknown[];
  /** Null when this was the last. */
  readonly next: string | null;
}

/** All pages of a list, from this one on. */
export async function* pagesFrom(
  first: string,
  fetchPage: OktaClient["getPage"],
  signal: AbortSignal,
): AsyncGenerator<readonly unknown[]> {
  for (let next: string | null = first; next !== null; ) {
    const page: Page = await fetchPage(next, signal);
    yield page.items;
    next = page.next;
  }
}

/** What the client needs. */
export interface OktaClientOptions {
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  readonly authorize: Authorize;
  /** Waits; rejects with the signal's reason when it aborts. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly now: () => number;
  /**
   * The share of each rate limit that may be used, above 0 to 1: the rest is left to whatever else asks this org. @default 1
   */
  readonly rateLimitShare?: number;
  /** What the credential has to be granted, named when Okta refuses it. */
  readonly scopes: readonly Scope[];
}

/** Tries of a request that Okta fails, or that hangs. */
const maximumTries = 5;
const firstPauseMilliseconds = 500;
const requestMilliseconds = 15_000;

/**
 * Okta's Management API. Rate limits are obeyed: of a limit that is used up, or of which our share is, Okta tells when it is
 * lifted (`X-Rate-Limit-Reset`), and nothing is asked before. What Okta fails is tried again, with pauses that double.
 */
export function createOktaClient(options: OktaClientOptions): OktaClient {
  const { orgUrl, authorize, wait, now, rateLimitShare = 1, scopes } = options;
  /** Milliseconds since 1970 before which nothing may be asked. */
  let notBefore = 0;

  async function request(url: string, init: RequestInit, signal: AbortSignal): Promise<Response> {
    // A link that leads elsewhere must not be given our authorization.
    if (new URL(url).origin !== new URL(orgUrl).origin) throw new OktaRefusal(`${url} is no address of ${orgUrl}`);
    let isRenewed = false;
    for (let attempt = 1; ; attempt += 1) {
      if (notBefore > now()) await wait(notBefore - now(), signal);
      signal.throwIfAborted();
      let failure: string;
      let mayBeDone = false;
      try {
        const authorization = await authorize(signal);
        mayBeDone = init.method === "POST";
        const response = await fetch(url, {
          ...init,
          headers: { accept: "application/json", ...init.headers, authorization },
          signal: AbortSignal.any([signal, AbortSignal.timeout(requestMilliseconds)]),
          redirect: "error",
        });
        notBefore = nextAllowed(response, now(), rateLimitShare);
        if (response.status === 429) {
          await response.body?.cancel();
          // To be told to wait is no failure, and costs no try.
          attempt -= 1;
          continue;
        }
        if (response.status === 401 && authorize.renew !== undefined && !isRenewed) {
          // The token was revoked before its time: once, another is asked for.
          await response.body?.cancel();
          authorize.renew();
          isRenewed = true;
          attempt -= 1;
          continue;
        }
        if (response.status < 500) return response;
        failure = `answered ${response.status}`;
        await response.body?.cancel();
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof OktaRefusal) throw error;
        failure = whyUnreachable(error);
        mayBeDone &&= !isRefusedConnection(error);
      }
      if (mayBeDone) throw new OktaFailure(`Okta failed: ${url} ${failure}; whether it was done is not known`);
      if (attempt >= maximumTries) throw new OktaFailure(`Okta failed ${maximumTries} times: ${url} ${failure}`);
      await wait(firstPauseMilliseconds * 2 ** (attempt - 1), signal);
    }
  }

  async function refuse(response: Response): Promise<never> {
    const answer = (await response.json().catch(() => ({}))) as Readonly<Record<string, unknown>>;
    const causes = Array.isArray(answer.errorCauses) ? (answer.errorCauses as { errorSummary?: unknown }[]) : [];
    const summaries = [answer.errorSummary ?? response.statusText, ...causes.map((cause) => cause.errorSummary)];
    const isUnauthorized = response.status === 401 || response.status === 403;
    const hint = isUnauthorized ? `. Was the credential granted ${scopes.join(" ")}?` : "";
    throw new OktaRefusal(
      `Okta refused ${response.url} (${response.status}): ${summaries.filter(Boolean).join(": ")}${hint}`,
      response.status,
    );
  }

  const absolute = (url: string) => new URL(url, orgUrl).href;
  return {
    orgUrl,
    async get(url, signal) {
      const response = await request(absolute(url), {}, signal);
      if (response.status === 404) return null;
      return response.ok ? response.json() : refuse(response);
    },
    async getPage(url, signal) {
      const response = await request(absolute(url), {}, signal);
      if (!response.ok) return refuse(response);
      const items: unknown = await response.json();
      if (!Array.isArray(items)) throw new OktaFailure(`Okta answered no list: ${url}`);
      return { items, next: nextLink(response.headers.get("link")) };
    },
    async send(method, path, body, signal) {
      const init: RequestInit =
        body === undefined
          ? { method }
          : { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
      const response = await request(absolute(path), init, signal);
      if (!response.ok) return refuse(response);
      const text = await response.text();
      return text === "" ? null : (JSON.parse(text) as unknown);
    },
  };
}

/** When the next request may be made, by what the answer says of the rate limit. */
function nextAllowed(response: Response, now: number, share: number): number {
  const header = (name: string) => Number(response.headers.get(name) ?? Number.NaN);
  const limit = header("x-rate-limit-limit");
  const left = header("x-rate-limit-remaining") - (Number.isNaN(limit) ? 0 : limit * (1 - share));
  const reset = header("x-rate-limit-reset") * 1_000;
  if (response.status !== 429 && !(left <= 0)) return 0;
  // Okta's clock may differ from ours: what counts is how far the reset is from the answer's own date.
  const date = Date.parse(response.headers.get("date") ?? "");
  const waiting = Number.isNaN(reset) ? 1_000 : reset - (Number.isNaN(date) ? now : date);
  return now + Math.max(waiting, 0) + 250;
}

/** The target of `rel="next"` (RFC 8288). */
function nextLink(header: string | null): string | null {
  return /<([^>]+)>;\s*rel="next"/.exec(header ?? "")?.[1] ?? null;
}

function isRefusedConnection(error: unknown): boolean {
  const { cause } = error as Error & { readonly cause?: { readonly code?: unknown } };
  return ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN"].includes(String(cause?.code));
}
