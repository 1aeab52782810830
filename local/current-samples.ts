import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The samples that the printed commands deliver. */
const names = ["proxied-sign-in", "ordinary-sign-in", "streamed-sign-in"] as const;
export type SampleName = (typeof names)[number];

/** When the newest of the samples was delivered. */
const newest = Date.parse("2026-11-24T09:30:02.000Z");

/**
 * Copies the samples to a temporary folder, with their times moved so that the newest is of now: an alert tells the age of its event.
 *
 * @returns the path of a sample, whole, as people paste it into another terminal; and what removes the folder
 */
export async function writeCurrentSamples(now: Date) {
  const folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-"));
  const pathOf = (name: SampleName) => join(folder, `${name}.json`);
  const write = async (name: SampleName) => {
    const sample = await readFile(new URL(`samples/${name}.json`, import.meta.url), "utf8");
    await writeFile(pathOf(name), moveTimes(sample, now.getTime() - newest));
  };
  await Promise.all(names.map(write));
  return { pathOf, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Moves every time (ISO 8601, UTC) that is a whole string of a JSON text by so many milliseconds. */
export function moveTimes(json: string, milliseconds: number): string {
  return json.replace(/"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)"/g, (_, time: string) =>
    JSON.stringify(new Date(Date.parse(time) + milliseconds).toISOString()),
  );
}
