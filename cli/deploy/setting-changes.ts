import { isDeepStrictEqual } from "node:util";
import { describeSettings, settingsMetadata } from "../../infra/settings.ts";
import { createNetworkTest, parseCidr } from "../../lambda/core/network/cidr.ts";
import type { Template } from "./template-changes.ts";

/** Values of settings by name; null for unset ones. */
export type SettingValues = Readonly<Record<string, unknown>>;

/** The settings that a stack is deployed with. */
export interface DeployedSettings {
  readonly values: SettingValues;
  /** Whether these are all; false for a stack of a release that kept no record of them. */
  readonly isWhole: boolean;
}

/** Settings that a deployment changes. */
export interface SettingChanges {
  /** A sentence for each setting that differs. */
  readonly differences: readonly string[];
  /** Whether one of them needs consent: it is no longer set, shortens a retention, or names another org. */
  readonly needsConsent: boolean;
}

/** The settings of the deployment. */
export interface NextSettings {
  readonly values: SettingValues;
  /** The names of the settings in the settings file or on the command line. */
  readonly given: ReadonlySet<string>;
  /** The reason why a setting is no longer set: `settings.yml does not set it`. */
  readonly whyUnset: string;
}

const defaults: SettingValues = Object.fromEntries(
  describeSettings().map(({ name, default: standard }) => [name, standard]),
);

/**
 * Reads the settings that a template was made with: from its metadata. A template of an earlier release has none; its
 * resources show the settings whose loss has a lasting effect.
 */
export function deployedSettings(template: Template): DeployedSettings {
  const recorded = template.Metadata?.[settingsMetadata];
  if (typeof recorded === "object" && recorded !== null) {
    return { values: { ...defaults, ...recorded }, isWhole: true };
  }
  return { values: settingsOfResources(template), isWhole: false };
}

function settingsOfResources({ Resources = {} }: Template): SettingValues {
  const ofType = (type: string) =>
    Object.values(Resources).flatMap(({ Type, Properties = {} }) => (Type === type ? [Properties] : []));
  const functions = ofType("AWS::Lambda::Function");
  const variable = (name: string) =>
    functions
      .map(({ Environment }) => (Environment as { Variables?: Record<string, unknown> } | undefined)?.Variables?.[name])
      .find((value) => typeof value === "string");
  const retention = ofType("AWS::Logs::LogGroup").map(({ RetentionInDays }) => Number(RetentionInDays));
  const cidrs = variable("ALLOWED_CIDRS");
  return {
    // Log groups without a retention do not belong to the stack's functions.
    ...(retention.length === 0 || retention.some(Number.isNaN) ? {} : { logRetentionDays: Math.max(...retention) }),
    // Only the receiver has these variables.
    allowedCidrs: cidrs === undefined ? [] : String(cidrs).split(" "),
    reservedConcurrency:
      functions.map(({ ReservedConcurrentExecutions: reserved }) => reserved).find((value) => value !== undefined) ??
      null,
    oktaOrgUrl: variable("OKTA_ORG_URL") ?? null,
  };
}

const isNone = (value: unknown) => value === null || (Array.isArray(value) && value.length === 0);

/** Compares the settings of a deployed stack with those of the next deployment. */
export function settingChanges({ values: before }: DeployedSettings, next: NextSettings): SettingChanges {
  const after: SettingValues = { ...defaults, ...next.values };
  const changes = Object.keys(before)
    .filter((name) => !isDeepStrictEqual(before[name], after[name] ?? null))
    .map((name) => describeChange(name, before[name], after[name] ?? null, next));
  return {
    differences: changes.map(({ sentence }) => sentence),
    needsConsent: changes.some(({ needsConsent }) => needsConsent),
  };
}

function describeChange(name: string, before: unknown, after: unknown, { given, whyUnset }: NextSettings) {
  if (!Object.hasOwn(defaults, name)) {
    return { sentence: `${name}: ${inWords(name, before)} -> there is no such setting any more`, needsConsent: false };
  }
  const isUnset = !isDeepStrictEqual(before, defaults[name]) && !given.has(name);
  const effect = lastingEffect(name, before, after);
  const reason = isUnset ? `; ${whyUnset}` : "";
  return {
    sentence: `${name}: ${inWords(name, before)} -> ${inWords(name, after)}${reason}${effect === null ? "" : `; ${effect}`}`,
    needsConsent: isUnset || effect !== null || (isNone(after) && !isNone(before)),
  };
}

/** The lasting or opening effect of a change; null for none. */
function lastingEffect(name: string, before: unknown, after: unknown): string | null {
  if (name === "logRetentionDays" && Number(after) < Number(before)) return "AWS deletes the logs that are older";
  if (name === "allowedCidrs" && isNone(after)) return "the hook's URL then takes requests from everywhere";
  if (name === "allowedCidrs" && !isNone(before) && !isWithin(after, before)) {
    return "the hook's URL then takes requests from networks that it refuses now";
  }
  if (name === "oktaOrgUrl" && !isNone(before) && !isNone(after)) {
    return "profile locations and missed events then come from another org, by the credential that is stored";
  }
  return null;
}

/** Whether each network of a list lies within one of another. */
function isWithin(inner: unknown, outer: unknown): boolean {
  const networks = (list: unknown) => [list].flat().flatMap((text) => parseCidr(String(text)) ?? []);
  const around = networks(outer).map((network) => ({ network, holds: createNetworkTest([network]) }));
  return networks(inner).every(({ address, prefix }) =>
    around.some(({ network, holds }) => holds(address) && prefix >= network.prefix),
  );
}

/** A readable value, marked where it is the default. */
function inWords(name: string, value: unknown): string {
  const isDefault = Object.hasOwn(defaults, name) && isDeepStrictEqual(value, defaults[name]);
  return `${valueInWords(name, value)}${isDefault ? " (the default)" : ""}`;
}

function valueInWords(name: string, value: unknown): string {
  if (isNone(value)) return name === "allowedCidrs" ? "every network" : "none";
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value.join(", ");
  return JSON.stringify(value);
}

/** Names the compared settings of a stack without a record of its settings; null where all were compared. */
export function describeUnknownSettings({ values, isWhole }: DeployedSettings): string | null {
  if (isWhole) return null;
  return `The deployed release kept no record of its settings: of those, ${Object.keys(values).join(", ")} are compared, as its resources show them; the others are not known.`;
}
