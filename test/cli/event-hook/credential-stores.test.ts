import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fileStore } from "../../../cli/event-hook/credential-stores.ts";
import { readCredentialFile } from "../../../cli/okta-credential-file.ts";

const orgUrl = "https://example.okta.com";
const heldBy = (kid: string) => ({ orgUrl, clientId: null, privateKey: { kty: "RSA", kid } });
let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "okta-proxy-watch-stores-"));
  file = join(folder, "credential.json");
});
afterEach(() => rm(folder, { recursive: true }));

describe("the file of a credential", () => {
  test("of two runs at once keeps the key of the first, and the second stops before it has one", async () => {
    const [first, second] = [fileStore(file, orgUrl), fileStore(file, orgUrl)];
    expect([await first.read(), await second.read()]).toEqual([null, null]);
    await first.write(heldBy("first"));
    await expect(second.write(heldBy("second"))).rejects.toThrow("was written by another run meanwhile");
    await first.write({ ...heldBy("first"), clientId: "0oa1" });
    expect(readCredentialFile(file, orgUrl)).toEqual({ ...heldBy("first"), clientId: "0oa1" });
    expect(await readdir(folder)).toEqual(["credential.json"]);
  });

  test("stays a link where it is one, and its target is written", async () => {
    const target = join(folder, "vault.json");
    await fileStore(target, orgUrl).write(heldBy("old"));
    await symlink(target, file);
    const store = fileStore(file, orgUrl);
    await store.read();
    await store.write(heldBy("new"));
    expect((await lstat(file)).isSymbolicLink()).toBe(true);
    expect(JSON.parse(await readFile(target, "utf8"))).toEqual(heldBy("new"));
  });

  test("is said to be a folder where it is one", async () => {
    await mkdir(file, { mode: 0o700 });
    expect(() => readCredentialFile(file, orgUrl)).toThrow(`${file} is a folder`);
  });
});
