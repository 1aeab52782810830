import type * as z from "zod/mini";
import { fieldsOf } from "../../core/values/object.ts";
import { type AuthorizationHeaders, type Authorize, challengeOf, nonceTries } from "./authorization.ts";
import { diagnose, type Situation } from "./causes.ts";
import { OktaFailure, OktaRefusal } from "./errors.ts";
import { createExchange, type ExchangeOptions, type OktaAnswer } from "./exchange.ts";

/** Okta's Management API over HTTP. */
export interface OktaClient {
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  /**
   * Checks that requests can be authorized: for a service app, that Okta gives an access token.
   *
   * @throws OktaRefusal when Okta refuses it, OktaFailure when every try fails
   */
  readonly authorize: (signal: AbortSignal) => Promise<void>;
  /**
   * Reads a path or URL of the org.
   *
   * @returns null for a 404 of Okta
   * @throws OktaRefusal when Okta refuses it, OktaFailure when every try fails
   */
  readonly get: (url: string, signal: AbortSignal) => Promise<unknown>;
  /** Reads a page of a list. */
  readonly getPage: (url: string, signal: AbortSignal) => Promise<Page>;
  /**
   * Sends a change. It is retried like a read, except a `POST` or a `PATCH` that Okta may have executed: a second one
   * could do it twice.
   *
   * @returns the answer's body; null where it has none
   */
  readonly send: (
    method: "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    body: unknown,
    signal: AbortSignal,
  ) => Promise<unknown>;
}

/** A page of a list, and the URL of the next. */
export interface Page {
  readonly items: readonly unknown[];
  /** Null when this was the last. */
  readonly next: string | null;
}

/** All pages of a list, from this one on. A page that links to an earlier one is the last: some lists end so. */
export async function* pagesFrom(
  first: string,
  fetchPage: OktaClient["getPage"],
  signal: AbortSignal,
): AsyncGenerator<readonly unknown[]> {
  const read = new Set<string>();
  for (let next: string | null = first; next !== null && !read.has(next); ) {
    read.add(next);
    const page: Page = await fetchPage(next, signal);
    yield page.items;
    next = page.next;
  }
}

/** Options of the client. */
export interface OktaClientOptions extends ExchangeOptions {
  readonly authorize: Authorize;
  /** The scopes that the credential needs, named when Okta refuses it. */
  readonly scopes: readonly string[];
  /** The owner of the credential, on which the remedy of a refusal depends. @default "app" */
  readonly by?: Situation["by"];
  /** The proxy that requests go through, as `host:port`, named when a gateway answers. @default none */
  readonly proxy?: string | null;
}

/** Opens Okta's Management API: one exchange sends every request, also those for access tokens. */
export function createOktaClient(options: OktaClientOptions): OktaClient {
  const { orgUrl, authorize, scopes, by = "app", proxy = null } = options;
  const exchange = createExchange(options, (evidence) => diagnose(evidence, { orgUrl, scopes, by, proxy }));

  async function request(url: string, init: RequestInit, signal: AbortSignal): Promise<OktaAnswer> {
    const method = init.method ?? "GET";
    const left = { nonce: nonceTries, token: 1 };
    for (;;) {
      let sent: AuthorizationHeaders = {};
      const prepare = async (): Promise<RequestInit> => {
        sent = await authorize({ method, url }, exchange, signal);
        return { ...init, headers: { accept: "application/json", ...init.headers, ...sent } };
      };
      const isRepeatable = method !== "POST" && method !== "PATCH";
      const answer = await exchange.ask({ url, isRepeatable, needsBody: method === "GET", prepare }, signal);
      const what = authorize.renew?.(answer, sent) ?? null;
      if (what === null || left[what] === 0) return answer;
      left[what] -= 1;
    }
  }

  function refuse({ url, status, headers, body, foreignBody }: OktaAnswer): never {
    const { error = null, error_description: description } = challengeOf({ status, headers });
    const answer = fieldsOf(body);
    const errorCauses: readonly unknown[] = Array.isArray(answer.errorCauses) ? answer.errorCauses : [];
    // Okta's errors have a code or a challenge; a gateway may refuse in JSON without one.
    const isForeign = foreignBody !== null || (error === null && !isOktas(body));
    const summaries = [
      answer.errorSummary ?? description ?? foreignBody ?? (isForeign ? "an answer that is not Okta's" : null),
      ...errorCauses.map((each) => fieldsOf(each).errorSummary),
    ];
    const text = summaries.filter(Boolean).join(": ") || "without a reason";
    const code = error ?? (isOktas(body) ? String(answer.errorCode) : null);
    const diagnosis = exchange.diagnose({ stage: "api", status, code, text, isForeign });
    throw new OktaRefusal(`Okta refused ${url} (${status}): ${text}`, isOktas(body) ? status : null, error, diagnosis);
  }

  const absolute = (url: string) => new URL(url, orgUrl).href;
  return {
    orgUrl,
    async authorize(signal) {
      await authorize({ method: "GET", url: orgUrl }, exchange, signal);
    },
    async get(url, signal) {
      const answer = await request(absolute(url), {}, signal);
      // Only a 404 of Okta counts as absent, not one of a gateway.
      if (answer.status === 404 && isOktas(answer.body)) return null;
      return isGood(answer) ? answer.body : refuse(answer);
    },
    async getPage(url, signal) {
      const answer = await request(absolute(url), {}, signal);
      if (!isGood(answer)) return refuse(answer);
      if (!Array.isArray(answer.body)) throw new OktaFailure(`Okta answered no list: ${url}`);
      return { items: answer.body, next: nextLink(answer.headers.get("link")) };
    },
    async send(method, path, body, signal) {
      const init: RequestInit =
        body === undefined
          ? { method }
          : { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
      const answer = await request(absolute(path), init, signal);
      return isGood(answer) ? answer.body : refuse(answer);
    },
  };
}

const isGood = ({ status }: OktaAnswer) => status >= 200 && status < 300;

/** Whether a body is an error of Okta's API: each has a code, such as `E0000007`. */
function isOktas(body: unknown): boolean {
  return typeof fieldsOf(body).errorCode === "string";
}

/**
 * The answer to a request, by its schema.
 *
 * @param what what it shall be, as the error says it: `app`
 * @throws OktaFailure where it is another
 */
export function readAnswer<Value>(schema: z.ZodMiniType<Value>, answer: unknown, what: string): Value {
  const parsed = schema.safeParse(answer);
  if (!parsed.success) throw new OktaFailure(`Okta's answer is no ${what}`);
  return parsed.data;
}

/** The target of `rel="next"` (RFC 8288). */
function nextLink(header: string | null): string | null {
  return /<([^>]+)>;\s*rel="next"/.exec(header ?? "")?.[1] ?? null;
}
