import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

describe("release notes", () => {
  let folder: string;
  const git = (...args: readonly string[]) => run("git", [...args], { cwd: folder });
  const commit = (message: string) =>
    git("-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--allow-empty", "--quiet", "-m", message);
  const notes = (...args: readonly string[]) =>
    run(process.execPath, [join(root, "build/release-notes.ts"), ...args], { cwd: folder });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-notes-"));
    await git("init", "--quiet");
    await commit("feat: the first thing");
    await git("tag", "v1.0.0");
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("are what users want to know of since the last tag, by kind, what breaks first", async () => {
    await commit("feat(alerts): tell the zone\n\nBecause people asked.");
    await commit("fix: mend a leak");
    await commit("test: more of them");
    await commit("feat!: another key");
    await commit("refactor: simpler\n\nBREAKING CHANGE: the setting is called x now");
    const { stdout } = await notes();
    expect(stdout.replaceAll(/\([0-9a-f]{7,}\)/g, "(hash)")).toBe(
      [
        "## Breaking\n\n- the setting is called x now (hash)\n- another key (hash)\n",
        "## Added\n\n- another key (hash)\n- **alerts**: tell the zone (hash)\n",
        "## Fixed\n\n- mend a leak (hash)\n",
        "## Changed within\n\n- simpler (hash)\n",
      ].join("\n"),
    );
    expect((await notes("v1.0.0")).stdout).toContain("the first thing");
  });

  test("can be checked: a subject of another form is named", async () => {
    await commit("feat: good");
    expect((await notes("--check")).stderr).toBe("");
    await commit("Update things");
    await commit("feature: of no known type");
    await expect(notes("--check")).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/of no known type\n.*Update things\n$/),
    });
  });
});

test("the bill of materials has every package that the deployed functions are bundled from", async () => {
  const { stdout } = await run("npm", ["run", "--silent", "sbom"], { cwd: root, maxBuffer: 16 * 1_048_576 });
  const bill = JSON.parse(stdout) as {
    readonly bomFormat: string;
    readonly components: readonly {
      readonly group?: string;
      readonly name: string;
      readonly properties?: readonly { readonly name: string }[];
    }[];
  };
  expect(bill.bomFormat).toBe("CycloneDX");
  const isForDevelopment = ({ properties = [] }: (typeof bill.components)[number]) =>
    properties.some(({ name }) => name === "cdx:npm:package:development");
  const deployed = bill.components.filter((component) => !isForDevelopment(component));
  expect(deployed.length).toBeLessThan(bill.components.length);
  const listed = new Set(deployed.map(({ group, name }) => (group ? `${group}/${name}` : name)));
  const bundled = new Set<string>();
  for (const file of await readdir(join(root, "dist"), { recursive: true })) {
    if (!file.endsWith(".map")) continue;
    const { sources } = JSON.parse(await readFile(join(root, "dist", file), "utf8")) as {
      readonly sources: readonly string[];
    };
    for (const source of sources) {
      const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source) ?? [];
      if (name !== undefined) bundled.add(name);
    }
  }
  expect(bundled.size).toBeGreaterThan(10);
  expect([...bundled].filter((name) => !listed.has(name))).toEqual([]);
});
