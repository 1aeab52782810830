import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runNode } from "../run-node.ts";
import type { Template } from "./template-changes.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Runs CDK's command line at the root, in this terminal. @returns its exit code; null when a signal ended it */
function runCdk(args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<number | null> {
  return runNode([join("node_modules", "aws-cdk", "bin", "cdk"), ...args], environment);
}

/**
 * Builds and synthesizes, with this context, to a folder: it holds the template and a copy of each function's code.
 *
 * @param rulesFolder the folder of a company's own rules, which the build reads; null for none
 * @returns the stack's template; null when CDK failed, with its own message
 */
export async function synthesize(
  stack: string,
  context: Readonly<Record<string, string>>,
  assembly: string,
  rulesFolder: string | null = null,
): Promise<Template | null> {
  const given = Object.entries(context).flatMap(([name, value]) => ["--context", `${name}=${value}`]);
  const code = await runCdk(["synth", "--quiet", "--output", assembly, ...given], {
    RULES_FOLDER: rulesFolder ?? "",
  });
  if (code !== 0) return null;
  return JSON.parse(await readFile(join(assembly, `${stack}.template.json`), "utf8")) as Template;
}

/** Deploys what was synthesized to a folder. @returns whether it succeeded; CDK prints the reason of a failure */
export async function deploySynthesized(stack: string, assembly: string, options: readonly string[]): Promise<boolean> {
  // Deploys what was compared, without a new build or synthesis.
  return (await runCdk(["deploy", stack, "--app", assembly, "--build", "", ...options])) === 0;
}

/** The qualifier of CDK's bootstrap resources that cdk.json names; null for CDK's own. */
export async function readQualifier(): Promise<string | null> {
  const { context = {} } = JSON.parse(await readFile(join(root, "cdk.json"), "utf8")) as {
    readonly context?: Readonly<Record<string, unknown>>;
  };
  const qualifier = context["@aws-cdk/core:bootstrapQualifier"];
  return typeof qualifier === "string" ? qualifier : null;
}
