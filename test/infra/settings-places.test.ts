import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { detectionSettings, ourDetections } from "../../cli/detections-folder.ts";
import { loadSettings } from "../../infra/settings.ts";
import { mayHaveSettings } from "../../infra/settings-places.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settings-places-"));
  vi.stubEnv("SETTINGS_FILE", undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

test("a folder with CDK's own context alone has no settings, and then each has its default", async () => {
  expect(mayHaveSettings(folder)).toBe(false);
  const context = { "@aws-cdk/core:x": true, "aws:y": 1, "cli-telemetry": false };
  await writeFile(join(folder, "cdk.json"), JSON.stringify({ app: "node app.ts", context }));
  expect(mayHaveSettings(folder)).toBe(false);
  vi.spyOn(process, "cwd").mockReturnValue(folder);
  const { experimental, packs, folders } = await detectionSettings();
  vi.restoreAllMocks();
  const { settings } = await loadSettings({}, folder);
  expect({ experimental, packs }).toEqual({ experimental: settings.experimentalDetections, packs: settings.packs });
  expect([folders, settings.rulesFolder]).toEqual([[ourDetections], undefined]);
});

test.each([
  ["settings.yml", "packs: [admin]\n"],
  ["settings.yaml", "packs: [admin]\n"],
  ["cdk.json", JSON.stringify({ context: { "@aws-cdk/x": 1, stormAfter: 3 } })],
  ["cdk.json", JSON.stringify({ app: "node app.ts" })],
  ["cdk.json", JSON.stringify({ context: null })],
  ["cdk.json", "{"],
])("a %s that may hold settings, or a fault, is read in full: %s", async (name, text) => {
  await writeFile(join(folder, name), text);
  expect(mayHaveSettings(folder)).toBe(true);
});

test("a settings file that the environment names is read", () => {
  vi.stubEnv("SETTINGS_FILE", "other.yml");
  expect(mayHaveSettings(folder)).toBe(true);
});
