import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("the table of costs in the documents is the one that is computed", async () => {
  const { stderr } = await promisify(execFile)(process.execPath, ["build/cost.ts", "--check"], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
  });
  expect(stderr).toBe("");
});
