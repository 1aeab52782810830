import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Node } from "constructs";
import { closest, distance } from "fastest-levenshtein";
import * as z from "zod";
import { readOrgUrl } from "../lambda/adapters/okta-api/credential.ts";
import { defaultMetricSet, metricSets } from "../lambda/adapters/telemetry/metric-sets.ts";
import { meantBoolean, meantNumber } from "../lambda/core/detections/value-kinds.ts";
import { defaultSuppressMinutes, maximumSuppressMinutes } from "../lambda/core/grouping/suppress-minutes.ts";
import { parseCidr } from "../lambda/core/network/cidr.ts";
import { domainPattern } from "../lambda/core/okta/login-domains.ts";
import { defaultMismatchDistanceKm, farthestKm } from "../lambda/core/profiles/mismatch-distance.ts";
import { defaultAttributes, locationAttributes } from "../lambda/core/profiles/okta-user.ts";
import { packPattern } from "../lambda/core/sigma/pack.ts";
import { defaultSourceAlerts, maximumSourceAlerts } from "../lambda/core/storms/gathering.ts";
import { defaultStormAfter, maximumStormAfter } from "../lambda/core/storms/storm.ts";
import { toError } from "../lambda/core/values/error.ts";
import { defaultOverlapMinutes } from "../lambda/functions/config/okta.ts";
import { knownOutputs } from "./known-outputs.ts";
import { defaultStackName, readSettingsFile, SettingsError, type SettingsFile } from "./settings-file.ts";
import { belongsToCdk, defaultSettingsFile, settingsFileContext } from "./settings-places.ts";

/**
 * The retention periods that CloudWatch allows, in days:
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
 */
export const retentionDays: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1_096, 1_827, 2_192, 2_557, 2_922, 3_288, 3_653,
];

/** The days on which a digest may go out. */
const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;

const email = z.email("expected an e-mail address");
const number = z.number("expected a number");
const flag = z.boolean("expected true or false");

/**
 * A whole number.
 *
 * @param of what is counted, for the message
 * @param note what the most is, for the message. @default none
 */
const whole = (least: number, most: number, of = "", note = "") =>
  z
    .int(`expected a whole number${of && ` of ${of}`}`)
    .min(least, `expected at least ${least}`)
    .max(most, `expected at most ${most}${note && `, ${note}`}`);

/** What the message of faults begins with. */
const heading = "settings that cannot be used:";

/** Lambda allows 4 KB for all environment variables of a function; the other variables fit into the rest. */
const maximumCidrsLength = 2_500;

/**
 * CloudWatch allows 1,024 characters for an alarm's description, which ends with this URL and a section's name:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
 */
const maximumRunbookUrlLength = 700;

/** The same limit for the functions that read users from Okta; a further office takes some 100 bytes. */
const maximumAttributesBytes = 1_500;

/** Makes a zod check of a function whose error is the fault. */
function checked<Value>(check: (text: string) => Value) {
  return z.string("expected a text").transform((text, context) => {
    try {
      return check(text);
    } catch (error) {
      context.addIssue({ code: "custom", message: toError(error).message });
      return z.NEVER;
    }
  });
}

/**
 * All settings. Each has its type, its default, and in `meta` its meaning, with an example where there is no default.
 * `npm run schema` writes docs/settings.schema.json and settings.example.yml from it.
 */
