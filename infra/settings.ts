import { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Node } from "constructs";
import * as z from "zod";
import { knownOutputs } from "../build/known-outputs.ts";
import { defaultSuppressMinutes, maximumSuppressMinutes } from "../lambda/config.ts";
import { defaultMetricSet, type MetricSet, metricSets } from "../lambda/metric-sets.ts";
import { parseCidr } from "../lambda/network.ts";
import { readOrgUrl } from "../lambda/okta-api/credential.ts";
import { defaultAttributes, type LocationAttributes, readLocationAttributes } from "../lambda/okta-api/okta-user.ts";
import { defaultOverlapMinutes } from "../lambda/okta-config.ts";

const retentionDays = Object.values(RetentionDays).filter(
  (value): value is number => typeof value === "number" && value < 9_999,
);

/** A number, also when it comes from the command line (`-c name=value`), which knows text only. */
const number = z.union(
  [
    z.number(),
    z
      .string()
      .regex(/^-?\d+(\.\d+)?$/)
      .transform(Number),
  ],
  "expected a number",
);

/** True or false, also as text. */
const flag = z.union([z.boolean(), z.stringbool({ truthy: ["true"], falsy: ["false"] })], "expected true or false");

/** Texts, or one text that commas or spaces divide. */
const list = z.union([
  z.string().transform((text) => text.split(/[\s,]+/).filter((part) => part !== "")),
  z.array(z.string()),
]);

/** Lambda takes 4 KB for all environment variables of a function; the others need no more than what is left. */
const maximumCidrsLength = 2_500;

/** `team=security,stage=production`; null for what is none. */
function readTags(text: string): Record<string, string> | null {
  const pairs = text.split(",").map((pair) => /^([^=]+)=(.*)$/.exec(pair.trim()));
  return pairs.every((pair) => pair !== null)
    ? Object.fromEntries(pairs.map(([, name, value]) => [name, value]))
    : null;
}

/** A check of ours as one of zod's: what it throws is the fault. */
function checked<Value>(check: (text: string) => Value) {
  return z.string().transform((text, context) => {
    try {
      return check(text);
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
      return z.NEVER;
    }
  });
}

