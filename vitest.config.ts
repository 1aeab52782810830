import { defineConfig } from "vitest/config";

/** Files that stop the time of an answer, or break services while the functions work: they need the machine to themselves. */
const alone = [
  "test/alarms/**/*.test.ts",
  "test/faults/**/*.test.ts",
  "test/integration/**/*.test.ts",
  "test/local/**/*.test.ts",
  // They build what other tests run.
  "test/cli/deploy.test.ts",
  "test/cli/deploy/cdk.test.ts",
  "test/core/time/budget.test.ts",
  "test/adapters/tables/look-up.test.ts",
  "test/adapters/aws/queue.test.ts",
];

const shared = {
  // Each file its own process: the functions read the environment when they are imported.
  pool: "forks",
  // They end a test that hangs, and judge no pace: a synthesis of four seconds takes more than thirty on a busy machine.
  testTimeout: 120_000,
  hookTimeout: 120_000,
} as const;

export default defineConfig({
  test: {
    globalSetup: "test/build.ts",
    projects: [
      {
        test: {
          ...shared,
          name: "together",
          include: ["test/**/*.test.ts"],
          exclude: alone,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: { ...shared, name: "alone", include: alone, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
