import { knownOutputs } from "../infra/known-outputs.ts";
import { defaultSuppressMinutes, maximumSuppressMinutes } from "../lambda/core/grouping/suppress-minutes.ts";
import { readDomains } from "../lambda/core/okta/login-domains.ts";
import {
  defaultMismatchDistanceKm,
  farthestKm,
  isMismatchDistance,
} from "../lambda/core/profiles/mismatch-distance.ts";
import { readPacks } from "../lambda/core/sigma/pack.ts";
import { defaultSourceAlerts, maximumSourceAlerts } from "../lambda/core/storms/gathering.ts";
import { defaultStormAfter, maximumStormAfter, readCount } from "../lambda/core/storms/storm.ts";
import { InputError } from "../lambda/core/values/input-error.ts";
import { type ChaosName, chaosFaults, isChaosName } from "./chaos.ts";
import { defaultPort } from "./run-notes.ts";

/** The embedded run's settings. */
export interface Settings {
  /** 0 to 65535; 0 for a free one. */
  readonly port: number;
  readonly hookSecret: string;
  /** Kilometers, over 0. */
  readonly mismatchDistanceKm: number;
  /** Minutes, 0 to 1440; 0 suppresses nothing. */
  readonly suppressMinutes: number;
  /** Failed attempts from one source that are alerted on singly; 0 for no storms. */
  readonly stormAfter: number;
  /** Persons from one source in an hour whose sign-ins are alerted on singly; 0 for all. */
  readonly sourceAlertsPerHour: number;
  /** Whether detections with `status: experimental` run. */
  readonly experimentalDetections: boolean;
  /** The packs whose experimental detections run. */
  readonly packs: readonly string[];
  /** Names of outputs. */
  readonly outputs: readonly string[];
  /** The faults from the start. */
  readonly chaos: readonly ChaosName[];
}

/** What a run is started with: what is left out has its default. */
export type RunSettings = Pick<Settings, "port" | "hookSecret" | "mismatchDistanceKm"> &
  Partial<Omit<Settings, "chaos">>;

/** What the environment sets. */
export const environmentHelp = `Environment:
  PORT                     the same as --port; commands with --local take it before they look for the run
  HOOK_SECRET              the event hook's secret (default: local-secret)
  MISMATCH_DISTANCE_KM     a mismatch is farther than this from every profile location (default: 500)
  SUPPRESS_MINUTES         minutes in which a user's further session starts on one network are suppressed after an alert;
                           0: none (default: ${defaultSuppressMinutes})
  STORM_AFTER              failed sign-ins from one source within ten minutes that are alerted on singly; further ones are
                           one alert that grows; 0: no storms (default: ${defaultStormAfter})
  SOURCE_ALERTS_PER_HOUR   persons from one source in an hour whose sign-ins are alerted on singly; those of further persons
                           are gathered for five minutes; 0: all singly (default: ${defaultSourceAlerts})
  LOGIN_DOMAINS            domains of the org's logins, divided by commas: what is typed for a login that Okta does not know
                           is shown only if it is of one of them (default: if it is any e-mail address)
  OUTPUTS                  further renderings of alerts, each on a topic of its own: ${knownOutputs.join(",")};
                           they are shown at /_local/outputs (default: none)
  EXPERIMENTAL_DETECTIONS  true: detections with "status: experimental" run as well
                           (default: experimentalDetections of the settings file)
  DETECTION_PACKS          packs of detections that run as well, divided by commas: admin,mfa
                           (default: packs of the settings file)`;

/** The output of `npm start -- --help`. */
export const usage = `Usage: npm start [-- --port PORT] [--chaos FAULT]

Runs the functions against DynamoDB, SNS and SQS in this process, and prints every alert.

  --port PORT              port of the HTTP front, 0 for a free one (default: PORT, else 3000)
  --chaos FAULT            breaks a service from the start: ${Object.keys(chaosFaults).join(", ")};
                           may be given several times. While it runs: PUT or DELETE /_local/chaos/FAULT
  -h, --help               this text

${environmentHelp}`;

/** Whether a text is a port: 0 to 65535. */
export const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) <= 65_535;

/**
 * Reads the settings from the command line, the environment and defaults, in this order.
 *
 * @param deployed which detections run where the environment does not say: those of a deployment
 */
export function readSettings(
  values: { readonly port?: string | undefined; readonly chaos?: string[] | undefined },
  environment: Readonly<Record<string, string | undefined>>,
  deployed: Pick<Settings, "experimentalDetections" | "packs">,
): Settings {
  const port = values.port ?? environment.PORT ?? String(defaultPort);
  if (!isPort(port)) throw new InputError(`"${port}" is no port: 0 to 65535`);
  const distance = Number(environment.MISMATCH_DISTANCE_KM ?? defaultMismatchDistanceKm);
  if (!isMismatchDistance(distance)) {
    throw new InputError(`MISMATCH_DISTANCE_KM is no number of kilometers between 0 and ${farthestKm}`);
  }
  const suppress = environment.SUPPRESS_MINUTES || String(defaultSuppressMinutes);
  if (readCount(suppress, maximumSuppressMinutes) === null) {
    throw new InputError(`SUPPRESS_MINUTES is no whole number of minutes from 0 to ${maximumSuppressMinutes}`);
  }
  const stormAfter = readCount(environment.STORM_AFTER || String(defaultStormAfter), maximumStormAfter);
  if (stormAfter === null) {
    throw new InputError(`STORM_AFTER is no whole number of attempts from 0 to ${maximumStormAfter}`);
  }
  const persons = readCount(environment.SOURCE_ALERTS_PER_HOUR || String(defaultSourceAlerts), maximumSourceAlerts);
  if (persons === null) {
    throw new InputError(`SOURCE_ALERTS_PER_HOUR is no whole number of persons from 0 to ${maximumSourceAlerts}`);
  }
  const domains = environment.LOGIN_DOMAINS;
  if (domains !== undefined && readDomains(domains) === null) {
    throw new InputError(`LOGIN_DOMAINS is "${domains}": expected domains such as example.com, divided by commas`);
  }
  const outputs = (environment.OUTPUTS ?? "").split(",").flatMap((name) => name.trim() || []);
  const unknown = outputs.filter((name) => !knownOutputs.includes(name));
  if (unknown.length > 0) {
    throw new InputError(`OUTPUTS names ${unknown.join(", ")}: expected some of ${knownOutputs.join(", ")}`);
  }
  const experimental = environment.EXPERIMENTAL_DETECTIONS || String(deployed.experimentalDetections);
  if (experimental !== "true" && experimental !== "false") {
    throw new InputError(`EXPERIMENTAL_DETECTIONS is "${experimental}": neither true nor false`);
  }
  const packs = readPacks(environment.DETECTION_PACKS ?? deployed.packs.join(","));
  if (packs === null) {
    throw new InputError(`DETECTION_PACKS is "${environment.DETECTION_PACKS}": expected packs such as admin,mfa`);
  }
  return {
    port: Number(port),
    hookSecret: environment.HOOK_SECRET || "local-secret",
    mismatchDistanceKm: distance,
    suppressMinutes: Number(suppress),
    stormAfter,
    sourceAlertsPerHour: persons,
    experimentalDetections: experimental === "true",
    packs,
    outputs,
    chaos: (values.chaos ?? []).map(readChaos),
  };
}

function readChaos(name: string): ChaosName {
  if (!isChaosName(name)) throw new InputError(`"${name}" is no fault: ${Object.keys(chaosFaults).join(", ")}`);
  return name;
}
