import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findLocal } from "../../cli/deployment.ts";
import { findRuns, noteRun } from "../../local/run-notes.ts";

let folder: string;
const servers: Server[] = [];
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "run-notes-")), "notes");
  process.env.RUN_NOTES_FOLDER = folder;
});
afterEach(async () => {
  delete process.env.RUN_NOTES_FOLDER;
  for (const server of servers.splice(0)) server.close();
  await rm(join(folder, ".."), { recursive: true });
});

const yes = async () => true;
const now = new Date("2026-11-26T12:00:00Z");

/** A note of another process: of this one's parent, which is alive as long as the test. */
async function writeNote(url: string, pid = process.ppid, startedAt = now.toISOString()): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${pid}.json`), JSON.stringify({ url, pid, startedAt }));
}

/** The front of an embedded run, as far as a search asks it. */
async function front(): Promise<string> {
  const server = createServer((request, response) => {
    response.statusCode = request.url === "/_local/environment" ? 200 : 404;
    response.end("{}");
  });
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://localhost:${(server.address() as AddressInfo).port}/`;
}

test("a run's note names its address and process, holds nothing else, and is its user's alone", async () => {
  const remove = await noteRun("http://localhost:4100/", now);
  const file = join(folder, `${process.pid}.json`);
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual({
    url: "http://localhost:4100/",
    pid: process.pid,
    startedAt: now.toISOString(),
  });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect(await findRuns(yes)).toMatchObject([{ url: "http://localhost:4100/" }]);
  await remove?.();
  expect(await readdir(folder)).toEqual([]);
});

test("a note that a process of the same id left is replaced", async () => {
  await writeNote("http://localhost:1/", process.pid);
  await noteRun("http://localhost:2/", now);
  expect(await findRuns(yes)).toMatchObject([{ url: "http://localhost:2/" }]);
});

test("notes of processes that are no more, and what is no note, are removed and not found", async () => {
  const child = spawn(process.execPath, ["--version"]);
  await once(child, "close");
  await writeNote("http://localhost:4100/", child.pid);
  await writeFile(
    join(folder, "1.json"),
    '{"url": "http://example.com/", "pid": 1, "startedAt": "2026-11-26T12:00:00Z"}',
  );
  await writeFile(join(folder, "2.json"), "{");
  expect(await findRuns(yes)).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
});

test("a folder that cannot be written is no fault of the run", async () => {
  process.env.RUN_NOTES_FOLDER = "/dev/null/notes";
  expect(await noteRun("http://localhost:4100/", now)).toBeNull();
  expect(await findRuns(yes)).toEqual([]);
});

test("--local finds the one that answers, on whatever port; PORT comes first, and 3000 last", async () => {
  expect(await findLocal({})).toBe("http://localhost:3000");
  await writeNote("http://localhost:1/", process.ppid);
  expect(await findLocal({})).toBe("http://localhost:3000");
  const url = await front();
  await noteRun(url, now);
  expect(await findLocal({})).toBe(url);
  expect(await findLocal({ PORT: "0" })).toBe(url);
  expect(await findLocal({ PORT: "4100" })).toBe("http://localhost:4100");
});

test("of several, --local takes none by itself: it lists them, the newest first", async () => {
  const [older, newer] = [await front(), await front()];
  await writeNote(older, process.ppid, "2026-11-26T11:00:00.000Z");
  await noteRun(newer, now);
  await expect(findLocal({})).rejects.toThrow(
    `several embedded runs are there, the newest first; say which:\n  --local --url ${newer}   since 2026-11-26T12:00:00.000Z\n  --local --url ${older}   since 2026-11-26T11:00:00.000Z`,
  );
});
