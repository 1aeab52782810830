/** The longest pause after a 429 without a time, in milliseconds: Okta's windows last a minute. */
const longestPause = 60_000;
const shortestPause = 250;
/** Okta's windows last a minute, in milliseconds, and its times are whole seconds. */
const longestWindow = 61_000;

/**
 * The rate limits of an org, learned from its answers, each bucket's by itself: by the headers `X-Rate-Limit-Limit`,
 * `-Remaining` and `-Reset` (https://developer.okta.com/docs/reference/rl-best-practices/).
 *
 * @param share the share of each limit that may be used, above 0 to 1
 */
export function createRateLimits(share: number, now: () => number) {
  const buckets = new Map<string, { readonly notBefore: number; readonly refusals: number }>();
  return {
    /** The earliest time of the next request to this URL, in milliseconds since 1970; 0 for at once. */
    notBefore: (url: string) => buckets.get(bucketOf(url))?.notBefore ?? 0,
    learn(url: string, { status, headers }: Pick<Response, "status" | "headers">) {
      const bucket = bucketOf(url);
      const refusals = status === 429 ? (buckets.get(bucket)?.refusals ?? 0) + 1 : 0;
      const limit = Math.min(...numbers(headers, "x-rate-limit-limit"));
      const remaining = Math.min(...numbers(headers, "x-rate-limit-remaining"));
      const left = remaining - (limit === Number.POSITIVE_INFINITY ? 0 : limit * (1 - share));
      const notBefore = refusals > 0 || left <= 0 ? now() + waitingTime(headers, now(), refusals) : 0;
      buckets.set(bucket, { notBefore, refusals });
    },
  };
}

/** Milliseconds until the limit is lifted. */
function waitingTime(headers: Headers, now: number, refusals: number): number {
  // Okta's clock, ours and that of a gateway that dates answers may differ. The pause runs from the answer's date to
  // the reset, or from our time where only that is within a window.
  const date = Date.parse(headers.get("date") ?? "");
  const reset = Math.max(...numbers(headers, "x-rate-limit-reset")) * 1_000;
  const untilReset = [reset - date, reset - now].filter((each) => each > 0 && Number.isFinite(each));
  const likely = untilReset.find((each) => each <= longestWindow) ?? untilReset[0];
  if (likely !== undefined) return likely + shortestPause;
  const retryAfter = readRetryAfter(headers, Number.isNaN(date) ? now : date);
  if (retryAfter > 0) return retryAfter + shortestPause;
  // The pause grows with each refusal without a time, such as that of the limit of concurrent requests.
  return Math.min(shortestPause * 2 ** refusals, longestPause);
}

/** The pause of `Retry-After` in milliseconds, from seconds or a date (RFC 9110, section 10.2.3); 0 without one. */
function readRetryAfter(headers: Headers, from: number): number {
  const seconds = numbers(headers, "retry-after");
  const until = Date.parse(headers.get("retry-after") ?? "");
  return seconds.length > 0 ? Math.max(...seconds) * 1_000 : Number.isNaN(until) ? 0 : until - from;
}

/** The numbers of a header: a gateway may repeat it, as `60, 60`. */
function numbers(headers: Headers, name: string): number[] {
  const value = headers.get(name);
  if (value === null) return [];
  return value
    .split(",")
    .map((text) => (text.trim() === "" ? Number.NaN : Number(text)))
    .filter(Number.isFinite);
}

/** The bucket of a URL. Okta has one for each of: `/oauth2/v1/token`, `/api/v1/logs`, `/api/v1/users`. */
function bucketOf(url: string): string {
  return new URL(url).pathname.split("/").slice(0, 4).join("/");
}
