import { readFile } from "node:fs/promises";

/*
 * The licences of all dependencies, read off the lockfile. What is deployed has to be under a permissive one; what is only
 * built and tested with may also be under one that asks something of whoever changes it. Exit code 1 names what is not.
 */

/** Licences, by SPDX identifier, of what may be deployed. */
const deployed = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0"];
/** And of what may be built and tested with. */
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
