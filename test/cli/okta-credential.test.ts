import { afterEach, expect, test, vi } from "vitest";
import { askingOkta } from "../../cli/okta-credential.ts";

afterEach(() => {
  process.exitCode = 0;
});

test("a command that Okta keeps waiting for too long ends with a sentence and exit code 1, not with a stack trace", async () => {
  const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  await askingOkta(async () => {
    const signal = AbortSignal.timeout(1);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    signal.throwIfAborted();
  }, "Nothing else was done");
  expect(written.mock.calls.map(([text]) => text)).toEqual([
    "error: Okta took too long, or its rate limit is used up for longer. Nothing else was done\n",
  ]);
  expect(process.exitCode).toBe(1);
  written.mockRestore();
});

test("another error is thrown as it is", async () => {
  await expect(askingOkta(() => Promise.reject(new TypeError("a fault of ours")), "unused")).rejects.toThrow(TypeError);
});
