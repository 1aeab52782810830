import { readFile } from "node:fs/promises";

/*
 * Checks the licences of all dependencies in the lockfile. Deployed packages need a permissive one; packages for
 * building and testing may also have one with duties for changed copies. It names violations with exit code 1.
 */

/** Licences, by SPDX identifier, that deployed packages may have. */
const deployed = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0"];
/** Further licences that packages for building and testing may have. */
const builtWith = [...deployed, "BlueOak-1.0.0", "CC0-1.0", "MPL-2.0", "Python-2.0"];

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
}

const lockfile = JSON.parse(await readFile(new URL("../package-lock.json", import.meta.url), "utf8")) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};

/** Whether an SPDX expression gives at least one choice that is allowed. */
function isAllowed(expression: string, allowed: readonly string[]): boolean {
  return expression
    .replace(/^\((.*)\)$/, "$1")
    .split(" OR ")
    .some((choice) => choice.split(" AND ").every((licence) => allowed.includes(licence.trim())));
}

const faults = Object.entries(lockfile.packages).flatMap(([path, { version, license, dev }]) => {
  if (path === "" || isAllowed(license ?? "", dev ? builtWith : deployed)) return [];
  const name = path.replace(/^.*node_modules\//, "");
  return [
    `${name} ${version} is under ${license ?? "no licence"}, ${dev ? "which we do not build with" : "and would be deployed"}`,
  ];
});
if (faults.length > 0) {
  process.stderr.write(`${faults.join("\n")}\n`);
  process.exitCode = 1;
}
