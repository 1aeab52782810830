import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

const rule = `title: Session Started
id: 00000000-0000-4000-8000-0000000000b1
logsource: {product: okta, service: okta}
detection: {selection: {eventType: user.session.start}, condition: selection}
level: low
`;

test("the build prints what should be looked at once, and a malformed rule fails it, naming file and fault", async () => {
  const copy = await mkdtemp(join(root, "dist", "broken-"));
  try {
    for (const part of ["build", "detections", "infra", "lambda", "local", "package.json"])
      await cp(join(root, part), join(copy, part), { recursive: true });
    // Two of the functions, as each is bundled apart, and all of them take seconds.
    const script = join(copy, "build", "bundle.ts");
    const two = (await readFile(script, "utf8")).replace(/(?<=const functions = \[)[^\]]*/, '"redrive", "reconcile"');
    expect(two).toContain('["redrive", "reconcile"]');
    await writeFile(script, two);
    const build = () => promisify(execFile)(process.execPath, [script, "--quiet"]);
    const broken = join(copy, "detections", "broken.yml");
    await writeFile(broken, rule.replace("eventType", "eventTyp"));
    const { stderr } = await build();
    // A fork's own rules may have warnings of their own.
    expect(stderr.match(/^warning: \S+broken\.yml:4: .*did you mean "eventType"\?$/gm)).toHaveLength(1);
    await writeFile(broken, rule.replace("low", "loud"));
    await expect(build()).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/broken\.yml:5: level/) });
  } finally {
    await rm(copy, { recursive: true });
  }
});
