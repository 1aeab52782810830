import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { mayHaveSettings } from "../infra/settings-places.ts";
import { type Detections, loadDetections } from "../lambda/adapters/rule-files/load-detections.ts";
import { loadSeverityOf } from "../lambda/adapters/rule-files/load-severity.ts";
import type { DetectionContents } from "../lambda/core/detections/choose-correlated.ts";
import { faultOfPacks } from "../lambda/core/detections/compile-rules.ts";
import type { AdjustmentDocument } from "../lambda/core/severity/compile-adjustments.ts";
import { codeOf } from "../lambda/core/values/error.ts";
import { InputError } from "./command.ts";

/** The detections that are deployed. */
export const ourDetections = fileURLToPath(new URL("../detections", import.meta.url));

/**
 * Loads a folder of detections, with further ones beside it, or throws an {@link InputError} that lists every fault.
 */
export async function readDetections(folder: string, ...further: readonly string[]): Promise<Detections> {
  try {
    return await loadDetections(folder, ...further);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(String(codeOf(error)))) {
      const { path = folder } = error as NodeJS.ErrnoException;
      throw new InputError(`${path}: no such folder`);
    }
    throw error;
  }
}

/** The rules and correlations of a folder, without their files. */
export function contentsOf({ rules, correlations }: Pick<Detections, "rules" | "correlations">): DetectionContents {
  return { rules: rules.map(({ content }) => content), correlations: correlations.map(({ content }) => content) };
}

/** What the settings file says about detections. */
export interface DetectionSettings {
  readonly experimental: boolean;
  readonly packs: readonly string[];
  /** The folders of the rules that are deployed: ours, and that of the setting `rulesFolder`. */
  readonly folders: readonly [string, ...string[]];
}

const defaultSettings: DetectionSettings = { experimental: false, packs: [], folders: [ourDetections] };

/**
 * Reads what the settings file says about detections.
 *
 * @throws InputError for a setting that cannot be used
 */
export async function detectionSettings(): Promise<DetectionSettings> {
  if (!mayHaveSettings()) return defaultSettings;
  const { loadSettings, rulesFolderOf } = await import("../infra/settings.ts");
  const loaded = await loadSettings({});
  const own = rulesFolderOf(loaded);
  const { experimentalDetections: experimental, packs } = loaded.settings;
  return { experimental, packs, folders: own === null ? [ourDetections] : [ourDetections, own] };
}

/** Loads the detections that are deployed: ours, and those of the setting `rulesFolder`. */
export async function readDeployedDetections(): Promise<Detections> {
  return readDetections(...(await detectionSettings()).folders);
}

/**
 * Loads the adjustments of severity that are deployed, or throws an {@link InputError} that names the fault.
 *
 * @param onWarning called with each warning: `file:line: what`
 */
export async function readSeverity(onWarning?: (warning: string) => void): Promise<readonly AdjustmentDocument[]> {
  return loadSeverityOf((await detectionSettings()).folders, onWarning);
}

/** Throws an {@link InputError} for a pack that no rule has. */
export function refusePacks(packs: readonly string[], { rules, correlations }: Detections): void {
  const fault = faultOfPacks(
    packs,
    [...rules, ...correlations].map(({ content }) => content),
  );
  if (fault !== null) throw new InputError(fault);
}

/**
 * Writes a warning with its file as seen from the current folder. What follows the file stays as it is, with the
 * addresses in it.
 *
 * @param warning `file:line: what`, or `file: what`
 */
export function relativeWarning(warning: string): string {
  const [file] = /^.*?(?=:\d+: |: |$)/s.exec(warning) ?? [""];
  return `${relative(process.cwd(), file)}${warning.slice(file.length)}`;
}
