import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readExceptionsFile } from "../../../cli/backtest/exceptions-file.ts";
import { InputError } from "../../../cli/command.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "exceptions-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function read(text: string) {
  const path = join(folder, "exceptions.jsonl");
  await writeFile(path, text);
  return readExceptionsFile(path);
}

const exception = {
  id: "3f2a1b2c",
  scope: { user: "ada@example.com", operator: "NORDVPN" },
  by: "sec",
  reason: "company VPN",
  createdAt: "2026-11-01T00:00:00.000Z",
  until: "2027-02-01T00:00:00.000Z",
  noticedAt: null,
};
const line = JSON.stringify(exception);

test.each<[string, string]>([
  ["JSON lines, as list --json prints them", `${line}\n${line}\n`],
  ["lines of Windows, with a byte order mark", `\ufeff${line}\r\n\r\n${line}\r\n`],
  [
    "what npm prints before them",
    `\n> okta-proxy-watch@0.1.0 exceptions\n> node cli/exceptions.ts list --json\n\n${line}\n${line}\n`,
  ],
  ["an array that spans lines", JSON.stringify([exception, exception], null, 2)],
])("%s are read", async (_, text) => {
  expect(await read(text)).toEqual([exception, exception]);
});

test("an empty file holds no exception", async () => {
  expect(await read("\n")).toEqual([]);
});

test.each<[string, RegExp]>([
  [
    `${line}\n{"id": `,
    /exceptions\.jsonl:2: no JSON; expected what "npx okta-proxy-watch exceptions list --json" prints/,
  ],
  [`${line}\n\n{"id":"x"}`, /exceptions\.jsonl:3: no exception: scope/],
  [
    JSON.stringify({ ...exception, scope: { detections: ["x"] } }),
    /exceptions\.jsonl:1: no exception: scope: covers everything/,
  ],
  [JSON.stringify({ ...exception, until: "tomorrow" }), /exceptions\.jsonl:1: no exception: until/],
  ["[1]", /exceptions\.jsonl:1: no exception/],
])("%j is refused with file and line", async (text, message) => {
  await expect(read(text)).rejects.toThrow(InputError);
  await expect(read(text)).rejects.toThrow(message);
});

test("a file that is not there is named", async () => {
  await expect(readExceptionsFile(join(folder, "no.jsonl"))).rejects.toThrow(/no\.jsonl: cannot be opened/);
});
