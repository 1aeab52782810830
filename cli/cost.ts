import { createCommand } from "./command.ts";
import { withProgress } from "./progress.ts";
import { runNode } from "./run-node.ts";

export const command = createCommand(
  "cost",
  "Builds, runs the functions on made-up events, and prints what a deployment costs a month at list prices.",
)
  .option("--check", "compare with the tables in docs/, and write nothing", false)
  .addHelpText(
    "after",
    "\nIt takes about a minute, and writes the tables of docs/cost.md and docs/security.md.\n\nExit code: 0; 1 when the build failed, or --check found another table in a document.",
  )
  .action(async ({ check }: { readonly check: boolean }) => {
    const isBuilt = (await withProgress("building the functions", () => runNode(["build/bundle.ts", "--quiet"]))) === 0;
    const compute = () => runNode(["build/cost.ts", ...(check ? ["--check"] : [])]);
    const isDone = isBuilt && (await withProgress("running the functions", compute)) === 0;
    if (!isDone) process.exitCode = 1;
  });
