import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { patient } from "./test/fixtures/timing.ts";
import { LongestFirst } from "./test/setup/longest-first.ts";

const cores = availableParallelism();

/** Tests that run what is built, or synthesize what is deployed of it. */
const built = [
  "test/{alarms,build,examples,faults,functions,infra,integration,local}/**/*.test.ts",
  "test/cli/*.test.ts",
  "test/cli/{backtest,deploy,report}/**/*.test.ts",
];

const shared = {
  pool: "forks",
  // Node.js itself loads sources and tests, as it loads the commands: Vite's own loader takes a tenth of the processor time.
  experimental: { viteModuleRunner: false },
  // Loading the SDK, CDK and the emulators for each file took a quarter of the processor time. Functions read their environment
  // when they load: tests load them anew, and the environment of a file ends with it.
  isolate: false,
  setupFiles: "test/setup/environment.ts",
  // They end a test that hangs, and judge no pace: a synthesis of four seconds takes more than thirty on a busy machine.
  testTimeout: 240_000,
  hookTimeout: 240_000,
  // Much of the files' time is waiting: for delays of queues, a service that hangs, or a command in a process of its own. A
  // worker takes up to 0.8 GB, with the commands that it runs.
  maxWorkers: Math.min(3 * cores, cores + 8),
  expect: { poll: { timeout: 60_000, interval: 20 } },
  env: {
    TIMING: JSON.stringify(patient),
    // What the functions log and count is asked for by the tests of it.
    POWERTOOLS_LOG_LEVEL: "SILENT",
    POWERTOOLS_METRICS_DISABLED: "true",
    // CDK's rules of CloudFormation take three seconds to load: `test/infra/findings.test.ts` and one synthesis by CDK use them.
    CDK_VALIDATION: "false",
  },
} as const;

export default defineConfig({
  test: {
    globalSetup: "test/setup/folder.ts",
    maxWorkers: shared.maxWorkers,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...shared,
          name: "sources",
          include: ["test/**/*.test.ts"],
          exclude: built,
        },
      },
      {
        test: {
          ...shared,
          name: "built",
          globalSetup: "test/setup/build.ts",
          setupFiles: [shared.setupFiles, "test/setup/own-instances.ts"],
          include: built,
          // Node.js itself loads what is deployed, as Lambda does.
          server: { deps: { external: [/\/dist\/.+\.mjs/] } },
        },
      },
    ],
  },
});
