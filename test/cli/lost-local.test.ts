import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type EmbeddedRun, startEmbeddedRun } from "../../local/embedded-run.ts";
import { noteRun } from "../../local/run-notes.ts";
import { runCli } from "../fixtures/command.ts";

/* `npm run NAME --local`, without a `--`: npm takes it for --local-address, and passes nothing on that shows it. */

let run: EmbeddedRun;
let notes: string;
beforeAll(async () => {
  notes = await mkdtemp(join(tmpdir(), "run-notes-"));
  run = await startEmbeddedRun({ port: 0, hookSecret: "secret", mismatchDistanceKm: 500, onError: () => {} });
});
afterEach(() => {
  delete process.env.RUN_NOTES_FOLDER;
});
afterAll(async () => {
  await run.stop();
  await rm(notes, { recursive: true });
});

const incidents = (event: string, ...args: readonly string[]) =>
  runCli("incidents", args, {
    environment: { npm_lifecycle_event: event, RUN_NOTES_FOLDER: notes, AWS_REGION: "", AWS_CONFIG_FILE: "/dev/null" },
  });

test("where an embedded run is there, the command asks which is meant, and does nothing", async () => {
  process.env.RUN_NOTES_FOLDER = notes;
  const removeNote = await noteRun(run.url, new Date());
  try {
    const { code, stdout, stderr } = await incidents("incidents", "list", "--since", "12h");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe(
      "error: an embedded run is there, and npm takes --local for itself where no -- stands before it. Nothing was done; say which is meant:\n" +
        "  npx okta-proxy-watch incidents list --since 12h --local\n" +
        "  npx okta-proxy-watch incidents list --since 12h --stack OktaProxyWatch\n",
    );
    expect((await incidents("incidents", "list", "--local")).code).toBe(0);
    // npx takes no option behind the command's name.
    expect((await incidents("npx", "list")).stderr).toContain("no AWS region is set");
  } finally {
    await removeNote?.();
  }
});

test("where none is there, the stack is meant, and an error has the whole line for the embedded run", async () => {
  const { code, stderr } = await incidents("incidents", "list");
  expect(code).toBe(2);
  expect(stderr).toMatch(/no AWS region is set.* For the embedded run: npx okta-proxy-watch incidents list --local\n$/);
});
