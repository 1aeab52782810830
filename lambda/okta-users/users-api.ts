import * as z from "zod/mini";
import { type Authorize, OktaFailure, OktaRefusal } from "./okta-authorization.ts";
import { type OktaUser, oktaUser } from "./okta-user.ts";

/** A page of users, and where the next one is. */
export interface UsersPage {
  readonly users: readonly OktaUser[];
  /** Null when this was the last. */
  readonly next: string | null;
}

/** Okta's Users API. */
export interface UsersApi {
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  /** The URL of the first page: of all users who are not gone, or of those changed since then, gone ones too. */
  readonly firstPage: (changedSince: Date | null) => string;
  readonly fetchPage: (url: string, signal: AbortSignal) => Promise<UsersPage>;
  /** Null when there is no such user. */
  readonly fetchUser: (id: string, signal: AbortSignal) => Promise<OktaUser | null>;
}

/** What the API needs. */
export interface UsersApiOptions {
  /** `https://example.okta.com`. */
  readonly orgUrl: string;
  readonly authorize: Authorize;
  /** Waits; rejects with the signal's reason when it aborts. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly now: () => number;
}

/** Okta's largest page. */
const pageSize = 200;
/** Tries of a request that Okta fails, or that hangs. */
const maximumTries = 5;
const firstPauseMilliseconds = 500;
const requestMilliseconds = 15_000;

/**
 * Okta's Users API over HTTP. Rate limits are obeyed: of a limit that is used up Okta tells when it is lifted
 * (`X-Rate-Limit-Reset`), and nothing is asked before. What Okta fails is tried again, with pauses that double.
 */
export function createUsersApi({ orgUrl, authorize, wait, now }: UsersApiOptions): UsersApi {
  /** Milliseconds since 1970 before which nothing may be asked. */
  let notBefore = 0;

  async function request(url: string, signal: AbortSignal): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      if (notBefore > now()) await wait(notBefore - now(), signal);
      signal.throwIfAborted();
      let failure: string;
      try {
        const response = await fetch(url, {
          headers: { accept: "application/json", authorization: await authorize(signal) },
          signal: AbortSignal.any([signal, AbortSignal.timeout(requestMilliseconds)]),
        });
        notBefore = nextAllowed(response, now());
        if (response.status === 429) {
          await response.body?.cancel();
          // To be told to wait is no failure, and costs no try.
          attempt -= 1;
          continue;
        }
        if (response.status < 500) return response;
        failure = `answered ${response.status}`;
        await response.body?.cancel();
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof OktaRefusal) throw error;
        failure = error instanceof Error ? error.message : String(error);
      }
      if (attempt >= maximumTries) throw new OktaFailure(`Okta failed ${maximumTries} times: ${url} ${failure}`);
      await wait(firstPauseMilliseconds * 2 ** (attempt - 1), signal);
    }
  }

  async function refuse(response: Response): Promise<never> {
    const answer = (await response.json().catch(() => ({}))) as Readonly<Record<string, unknown>>;
    const hint =
      response.status === 401 || response.status === 403 ? ". May the credential read users (okta.users.read)?" : "";
    throw new OktaRefusal(
      `Okta refused ${response.url} (${response.status}): ${String(answer.errorSummary ?? response.statusText)}${hint}`,
    );
  }

  return {
    orgUrl,
    firstPage(changedSince) {
      const url = new URL("/api/v1/users", orgUrl);
      url.searchParams.set("limit", String(pageSize));
      if (changedSince !== null) url.searchParams.set("search", `lastUpdated gt "${changedSince.toISOString()}"`);
      return url.href;
    },
    async fetchPage(url, signal) {
      // A link that leads elsewhere must not be given our authorization.
      if (new URL(url).origin !== new URL(orgUrl).origin) throw new OktaRefusal(`${url} is no page of ${orgUrl}`);
      const response = await request(url, signal);
      if (!response.ok) return refuse(response);
      const users = z.array(z.unknown()).parse(await response.json());
      return {
        users: users.flatMap((user) => oktaUser.safeParse(user).data ?? []),
        next: nextLink(response.headers.get("link")),
      };
    },
    async fetchUser(id, signal) {
      const response = await request(new URL(`/api/v1/users/${encodeURIComponent(id)}`, orgUrl).href, signal);
      if (response.status === 404) return null;
      if (!response.ok) return refuse(response);
      return oktaUser.parse(await response.json());
    },
  };
}

/** When the next request may be made, by what the answer says of the rate limit. */
function nextAllowed(response: Response, now: number): number {
  const remaining = Number(response.headers.get("x-rate-limit-remaining") ?? Number.NaN);
  const reset = Number(response.headers.get("x-rate-limit-reset") ?? Number.NaN) * 1_000;
  if (response.status !== 429 && !(remaining <= 0)) return 0;
  // Okta's clock may differ from ours: what counts is how far the reset is from the answer's own date.
  const date = Date.parse(response.headers.get("date") ?? "");
  const waiting = Number.isNaN(reset) ? 1_000 : reset - (Number.isNaN(date) ? now : date);
  return now + Math.max(waiting, 0) + 250;
}

/** The target of `rel="next"` (RFC 8288). */
function nextLink(header: string | null): string | null {
  return /<([^>]+)>;\s*rel="next"/.exec(header ?? "")?.[1] ?? null;
}
