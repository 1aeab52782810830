import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Gives all tests one temporary folder, which is removed with whatever they, or libraries such as CDK, left in it. */
export async function setup(): Promise<() => Promise<void>> {
  // What Node.js compiles is kept for all processes of the tests, and for the next run.
  process.env.NODE_COMPILE_CACHE = join(tmpdir(), "okta-proxy-watch-compile-cache");
  const folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-test-"));
  process.env.TMPDIR = folder;
  process.env.TEMP = folder;
  return () => rm(folder, { recursive: true, force: true });
}