const schema = z.strictObject({
  alertEmail: z.email("expected an e-mail address").optional(),
  operationsEmail: z.email("expected an e-mail address").optional(),
  heartbeatHours: number
    .pipe(
      z.int("expected a whole number of hours").min(0, "expected at least 0").max(168, "expected at most 168, a week"),
    )
    .default(24),
  heartbeatWorkingDays: flag.default(false),
  canary: flag.default(false),
  customerManagedKey: flag.default(false),
  metrics: z.enum(metricSets, `expected ${metricSets.join(" or ")}`).default(defaultMetricSet),
  dashboard: flag.default(false),
  runbookUrl: z.url({ protocol: /^https?$/, hostname: /./, error: "expected a URL, https://..." }).optional(),
  allowedCidrs: list
    .pipe(
      z.array(
        z.string().refine((text) => parseCidr(text) !== null, "expected a list of networks such as 192.0.2.0/24"),
      ),
    )
    .refine(
      (cidrs) => cidrs.join(" ").length <= maximumCidrsLength,
      `expected at most ${maximumCidrsLength} characters, as a function's environment is small: name the networks of your org's cell alone`,
    )
    .default([]),
  front: z.enum(["functionUrl", "restApi"], "expected functionUrl or restApi").default("functionUrl"),
  firewall: flag.default(false),
  firewallLimit: number
    .pipe(
      z
        .int("expected a whole number of requests")
        .min(100, "expected at least 100, as Okta itself delivers from few addresses")
        .max(2_000_000_000, "expected at most 2000000000"),
    )
    .default(10_000),
  permissionsBoundary: z
    .string()
    .regex(/^(arn:[\w-]+:iam::\d{12}:policy\/)?[\w+=,.@/-]{1,512}$/, "expected the name or the ARN of a managed policy")
    .optional(),
  tags: z
    .union([z.string().transform(readTags), z.record(z.string(), z.string())], "expected names and values")
    .pipe(z.record(z.string().min(1).max(128), z.string().max(256), "expected name=value, divided by commas"))
    .default({}),
  mismatchDistanceKm: number
    .pipe(z.number().positive("expected more than 0").max(20_016, "expected at most 20016, half around the Earth"))
    .default(500),
  suppressMinutes: number
    .pipe(
      z
        .int("expected a whole number of minutes")
        .min(0, "expected at least 0")
        .max(maximumSuppressMinutes, `expected at most ${maximumSuppressMinutes}, a day`),
    )
    .default(defaultSuppressMinutes),
  outputs: list
    .pipe(z.array(z.enum(knownOutputs, `expected a list of ${knownOutputs.join(", ")}`)))
    .transform((names) => [...new Set(names)])
    .default([]),
  reservedConcurrency: number.pipe(z.int("expected a whole number").min(1, "expected at least 1")).optional(),
  logRetentionDays: number
    .pipe(z.number().refine((days) => retentionDays.includes(days), `expected one of ${retentionDays.join(", ")}`))
    .default(90),
  experimentalDetections: flag.default(false),
  memorySizeMb: number
    .pipe(z.int("expected a whole number").min(128, "expected at least 128").max(10_240, "expected at most 10240"))
    .default(1_024),
  oktaOrgUrl: checked(readOrgUrl).optional(),
  reconcileMinutes: number
    .pipe(
      z
        .int("expected a whole number of minutes")
        .refine(
          (minutes) => minutes === 0 || (minutes >= 5 && minutes <= 60),
          "expected 5 to 60, or 0 for no reconciliation",
        ),
    )
    .default(5),
  reconcileOverlapMinutes: number
    .pipe(
      z
        .int("expected a whole number of minutes")
        .min(1, "expected at least 1")
        .max(1_440, "expected at most 1440, a day"),
    )
    .default(defaultOverlapMinutes),
  oktaProfileAttributes: z
    .union([z.string(), z.array(z.unknown()).transform((list) => JSON.stringify(list))])
    .transform(readLocationAttributes)
    .pipe(
      z.custom<readonly LocationAttributes[]>((list) => list !== null, `expected ${JSON.stringify(defaultAttributes)}`),
    )
    .default(defaultAttributes),
});

/** The settings of a deployment, from CDK context. */
export interface Settings {
  /** An address that is subscribed to the alerts; it has to confirm. @default - nobody is subscribed */
  readonly alertEmail?: string | undefined;
  /** An address that is subscribed to alarms; it has to confirm. @default - nobody is subscribed */
  readonly operationsEmail?: string | undefined;
  /** Hours without a delivery after which an alarm says so; 0 for no such alarm. @default 24 */
  readonly heartbeatHours: number;
  /** Whether only the hours of Monday to Friday (UTC) count for `heartbeatHours`. @default false */
  readonly heartbeatWorkingDays: boolean;
  /** Whether a test delivery is made every day, with an alarm when no alert follows. @default false */
  readonly canary: boolean;
  /** Whether all data is encrypted by a key of the account's own. @default false: by keys that AWS manages */
  readonly customerManagedKey: boolean;
  /** Which metrics the functions write: those that alarms look at and that tell of trouble, or all. @default essential */
  readonly metrics: MetricSet;
  /** Whether CloudWatch has a dashboard. @default false */
  readonly dashboard: boolean;
  /** Where the runbook is read; alarms link to its sections. @default - they name `docs/runbook.md` of the repository */
  readonly runbookUrl?: string | undefined;
  /** Networks that the hook's URL takes requests from. @default - from everywhere: the secret decides */
  readonly allowedCidrs: readonly string[];
  /** What Okta delivers to: the receiver's Function URL, or a REST API of API Gateway. @default functionUrl */
  readonly front: "functionUrl" | "restApi";
  /** Whether AWS WAF inspects the requests of the REST API. @default false */
  readonly firewall: boolean;
  /** Requests of one address in five minutes over which the firewall blocks it. @default 10000 */
  readonly firewallLimit: number;
  /** Name or ARN of a managed policy that bounds every role. @default - none */
  readonly permissionsBoundary?: string | undefined;
  /** Tags of every resource that takes some. @default - none */
  readonly tags: Readonly<Record<string, string>>;
  /** Kilometers; a mismatch is farther than this from every profile location. @default 500 */
  readonly mismatchDistanceKm: number;
  /** Minutes in which a user's further session starts on one network are held back; 0 for none. @default 60 */
  readonly suppressMinutes: number;
  /** Renderings of alerts that have a topic of their own, by the names of files of `lambda/outputs/`. @default none */
  readonly outputs: readonly string[];
  /** Concurrent executions set aside for the receiver. @default - none: new accounts have none to spare */
  readonly reservedConcurrency?: number | undefined;
  /** Days that the functions' logs are kept; one of CloudWatch's steps. @default 90 */
  readonly logRetentionDays: number;
  /** Whether detections with `status: experimental` run. @default false */
  readonly experimentalDetections: boolean;
  /** Megabytes of the functions' memory; CPU grows with it. @default 1024 */
  readonly memorySizeMb: number;
  /** The Okta org that profile locations are synced from, and whose System Log is read. @default - neither */
  readonly oktaOrgUrl?: string | undefined;
  /** Minutes between two looks into the System Log of `oktaOrgUrl` for what the hook missed; 0 for none. @default 5 */
  readonly reconcileMinutes: number;
  /** Minutes before the last look that it is looked again, since the log fills out of order. @default 15 */
  readonly reconcileOverlapMinutes: number;
  /** The profile attributes that hold locations. @default city, state, countryCode, zipCode */
  readonly oktaProfileAttributes: readonly LocationAttributes[];
}

