import { describe, expect, test } from "vitest";
import { codeOfUnreachable, isConnected, whyUnreachable } from "../../../lambda/adapters/okta-api/unreachable.ts";

/** As `fetch` wraps what ended a connection. */
const fetchFailed = (cause: unknown) => new TypeError("fetch failed", { cause });
const withCode = (message: string, code: string | number, cause?: unknown) =>
  Object.assign(new Error(message, { cause }), { code });

describe("what ended a connection", () => {
  test("is said by the innermost cause", () => {
    const error = fetchFailed(
      withCode("Request was cancelled.", 0, withCode("Proxy response (407) !== 200", "UND_ERR_ABORTED")),
    );
    expect(whyUnreachable(error)).toBe("Proxy response (407) !== 200");
    expect(codeOfUnreachable(error)).toBe("UND_ERR_ABORTED");
  });

  test("is said by the first of several tries, which has the code alone", () => {
    const tries = new AggregateError([withCode("connect ECONNREFUSED ::1:1", "ECONNREFUSED")]);
    expect(whyUnreachable(fetchFailed(tries))).toBe("connect ECONNREFUSED ::1:1");
    expect(codeOfUnreachable(fetchFailed(tries))).toBe("ECONNREFUSED");
  });

  test("is said by the error where it has no cause", () => {
    expect(whyUnreachable(new Error("no way"))).toBe("no way");
    expect(codeOfUnreachable(new Error("no way"))).toBeNull();
  });

  test.each(["ECONNREFUSED", "ENOTFOUND", "SELF_SIGNED_CERT_IN_CHAIN", "CERT_HAS_EXPIRED"])(
    "(%s) shows that no request arrived",
    (code) => expect(isConnected(code)).toBe(false),
  );

  test.each(["ECONNRESET", "UND_ERR_SOCKET", null])("(%s) leaves open whether the request arrived", (code) => {
    expect(isConnected(code)).toBe(true);
  });
});
