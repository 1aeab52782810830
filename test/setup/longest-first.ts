import { existsSync } from "node:fs";
import { join, normalize } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The files that take longest, by what they take on a quiet machine: 48 seconds the first of each project, 6 the last. Vitest goes by the
 * size of a file where no earlier run tells the time, and a long file that starts late keeps a worker when all others are done.
 */
const longest: readonly string[] = [
  "test/faults/load.test.ts",
  "test/cli/deploy.test.ts",
  "test/cli/hook.test.ts",
  "test/faults/dynamodb.test.ts",
  "test/alarms/alarms.test.ts",
  "test/faults/kill.test.ts",
  "test/local/browser.test.ts",
  "test/integration/reconcile.test.ts",
  "test/faults/sns.test.ts",
  "test/local/main.test.ts",
  "test/integration/backtest.test.ts",
  "test/faults/sqs.test.ts",
  "test/cli/rules.test.ts",
  "test/cli/deploy/cdk.test.ts",
  "test/faults/copies.test.ts",
  "test/cli/proxy.test.ts",
  "test/core/correlation/group-faults.test.ts",
  "test/adapters/okta-api/users-api.test.ts",
  "test/adapters/tables/sources.test.ts",
  "test/core/grouping/suppression.test.ts",
  "test/adapters/tables/profile-items.test.ts",
  "test/core/sigma/fuzz.test.ts",
  "test/core/correlation/hot-group.test.ts",
  "test/pages/report/browser.test.ts",
];

/** Starts the {@link longest} files of each project first, and leaves all others in Vitest's order. */
export class LongestFirst extends BaseSequencer {
  /** @throws Error naming files of {@link longest} that are gone */
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const paths = longest.map((file) => join(this.ctx.config.root, file));
    const gone = paths.filter((path) => !existsSync(path));
    if (gone.length > 0) throw new Error(`test/setup/longest-first.ts names files that are gone: ${gone.join(", ")}`);
    const ranks = new Map(paths.map((path, index) => [path, index]));
    const rank = ({ moduleId }: TestSpecification) => ranks.get(normalize(moduleId)) ?? ranks.size;
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project))];
    return projects.flatMap((project) =>
      sorted.filter((file) => file.project === project).sort((one, other) => rank(one) - rank(other)),
    );
  }
}