const schema = z.strictObject({
  stackName: z
    .string("expected a text")
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,127}$/, "expected letters, digits and hyphens, a letter first, at most 128")
    .default(defaultStackName)
    .meta({
      description: "The stack's name: one for each Okta org that is watched from the same account and region.",
    }),
  alertEmail: email.optional().meta({
    description: "An address to subscribe to the alerts. AWS sends it a link, which has to be clicked.",
    examples: ["security@example.com"],
  }),
  operationsEmail: email.optional().meta({
    description: "An address to subscribe to the alarms. AWS sends it a link, which has to be clicked.",
    examples: ["operations@example.com"],
  }),
  digest: flag.optional().meta({
    description:
      "Whether the alert topic gets a digest once a week. Without this setting it does where alertEmail is set.",
    examples: [true],
  }),
  digestDay: z
    .enum(weekdays, `expected one of ${weekdays.join(", ")}`)
    .default("monday")
    .meta({ description: "The day of the week on which the digest goes out, about the seven days before." }),
  digestHour: whole(0, 23).default(8).meta({ description: "The hour (UTC) at which the digest goes out." }),
  mismatchDistanceKm: number
    .positive("expected more than 0")
    .max(farthestKm, `expected at most ${farthestKm}, half around the Earth`)
    .default(defaultMismatchDistanceKm)
    .meta({ description: "Kilometers; a mismatch is farther than this from every profile location." }),
  suppressMinutes: whole(0, maximumSuppressMinutes, "minutes", "a day").default(defaultSuppressMinutes).meta({
    description:
      "Minutes after an alert in which further session starts of the same user on the same network are suppressed; 0: none.",
  }),
  stormAfter: whole(0, maximumStormAfter, "attempts").default(defaultStormAfter).meta({
    description:
      "Failed sign-ins from one source (operator, network or address) within ten minutes that are alerted on singly; further ones are a storm, which is one alert that grows. 0: no storms.",
  }),
  sourceAlertsPerHour: whole(0, maximumSourceAlerts, "persons").default(defaultSourceAlerts).meta({
    description:
      "Persons from one source (operator, network or address) in an hour whose sign-ins are alerted on singly; those of further persons are gathered, and reported every five minutes. 0: all singly.",
  }),
  loginDomains: z
    .array(
      z.string("expected a domain").regex(domainPattern, "expected a domain such as example.com"),
      "expected a list",
    )
    .transform((domains) => [...new Set(domains.map((domain) => domain.toLowerCase()))])
    .default([])
    .meta({
      description:
        "The domains of the org's logins. What is typed at a sign-in for a login that Okta does not know is shown in alerts only if it is of one of them; by default if it is any e-mail address. All else is masked, as it may be a password.",
      examples: [["example.com"]],
    }),
  mapLinks: flag.default(true).meta({
    description:
      "Whether mails and chat messages link to the exit's place on OpenStreetMap. The link holds coordinates alone, to about a kilometer; who follows it shows them, and their own address, to OpenStreetMap.",
  }),
  outputs: z
    .array(z.enum(knownOutputs, `expected a list of ${knownOutputs.join(", ")}`), "expected a list")
    .transform((names) => [...new Set(names)])
    .default([])
    .meta({
      description: "Further forms of alerts, each on a topic of its own; docs/subscribing.md shows what they are for.",
      examples: [["chat", "pagerduty"]],
    }),
  experimentalDetections: flag.default(false).meta({
    description: "Whether detections with `status: experimental` run. `npx okta-proxy-watch rules` shows which.",
  }),
  packs: z
    .array(
      z.string("expected a name").regex(packPattern, "expected the name of a pack, such as admin"),
      "expected a list of packs",
    )
    .transform((names) => [...new Set(names)].sort())
    .default([])
    .meta({
      description:
        "Packs of detections that run beside those that do by default; docs/detections.md lists them, and docs/coverage.md their alerts a day.",
      examples: [["admin", "mfa"]],
    }),
  rulesFolder: z
    .string("expected a folder")
    .min(1, "expected a folder")
    .optional()
    .meta({
      description:
        "A folder of your own rules, cases and filters, outside this checkout, that run beside those of detections/. A relative path starts at this file.",
      examples: ["../our-detections"],
    }),
  oktaOrgUrl: checked(readOrgUrl)
    .optional()
    .meta({
      description: "The Okta org whose profile locations are synced, and whose System Log is read for missed events.",
      examples: ["https://example.okta.com"],
    }),
  reconcileMinutes: z
    .int("expected a whole number of minutes")
    .refine(
      (minutes) => minutes === 0 || (minutes >= 5 && minutes <= 60),
      "expected 5 to 60, or 0 for no reconciliation",
    )
    .default(5)
    .meta({ description: "With oktaOrgUrl: minutes between two reads of the System Log, 5 to 60; 0: none." }),
  reconcileOverlapMinutes: whole(1, 1_440, "minutes", "a day").default(defaultOverlapMinutes).meta({
    description:
      "Minutes before its last read from which the System Log is read again when Okta's link to its next page is lost.",
  }),
  eventBusName: z
    .string("expected the name of an event bus")
    .regex(
      /^(?!default$)[A-Za-z0-9._/-]{1,256}$/,
      "expected the name of the event bus that the log stream feeds, such as aws.partner/okta.com/example/okta, no ARN",
    )
    .optional()
    .meta({
      description:
        "The partner event bus, in the stack's own account and region, that the org's log stream feeds: events on it are alerted on beside those of the hook.",
      examples: ["aws.partner/okta.com/example/okta"],
    }),
  oktaProfileAttributes: z
    .array(locationAttributes, "expected a list of a label and names of attributes")
    .min(1, "expected at least one location")
    .refine(
      (attributes) => Buffer.byteLength(JSON.stringify(attributes)) <= maximumAttributesBytes,
      `expected at most ${maximumAttributesBytes} bytes as JSON, as a function's environment is small: name fewer locations, or shorter labels`,
    )
    .default([...defaultAttributes])
    .meta({ description: "The attributes of Okta's user profiles that hold locations: one entry for each location." }),
  heartbeatHours: whole(0, 168, "hours", "a week")
    .default(24)
    .meta({ description: "Hours without any delivery after which an alarm goes off; 0: no such alarm." }),
  heartbeatWorkingDays: flag
    .default(false)
    .meta({ description: "Whether only the hours of Monday to Friday (UTC) count for heartbeatHours." }),
  canary: flag.default(false).meta({
    description:
      "Whether a test delivery is made every day, with an alarm when no alert follows. Not with allowedCidrs.",
  }),
  logRetentionDays: number
    .refine((days) => retentionDays.includes(days), `expected one of ${retentionDays.join(", ")}`)
    .default(90)
    .meta({ description: "Days that the functions' logs are kept: one of CloudWatch's steps.", enum: retentionDays }),
  memorySizeMb: whole(128, 10_240)
    .default(1_024)
    .meta({ description: "Megabytes of each function's memory; CPU grows with it." }),
  reservedConcurrency: z
    .int("expected a whole number")
    .min(1, "expected at least 1")
    .optional()
    .meta({
      description: "Concurrent executions set aside for the receiver. New accounts have none to spare.",
      examples: [10],
    }),
  customerManagedKey: flag.default(false).meta({
    description: "Whether tables, queues, topics, secrets and logs are encrypted by one key of the account's own.",
  }),
  metrics: z
    .enum(metricSets, `expected ${metricSets.join(" or ")}`)
    .default(defaultMetricSet)
    .meta({
      description: "The metrics that are sent to CloudWatch: those of alarms and failures, or all.",
    }),
  dashboard: flag.default(false).meta({ description: "Whether CloudWatch has a dashboard." }),
  runbookUrl: z
    .url({ protocol: /^https?$/, hostname: /./, error: "expected a URL, https://..." })
    .refine((url) => !url.includes("#"), "expected no #: each alarm adds that of its own section")
    .max(maximumRunbookUrlLength, `expected at most ${maximumRunbookUrlLength} characters, as alarms quote it`)
    .optional()
    .meta({
      description:
        "Where your team reads the runbook: alarms link to its sections. Without it they name docs/runbook.md.",
      examples: ["https://wiki.example.com/okta-proxy-watch/runbook"],
    }),
  allowedCidrs: z
    .array(
      z
        .string("expected a network such as 192.0.2.0/24")
        .refine((text) => parseCidr(text) !== null, "expected a network such as 192.0.2.0/24"),
      "expected a list of networks such as 192.0.2.0/24",
    )
    .refine(
      (cidrs) => cidrs.join(" ").length <= maximumCidrsLength,
      `expected at most ${maximumCidrsLength} characters, as a function's environment is small: name the networks of your org's cell alone`,
    )
    .default([])
    .meta({
      description:
        "The networks that the hook's URL takes requests from; empty: all. `npx okta-proxy-watch okta-ranges` prints Okta's.",
      examples: [["192.0.2.0/24"]],
    }),
  front: z
    .enum(["functionUrl", "restApi"], "expected functionUrl or restApi")
    .default("functionUrl")
    .meta({ description: "What Okta delivers to: the receiver's Function URL, or a REST API of API Gateway." }),
  firewall: flag
    .default(false)
    .meta({ description: "Whether AWS WAF inspects the requests of the REST API. Only with front: restApi." }),
  firewallLimit: z
    .int("expected a whole number of requests")
    .min(100, "expected at least 100, as Okta itself delivers from few addresses")
    .max(2_000_000_000, "expected at most 2000000000")
    .default(10_000)
    .meta({ description: "Requests of one address in five minutes over which the firewall blocks it." }),
});

