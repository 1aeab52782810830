import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { parseJson } from "../lambda/core/values/json.ts";

/** The port of an embedded run, unless a setting says otherwise. */
export const defaultPort = 3000;

/** What a process notes of its embedded run, for commands with `--local`. It holds no secret. */
const noteSchema = z.object({
  /** `http://localhost:3000/` */
  url: z.string().regex(/^http:\/\/localhost:\d{1,5}\/$/),
  pid: z.int().positive(),
  startedAt: z.iso.datetime(),
});
type RunNote = Readonly<z.infer<typeof noteSchema>>;

/**
 * The folder of the notes, of this checkout: its user alone writes it, as commands send the hook's secret to where a note says.
 * `RUN_NOTES_FOLDER` names another, for tests.
 */
const notesFolder = () =>
  process.env.RUN_NOTES_FOLDER ??
  fileURLToPath(new URL("../node_modules/.cache/okta-proxy-watch-runs", import.meta.url));

/**
 * Notes the embedded run of this process.
 *
 * @returns what removes the note; null where the folder cannot be written
 */
export async function noteRun(url: string, startedAt: Date): Promise<(() => Promise<void>) | null> {
  const folder = notesFolder();
  const file = join(folder, `${process.pid}.json`);
  const note: RunNote = { url, pid: process.pid, startedAt: startedAt.toISOString() };
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // A process that had this id may have left its own.
    await rm(file, { force: true });
    await writeFile(file, `${JSON.stringify(note)}\n`, { mode: 0o600, flag: "wx" });
  } catch {
    return null;
  }
  return () => rm(file, { force: true });
}

/**
 * Finds the embedded runs of this checkout that answer, the newest first. Notes of processes that are no more are removed.
 *
 * @param answers whether the run at a URL answers
 */
export async function findRuns(answers: (url: string) => Promise<boolean>): Promise<readonly RunNote[]> {
  const folder = notesFolder();
  const files = await readdir(folder).catch(() => []);
  const notes = await Promise.all(
    files.map(async (name) => {
      const file = join(folder, name);
      const note = await readNote(file);
      if (note !== null && isAlive(note.pid)) return (await answers(note.url)) ? [note] : [];
      await rm(file, { force: true }).catch(() => {});
      return [];
    }),
  );
  return notes.flat().sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
}

async function readNote(file: string): Promise<RunNote | null> {
  const text = await readFile(file, "utf8").catch(() => "");
  return noteSchema.safeParse(parseJson(text)).data ?? null;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is there, and another user's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