/** A setting in the CDK context that cannot be used. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/**
 * Reads the settings from CDK context: `cdk.json`, `cdk.context.json` or `-c name=value`.
 *
 * @throws SettingsError naming each setting that cannot be used, and what is expected
 */
export function readSettings(node: Node): Settings {
  const given = Object.keys(schema.shape).flatMap((name) => {
    const value: unknown = node.tryGetContext(name);
    return value === undefined || value === null || value === "" ? [] : [[name, value] as const];
  });
  const parsed = schema.safeParse(Object.fromEntries(given));
  const faults = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `- ${issue.path.join(".")}: ${issue.message}`);
  if (parsed.success && parsed.data.canary && parsed.data.allowedCidrs.length > 0) {
    faults.push("- canary: its requests come from AWS, which allowedCidrs leaves out; use one of the two");
  }
  if (parsed.success) faults.push(...findFrontFaults(parsed.data));
  if (parsed.success && faults.length === 0) return parsed.data;
  throw new SettingsError(`The CDK context has settings that cannot be used:\n${faults.join("\n")}`);
}

/** What the front and its firewall cannot do together. */
function findFrontFaults({ front, firewall, allowedCidrs }: Settings): string[] {
  if (!firewall) return [];
  const faults: string[] = [];
  if (front === "functionUrl") {
    faults.push("- firewall: AWS WAF cannot inspect the requests of a Function URL; set front to restApi as well");
  }
  // https://docs.aws.amazon.com/waf/latest/APIReference/API_IPSet.html
  if (allowedCidrs.some((cidr) => parseCidr(cidr)?.prefix === 0)) {
    faults.push(
      "- allowedCidrs: AWS WAF takes no network of every address (/0); leave allowedCidrs out to allow them all",
    );
  }
  return faults;
}

/**
 * Reads the stack's name from CDK context, `stackName`: one for each Okta org that is watched from the same account and
 * region. @default OktaProxyWatch
 *
 * @throws SettingsError when it is no name of a CloudFormation stack
 */
export function readStackName(node: Node): string {
  const given: unknown = node.tryGetContext("stackName") || "OktaProxyWatch";
  if (typeof given !== "string" || !/^[A-Za-z][A-Za-z0-9-]{0,127}$/.test(given)) {
    throw new SettingsError(
      `The CDK context has settings that cannot be used:\n- stackName: expected letters, digits and hyphens, a letter first, at most 128`,
    );
  }
  return given;
}
