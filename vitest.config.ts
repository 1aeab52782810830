import { defineConfig } from "vitest/config";
import { patient } from "./test/fixtures/timing.ts";

/** Files that build `dist/` anew while they run, and so have it to themselves. */
const rebuilding = ["test/cli/deploy.test.ts", "test/cli/deploy/cdk.test.ts"];

/** Tests of the template. */
const infra = ["test/infra/**/*.test.ts"];

/** Folders whose tests run what is built, or synthesize what is deployed of it. */
const built = ["alarms", "build", "cli", "examples", "faults", "functions", "integration", "local"].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

const shared = {
  // Each file its own process: the functions read the environment when they are imported.
  pool: "forks",
  // They end a test that hangs, and judge no pace: a synthesis of four seconds takes more than thirty on a busy machine.
  testTimeout: 240_000,
  hookTimeout: 240_000,
  maxWorkers: 2,
  expect: { poll: { timeout: 60_000, interval: 20 } },
  env: {
    TIMING: JSON.stringify(patient),
    // What the functions log and count is asked for by the tests of it.
    POWERTOOLS_LOG_LEVEL: "SILENT",
    POWERTOOLS_METRICS_DISABLED: "true",
  },
} as const;

export default defineConfig({
  test: {
    globalSetup: "test/setup/folder.ts",
    projects: [
      {
        test: {
          ...shared,
          name: "sources",
          include: ["test/**/*.test.ts"],
          exclude: [...built, ...infra],
          isolate: false,
        },
      },
      {
        test: {
          ...shared,
          name: "built",
          globalSetup: "test/setup/build.ts",
          include: built,
          exclude: rebuilding,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: { ...shared, name: "infra", globalSetup: "test/setup/build.ts", include: infra, isolate: false },
      },
      {
        test: {
          ...shared,
          name: "rebuilding",
          globalSetup: "test/setup/build.ts",
          include: rebuilding,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
