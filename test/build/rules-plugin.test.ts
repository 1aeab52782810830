import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { build } from "esbuild";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRulesPlugin } from "../../build/rules-plugin.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rules-"));
});
afterEach(() => rm(folder, { recursive: true }));

const rule = `title: Session Start
id: 7a1f0c52-3b0e-4b52-9d0c-3f6d2a1b9c01
status: stable
level: medium
logsource:
  product: okta
  service: okta
detection:
  selection:
    eventType: user.session.start
  condition: selection
`;

const adjustment = `- title: Failed
  detection:
    selection:
      outcome.result: FAILURE
    condition: selection
  severity: lower
`;

/** The files, with their source maps, that a checkout is bundled to. */
async function bundle(checkout: string) {
  const root = join(folder, checkout);
  const files = {
    "detections/one.yml": rule,
    "detections/severity.yml": adjustment,
    "lambda/late.ts": 'import severity from "../detections/severity.yml"; export const late = severity;',
    "lambda/index.ts":
      'import detections from "../detections/*.yml"; export const all = detections; export const load = () => import("./late.ts");',
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  const { outputFiles } = await build({
    entryPoints: [join(root, "lambda/index.ts")],
    outdir: join(root, "dist"),
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    format: "esm",
    sourcemap: true,
    write: false,
    plugins: [createRulesPlugin()],
  });
  return outputFiles.map(({ path, text }) => [relative(root, path), text] as const);
}

test("detections and severity are bundled alike in every folder", async () => {
  const files = await bundle("one");
  expect(files).toEqual(await bundle("two"));
  expect(files.map(([, text]) => text).join()).toContain("Session Start");
});
