import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/build.ts",
    // Each file its own process: the functions read the environment when they are imported.
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
