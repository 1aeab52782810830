import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createProgress, withProgress } from "../../cli/progress.ts";

/** Standard error, as a terminal of 20 columns or as a log. */
function createStream(isTTY: boolean) {
  const written: string[] = [];
  const stream = Object.assign(new Writable(), {
    isTTY,
    columns: 20,
    write: (text: string) => written.push(text) > 0,
  });
  return { stream: stream as unknown as NodeJS.WriteStream, written };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("progress", () => {
  test("on a terminal rewrites its line at most five times a second, within the width, and clears it", () => {
    const { stream, written } = createStream(true);
    const progress = createProgress(stream);
    for (let step = 0; step < 10; step += 1) {
      progress.update(() => `${step} of ten thousand users`);
      vi.advanceTimersByTime(100);
    }
    progress.done();
    expect(written).toEqual([
      ...[0, 2, 4, 6, 8].map((step) => `\r\u001b[2K${`${step} of ten thousand users`.slice(0, 19)}`),
      "\r\u001b[2K",
    ]);
  });

  test("in a log is a line every ten seconds, and none of what ends before", () => {
    const { stream, written } = createStream(false);
    const progress = createProgress(stream);
    for (let second = 0; second < 35; second += 1) {
      progress.update(() => `${second} s`);
      vi.advanceTimersByTime(1_000);
    }
    progress.done();
    expect(written).toEqual(["10 s\n", "20 s\n", "30 s\n"]);
  });
});

describe("what shows nothing by itself", () => {
  test("is named once it has taken two seconds, and its result handed on", async () => {
    const { stream, written } = createStream(true);
    const work = withProgress("building", () => new Promise((resolve) => setTimeout(resolve, 3_500, "built")), stream);
    await vi.advanceTimersByTimeAsync(1_900);
    expect(written).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_600);
    expect(await work).toBe("built");
    expect(written).toEqual(["\r\u001b[2Kbuilding, 2 s", "\r\u001b[2Kbuilding, 3 s", "\r\u001b[2K"]);
  });

  test("leaves no trace where it is quick, or fails at once", async () => {
    const { stream, written } = createStream(true);
    expect(await withProgress("building", async () => 1, stream)).toBe(1);
    await expect(withProgress("building", () => Promise.reject(new Error("no")), stream)).rejects.toThrow("no");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(written).toEqual([]);
  });
});
