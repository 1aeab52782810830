import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { relativeWarning } from "../../cli/detections-folder.ts";

describe("a warning about a file", () => {
  test.each([
    [':11: references.0: "htp://bad" is no address: expected https://...'],
    [": is not read, see https://example.com/../x"],
    [""],
  ])("names the file as seen from the current folder, and leaves %j as it is", (what) => {
    expect(relativeWarning(`${join(process.cwd(), "detections", "mine.yml")}${what}`)).toBe(
      `${join("detections", "mine.yml")}${what}`,
    );
  });
});