/** The settings of a deployment; the schema above, and docs/settings.schema.json, describe each. */
export type Settings = Readonly<z.output<typeof schema>>;

/** Whether the stack counts for a digest, and publishes it. */
export function hasDigest({ digest, alertEmail }: Pick<Settings, "digest" | "alertEmail">): boolean {
  return digest ?? alertEmail !== undefined;
}

/** The key of a template's metadata under which the stack keeps all of its settings; unset ones are left out. */
export const settingsMetadata = "OktaProxyWatch::Settings";

/** The description of a setting, for documents. */
export interface SettingDescription {
  readonly name: string;
  readonly description: string;
  /** Null where there is no default. */
  readonly default: unknown;
  /** An example; the default where no other is given. */
  readonly example: unknown;
}

/** The descriptions of all settings, in the order of the documents. */
export function describeSettings(): SettingDescription[] {
  const defaults: Readonly<Record<string, unknown>> = schema.parse({});
  return Object.entries(schema.shape).map(([name, setting]) => {
    const { description = "", examples } = setting.meta() ?? {};
    const standard = defaults[name] ?? null;
    const [example = standard] = Array.isArray(examples) ? (examples as readonly unknown[]) : [];
    return { name, description, default: standard, example };
  });
}

/** The JSON Schema of a settings file. */
export function settingsJsonSchema(): Record<string, unknown> {
  const made = z.toJSONSchema(schema, {
    io: "input",
    override: ({ jsonSchema }) => {
      // zod's bound of a whole number without bounds.
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return { ...made, title: "Settings of okta-proxy-watch" };
}

/** Former settings that CDK has itself. */
const retired: Readonly<Record<string, string>> = {
  tags: `tags are CDK's: "tags": [{"Key": "team", "Value": "security"}] at the top of cdk.json, beside "app"`,
  permissionsBoundary: `a permissions boundary is CDK's: "@aws-cdk/core:permissionsBoundary": {"name": "POLICY"} under "context" in cdk.json`,
};

const isGiven = (value: unknown) => value !== undefined && value !== null && value !== "";

/** The reason why a setting does not exist; null when it exists. */
function whyUnknown(name: string): string | null {
  if (Object.hasOwn(schema.shape, name)) return null;
  const successor = Object.hasOwn(retired, name) ? retired[name] : undefined;
  if (successor !== undefined) return `${name} is no setting any more: ${successor}`;
  const nearest = closest(name, Object.keys(schema.shape));
  // A name that is farther away is another thing, not a slip.
  const isNear = distance(name.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, Math.floor(name.length / 3));
  return `there is no setting ${name}${isNear ? `; the nearest is ${nearest}` : ""}`;
}

/**
 * Converts a value of the command line (`-c name=value`), which is text, to the setting's type: numbers, true and
 * false, and lists that commas or spaces divide, or JSON. Other values stay, for the schema to refuse.
 */
function fromText(setting: z.core.$ZodType, value: unknown): unknown {
  if (typeof value !== "string") return value;
  if (setting instanceof z.ZodDefault || setting instanceof z.ZodOptional) return fromText(setting.unwrap(), value);
  if (setting instanceof z.ZodPipe) return fromText(setting.in, value);
  if (setting instanceof z.ZodNumber) return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (setting instanceof z.ZodBoolean) return value === "true" ? true : value === "false" ? false : value;
  if (!(setting instanceof z.ZodArray)) return value;
  if (!value.trimStart().startsWith("[")) return value.split(/[\s,]+/).filter((part) => part !== "");
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** Settings, with notes on their sources. */
export interface LoadedSettings {
  readonly settings: Settings;
  /** The settings file; null for none. */
  readonly file: SettingsFile | null;
  /** The names of the settings in the file or the context; the others have their defaults. */
  readonly given: ReadonlySet<string>;
  /**
   * A sentence for each setting of the context that the file does not have, which the next deployment would lose, and
   * for each that has no effect without another.
   */
  readonly notes: readonly string[];
}

/**
 * The folder of rules that settings name, beside ours; null for none. A relative path starts at the settings file, else
 * at the folder in which the command runs.
 *
 * @throws SettingsError where there is no such folder: it names the setting, where it was read, and what to do
 */
export function rulesFolderOf({
  settings: { rulesFolder },
  file,
}: Pick<LoadedSettings, "settings" | "file">): string | null {
  if (rulesFolder === undefined) return null;
  const isOfFile = file !== null && file.values.rulesFolder === rulesFolder;
  const folder = resolve(isOfFile ? dirname(file.path) : ".", rulesFolder);
  if (isFolder(folder)) return folder;
  const place = isOfFile ? `${file.path}:${file.lineOf(["rulesFolder"])}` : "-c rulesFolder";
  const start = isOfFile ? `the folder of ${file.path}` : "the folder in which the command runs";
  throw new SettingsError(
    `${place}: rulesFolder is ${JSON.stringify(rulesFolder)}, and there is no folder ${folder}. A relative path starts at ${start}: correct it, make the folder, or leave the setting out`,
  );
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The fault of a setting. */
interface Fault {
  /** The first step is the setting's name. */
  readonly path: readonly PropertyKey[];
  readonly isInFile: boolean;
  readonly message: string;
}

/**
 * Checks the settings of a file and of CDK context, which takes precedence.
 *
 * @throws SettingsError with each invalid setting, its place, its value and the expected one
 */
export function mergeSettings(
  context: Readonly<Record<string, unknown>>,
  file: SettingsFile | null = null,
): LoadedSettings {
  const ofFile = readKnown(file?.values ?? {}, true);
  const ofContext = readKnown(
    Object.fromEntries(Object.entries(context).filter(([name]) => !belongsToCdk(name))),
    false,
  );
  const once = Object.entries(ofContext.known)
    .map(([name, value]) => [name, fromText(schema.shape[name as keyof Settings], value)] as const)
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(ofFile.known[name]));
  const given = { ...ofFile.known, ...Object.fromEntries(once) };
  const isOnce = new Set(once.map(([name]) => name));
  const parsed = schema.safeParse(given);
  const faults = [...ofFile.faults, ...ofContext.faults, ...faultsOf(parsed, given, isOnce)];
  if (!parsed.success || faults.length > 0) throw new SettingsError(describeFaults(faults, file));
  const path = file?.path ?? defaultSettingsFile;
  const notes = once.map(([name, value]) => {
    const there = ofFile.known[name];
    const instead = there === undefined ? `${path} does not have it` : `${path} says ${JSON.stringify(there)}`;
    return `${name} is ${JSON.stringify(value)} for this once: ${instead}, and the next deployment goes by the file`;
  });
  const names = new Set(Object.keys(given));
  return { settings: parsed.data, file, given: names, notes: [...notes, ...withoutEffect(parsed.data, names)] };
}

/** Settings that have no effect without another: the need, whether it is met, and the settings. */
const needs: readonly {
  readonly need: string;
  readonly isMet: (settings: Settings) => boolean;
  readonly names: readonly (keyof Settings)[];
}[] = [
  { need: "without a digest", isMet: hasDigest, names: ["digestDay", "digestHour"] },
  { need: "without firewall", isMet: ({ firewall }) => firewall, names: ["firewallLimit"] },
  {
    need: "without oktaOrgUrl",
    isMet: ({ oktaOrgUrl }) => oktaOrgUrl !== undefined,
    names: ["reconcileMinutes", "reconcileOverlapMinutes", "oktaProfileAttributes"],
  },
  {
    need: "with reconcileMinutes: 0",
    isMet: ({ oktaOrgUrl, reconcileMinutes }) => oktaOrgUrl === undefined || reconcileMinutes > 0,
    names: ["reconcileOverlapMinutes"],
  },
  {
    need: "with heartbeatHours: 0",
    isMet: ({ heartbeatHours }) => heartbeatHours > 0,
    names: ["heartbeatWorkingDays"],
  },
];

/** A sentence for each given setting without effect. */
function withoutEffect(settings: Settings, given: ReadonlySet<string>): string[] {
  return needs
    .filter(({ isMet }) => !isMet(settings))
    .flatMap(({ need, names }) =>
      names.filter((name) => given.has(name)).map((name) => `${name} has no effect ${need}`),
    );
}

/** Conflicts of settings: the name of one of them, and the reason. */
function conflictsOf({ canary, allowedCidrs, front, firewall }: Settings): (readonly [keyof Settings, string])[] {
  const conflicts: (readonly [keyof Settings, string])[] = [];
  if (canary && allowedCidrs.length > 0) {
    conflicts.push(["canary", "its requests come from AWS, which allowedCidrs leaves out; use one of the two"]);
  }
  if (firewall && front === "functionUrl") {
    conflicts.push(["firewall", "AWS WAF cannot inspect the requests of a Function URL; set front to restApi as well"]);
  }
  // https://docs.aws.amazon.com/waf/latest/APIReference/API_IPSet.html
  if (firewall && allowedCidrs.some((cidr) => parseCidr(cidr)?.prefix === 0)) {
    conflicts.push([
      "allowedCidrs",
      "AWS WAF takes no network of every address (/0); leave allowedCidrs out to allow them all",
    ]);
  }
  return conflicts;
}

/** The given values of known settings; all others are faults. */
function readKnown(values: Readonly<Record<string, unknown>>, isInFile: boolean) {
  const faults: Fault[] = [];
  const known: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    const message = whyUnknown(name);
    if (message !== null) faults.push({ path: [name], isInFile, message });
    // An empty variable of a script, -c alertEmail=$ADDRESS, would remove the stack's value.
    else if (value === "") {
      faults.push({ path: [name], isInFile, message: `${name} is empty: give it a value, or leave it out` });
    } else if (isGiven(value)) known[name] = value;
  }
  return { faults, known };
}

/** The faults that the schema and the conflicts find in values. */
function faultsOf(
  { error, data }: z.ZodSafeParseResult<Settings>,
  given: Readonly<Record<string, unknown>>,
  isOnce: ReadonlySet<string>,
): Fault[] {
  const faultAt = (path: readonly PropertyKey[], message: string): Fault => ({
    path,
    isInFile: !isOnce.has(String(path[0])),
    message,
  });
  const faults = (error?.issues ?? []).map(({ path, message }) => {
    const found = path.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown>)?.[step], given);
    const meant = message.startsWith("expected true or false") ? meantBoolean(found) : meantNumber(found);
    const isNear = meant !== null && /^expected (?:a (?:whole )?number|true or false)/.test(message);
    const hint = isNear ? `; write ${meant}, without quotes` : "";
    return faultAt(path, `${path.map(String).join(".")} is ${JSON.stringify(found)}: ${message}${hint}`);
  });
  const conflicts = data === undefined ? [] : conflictsOf(data);
  return [...faults, ...conflicts.map(([name, message]) => faultAt([name], `${name}: ${message}`))];
}

/** Describes faults, those of the file first, by line. */
function describeFaults(faults: readonly Fault[], file: SettingsFile | null): string {
  const placed = faults.map(({ path, isInFile, message }) => {
    const line = isInFile && file !== null ? file.lineOf(path) : Number.POSITIVE_INFINITY;
    const place = Number.isFinite(line) ? `${file?.path}:${line}` : `-c ${String(path[0])}`;
    return { line, text: `- ${place}: ${message}` };
  });
  const sorted = placed.sort((a, b) => (a.line === b.line ? 0 : a.line - b.line));
  return [heading, ...sorted.map(({ text }) => text)].join("\n");
}

/**
 * Reads the settings from the context of a construct, without a file.
 *
 * @throws SettingsError
 */
export function readSettings(node: Node): Settings {
  return mergeSettings(node.getAllContext() as Record<string, unknown>).settings;
}

/**
 * Reads the settings of a deployment: from the file that the context names under `settingsFile`, else from
 * `settings.yml` where there is one, and from the context itself (`-c name=value`), which takes precedence.
 *
 * @param folder the folder of cdk.json
 * @throws SettingsError also for settings under "context" in cdk.json, which are not read
 */
export async function loadSettings(
  context: Readonly<Record<string, unknown>>,
  folder = process.cwd(),
): Promise<LoadedSettings> {
  await refuseSettingsOf(join(folder, "cdk.json"));
  const path = context[settingsFileContext];
  const file = await readSettingsFile(isGiven(path) ? String(path) : undefined);
  return mergeSettings(context, file);
}

/** Refuses settings in cdk.json, where they once were: a tracked file must not hold a company's settings. */
async function refuseSettingsOf(path: string): Promise<void> {
  const text = await readFile(path, "utf8").catch(() => "{}");
  const { context = {} } = JSON.parse(text) as { readonly context?: Readonly<Record<string, unknown>> };
  const ours = Object.keys(context).filter((name) => !belongsToCdk(name));
  if (ours.length === 0) return;
  const faults = ours.map(
    (name) =>
      `- cdk.json: ${whyUnknown(name) ?? `${name} stands under "context"; settings stand in ${defaultSettingsFile}: move it there`}`,
  );
  throw new SettingsError(`${heading}\n${faults.join("\n")}`);
}
