import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mergeSettings } from "../../infra/settings.ts";
import { parseSettingsFile } from "../../infra/settings-file.ts";
import { runCli } from "../fixtures/command.ts";

const list = {
  us_cell_1: { ip_ranges: ["192.0.2.128/25", "192.0.2.0/25", "2001:db8::/48", "192.0.2.0/25"] },
  emea_cell_1: { ip_ranges: ["198.51.100.0/24"] },
};

let server: Server;
let url: string;
let folder: string;
let status = 200;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-ranges-"));
  server = createServer((_, response) => response.writeHead(status).end(JSON.stringify(list)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ip_ranges.json`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

const ranges = (...args: readonly string[]) => runCli("okta-ranges", args);

test("without a cell, the cells are listed", async () => {
  const { code, stdout } = await ranges("--from", url);
  expect({ code, stdout }).toEqual({ code: 0, stdout: "us_cell_1  4 networks\nemea_cell_1  1 network\n" });
});

test("--json prints each cell as a JSON line, and the networks of a named one", async () => {
  const { code, stdout, stderr } = await ranges("--from", url, "--json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe('{"cell":"us_cell_1","networks":4}\n{"cell":"emea_cell_1","networks":1}\n');
  expect((await ranges("--from", url, "--json", "--cell", "emea_cell_1")).stdout).toBe('["198.51.100.0/24"]\n');
});

test("what it prints is the setting, each network once", async () => {
  const { code, stdout, stderr } = await ranges("--from", url, "--cell", "us_cell_1", "emea_cell_1");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(mergeSettings({}, parseSettingsFile("settings.yml", stdout)).settings.allowedCidrs).toEqual([
    "192.0.2.0/25",
    "192.0.2.128/25",
    "198.51.100.0/24",
    "2001:db8::/48",
  ]);
});

test("a missing cell, an invalid list, and a missing one are reported", async () => {
  expect(await ranges("--from", url, "--cell", "mars_1")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no cell "mars_1": emea_cell_1, us_cell_1'),
  });
  const file = join(folder, "list.json");
  for (const [content, message] of [
    ["{", "is no JSON"],
    ['{"us_cell_1": {"ranges": []}}', 'no list of cells with "ip_ranges": us_cell_1.ip_ranges'],
    ['{"us_cell_1": {"ip_ranges": ["example.com"]}}', "what is no network: example.com"],
  ] as const) {
    await writeFile(file, content);
    expect(await ranges("--from", file, "--cell", "us_cell_1")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(message),
    });
  }
  expect(await ranges("--from", join(folder, "missing.json"))).toMatchObject({ code: 2 });
  status = 503;
  expect(await ranges("--from", url)).toMatchObject({ code: 2, stderr: expect.stringContaining("it answered 503") });
  status = 200;
});
