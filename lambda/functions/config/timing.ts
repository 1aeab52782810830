import { type ClientSettings, clientDefaults, waitingClient } from "../../adapters/aws/client.ts";
import { patienceMilliseconds as secretPatience } from "../../adapters/aws/hook-secrets.ts";
import { keyPatience } from "../../adapters/tables/state-key.ts";
import { patienceMilliseconds as watchingPatience } from "../../adapters/tables/watching.ts";
import { type BackOff, backOff } from "../../core/pipeline/back-off.ts";
import { answering, type Pace, waiting } from "../../core/time/budget.ts";
import { toError } from "../../core/values/error.ts";
import { Fault } from "./environment.ts";

/** How long a function works, waits and pauses: deadlines, patience, delays and back-off, each with its production value. */
export interface Timing {
  /** The pace of the receiver, which Okta waits for. */
  readonly answering: Pace;
  /** The pace of functions that nothing waits for. */
  readonly waiting: Pace;
  /** The SDK's clients of either. */
  readonly answeringClient: ClientSettings;
  readonly waitingClient: ClientSettings;
  /** Milliseconds that a request waits for the hook's secrets to be fetched again. */
  readonly secretPatience: number;
  /** Milliseconds that a step waits for the key that logins are hashed with. */
  readonly keyPatience: Readonly<Record<"answering" | "waiting", number>>;
  /** Milliseconds that a look-up waits for the time since when the deployment has watched. */
  readonly watchingPatience: number;
  /** The longest that parked work is delayed, in seconds; what the pipeline asks for beyond it is cut to it. */
  readonly longestDelaySeconds: number;
  /** What work waits between tries that fail. */
  readonly backOff: BackOff;
}

/** What every deployment works with. SQS delays a message by 900 seconds at most. */
export const productionTiming: Timing = {
  answering,
  waiting,
  answeringClient: clientDefaults,
  waitingClient,
  secretPatience,
  keyPatience,
  watchingPatience,
  longestDelaySeconds: 900,
  backOff,
};

/** Some of the numbers of a value, by the same names. */
export type Overrides<Value> = {
  readonly [Name in keyof Value]?: Value[Name] extends number | undefined
    ? number
    : Value[Name] extends object
      ? Overrides<Value[Name]>
      : never;
};

/** Numbers that a run sets beside {@link productionTiming}, which stands for the others. */
export type TimingOverrides = Overrides<Timing>;

/**
 * Reads what an embedded run sets of {@link Timing}, as JSON. The stack sets none of it: a test gives its run deadlines that a
 * busy machine keeps, and short delays.
 */
export function readTiming(text: string): Timing | Fault {
  try {
    return override(productionTiming, JSON.parse(text), "");
  } catch (error) {
    return new Fault(`sets no times: ${toError(error).message}`);
  }
}

function override<Value extends object>(standard: Value, given: unknown, path: string): Value {
  if (typeof given !== "object" || given === null) throw new Error(`${path.slice(0, -1) || "it"} is no object`);
  const entries = Object.entries(given).map(([name, value]) => {
    const inner: unknown = Object.entries(standard).find(([each]) => each === name)?.[1];
    if (typeof inner === "object" && inner !== null) return [name, override(inner, value, `${path}${name}.`)];
    if (typeof inner !== "number") throw new Error(`there is no time ${path}${name}`);
    if (typeof value !== "number" || value < 0) throw new Error(`${path}${name} is no number of 0 or more`);
    return [name, value];
  });
  return { ...standard, ...Object.fromEntries(entries) };
}
