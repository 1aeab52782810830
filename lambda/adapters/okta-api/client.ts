import { type AuthorizationHeaders, type Authorize, challengeOf, nonceTries } from "./authorization.ts";
import { diagnose, type Situation } from "./causes.ts";
import { OktaFailure, OktaRefusal } from "./errors.ts";
import { createExchange, type ExchangeOptions, type OktaAnswer } from "./exchange.ts";

/** Okta's Management API over HTTP. */
export interface OktaClient {
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  /**
   * Makes sure that requests can be authorized: by a service app, that Okta gives an access token.
   *
   * @throws OktaRefusal when Okta refuses it, OktaFailure when it fails though it was tried
   */
  readonly authorize: (signal: AbortSignal) => Promise<void>;
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
   * Changes something. It is tried again as a question is, but for a `POST` or a `PATCH` that may have been heard: a second
   * one could do it twice.
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

/** A page of a list, and where the next one is. */
export interface Page {
  readonly items: readonly unknown[];
  /** Null when this was the last. */
  readonly next: string | null;
}

/** All pages of a list, from this one on. A page that links to one that was read is the last: some lists end so. */
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

/** What the client needs. */
export interface OktaClientOptions extends ExchangeOptions {
  readonly authorize: Authorize;
  /** What the credential has to be granted, named when Okta refuses it. */
  readonly scopes: readonly string[];
  /** Whose credential it is, as what to do about a refusal depends on it. @default "app" */
  readonly by?: Situation["by"];
  /** The proxy that requests go through, as `host:port`, named when something in between answers. @default none */
  readonly proxy?: string | null;
}

/** Okta's Management API: every request, for access tokens too, goes through one exchange. */
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
    const answer = (body ?? {}) as Readonly<Record<string, unknown>>;
    const errorCauses = Array.isArray(answer.errorCauses) ? (answer.errorCauses as { errorSummary?: unknown }[]) : [];
    // An error of Okta's says so by a code, or by a challenge: a gateway may refuse in JSON as well.
    const isForeign = foreignBody !== null || (error === null && !isOktas(body));
    const summaries = [
      answer.errorSummary ?? description ?? foreignBody ?? (isForeign ? "an answer that is not Okta's" : null),
      ...errorCauses.map((each) => each.errorSummary),
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
      // That there is no such thing only Okta can tell, not something in between.
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
  return typeof (body as { readonly errorCode?: unknown } | null)?.errorCode === "string";
}

/** The target of `rel="next"` (RFC 8288). */
function nextLink(header: string | null): string | null {
  return /<([^>]+)>;\s*rel="next"/.exec(header ?? "")?.[1] ?? null;
}
