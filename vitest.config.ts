import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/build.ts",
    // Each file its own process: the functions read the environment when they are imported.
    pool: "forks",
    // One at a time: tests that load the functions, or stop the time of an answer, need the machine to themselves.
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
