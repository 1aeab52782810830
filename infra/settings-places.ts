import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseJson } from "../lambda/core/values/json.ts";
import { fieldsOf, isObject } from "../lambda/core/values/object.ts";

/*
 * Where settings stand. What reads and checks them takes longer to load than many a command takes.
 */

/** The default file of settings, in the folder in which a command runs. */
export const defaultSettingsFile = "settings.yml";

/** The name with the other ending of YAML files, which is not read. */
export const misnamedSettingsFile = "settings.yaml";

/** The environment variable that names another settings file. */
export const settingsFileVariable = "SETTINGS_FILE";

/** The key of CDK context by which `npx okta-proxy-watch deploy --settings FILE` hands the file's name to the app. */
export const settingsFileContext = "settingsFile";

/** Context of CDK's own command line whose names have no mark of CDK. */
const commandLineContext = new Set(["cli-telemetry", "acknowledged-issue-numbers", settingsFileContext]);

/** Whether context belongs to CDK, whose keys contain `@` or `:`. */
export const belongsToCdk = (name: string): boolean => /[@:]/.test(name) || commandLineContext.has(name);

/**
 * Whether settings may be given in a folder, also in a place or a form in which they are refused. Where none are, `loadSettings` gives
 * the default of each.
 *
 * @param folder that of cdk.json and of the settings file. @default - the folder in which the command runs
 */
export function mayHaveSettings(folder = process.cwd()): boolean {
  if (process.env[settingsFileVariable]) return true;
  if ([defaultSettingsFile, misnamedSettingsFile].some((name) => existsSync(join(folder, name)))) return true;
  const cdk = join(folder, "cdk.json");
  if (!existsSync(cdk)) return false;
  const { context } = fieldsOf(parseJson(readFileSync(cdk, "utf8")));
  return !isObject(context) || !Object.keys(context).every(belongsToCdk);
}
