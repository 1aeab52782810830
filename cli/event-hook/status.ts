import { CloudWatchClient, type Datapoint, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { OktaFailure, OktaRefusal } from "../../lambda/adapters/okta-api/authorization.ts";
import { type OktaClient, pagesFrom } from "../../lambda/adapters/okta-api/client.ts";
import {
  deliversTo,
  type EventHook,
  type EventHooksApi,
  isSecretHeader,
  sendsSecretAsOurs,
} from "../../lambda/adapters/okta-api/event-hooks-api.ts";
import { createSystemLogApi } from "../../lambda/adapters/okta-api/system-log-api.ts";
import { catalogAge, findEventType, whyRefusable } from "../../lambda/core/okta/event-types.ts";
import { toError } from "../../lambda/core/values/error.ts";
import { closing } from "../aws-client.ts";
import { jsonLine, print } from "../command.ts";
import type { Deployment } from "../deployment.ts";
import { awsProxySettings } from "../proxy.ts";
import {
  describeSecretHeader,
  droppingFilters,
  isDelivering,
  ourHooks,
  subscriptionOf,
  verificationFault,
  type WantedHook,
} from "./ensure.ts";

/** One check of the hook, and its result. */
export interface HookCheck {
  readonly what: string;
  /** Null when it is not known. */
  readonly ok: boolean | null;
  readonly detail: string;
  /** The remedy; null for none. */
  readonly remedy: string | null;
}

/** A check: where all is well, nothing is to do. */
export function checked(what: string, ok: boolean | null, detail: string, remedy: string | null = null): HookCheck {
  return { what, ok, detail, remedy: ok === true ? null : remedy };
}

/** Prints checks, also as JSON lines; sets exit code 1 when one is wrong. */
export function printChecks(findings: readonly HookCheck[], json = false): void {
  const width = Math.max(...findings.map(({ what }) => what.length));
  for (const { what, ok, detail, remedy } of findings) {
    if (json) {
      print(jsonLine({ what, ok, detail, remedy }));
      continue;
    }
    print(`${ok === null ? "?    " : ok ? "ok   " : "WRONG"} ${what.padEnd(width)}  ${detail}`);
    if (remedy !== null) print(`${" ".repeat(width + 8)}to do: ${remedy}`);
  }
  if (findings.some(({ ok }) => ok === false)) process.exitCode = 1;
}

/** A limit of all scopes and other roles (reported by orgs; Okta's documents do not say so). */
export const hiddenRisk =
  "of some orgs Okta shows user.risk.detect only to an administrator, or app, that is assigned Super Administrator directly";

/** Events that Okta delivers to all hooks of an org within 24 hours; it never sends those beyond. */
const dailyLimit = 400_000;
/** Okta warns at this share. */
const warningShare = 0.7;
const hour = 3_600_000;
const day = 24 * hour;

/**
 * Checks the org's side of the event hook, without changes.
 *
 * @param api needs `okta.eventHooks.read` alone
 * @param verifying needs `okta.eventHooks.manage`: without it, the secret is not checked
 * @param command writes the call of a subcommand on the same stack and org
 */
export async function hookFindings(
  api: Pick<EventHooksApi, "list">,
  verifying: EventHooksApi,
  wanted: WantedHook,
  command: (name: string) => string,
  signal: AbortSignal,
): Promise<{ readonly hook: EventHook | null; readonly findings: readonly HookCheck[] }> {
  const [hook, ...others] = ourHooks(await api.list(signal), wanted);
  const repair = command("repair");
  if (hook === undefined) {
    const detail = `no event hook of the org delivers to ${wanted.url}`;
    return { hook: null, findings: [checked("hook", false, detail, command("register"))] };
  }
  const findings: HookCheck[] = [];
  const find = (...check: Parameters<typeof checked>) => findings.push(checked(...check));
  const isHere = deliversTo(hook, wanted.url);
  find("hook", isHere, `"${hook.name}" (${hook.id}) delivers to ${hook.channel.config.uri}`, repair);
  if (others.length > 0) {
    const ids = others.map(({ id }) => id).join(", ");
    const isDoubled = isDelivering(hook) && others.some(isDelivering);
    find(
      "others",
      isDoubled ? false : null,
      isDoubled
        ? `${ids} deliver to the same URL: every event comes twice`
        : `${ids} have the same URL, and are inactive or not verified: else every event came twice`,
      "delete them in the admin console",
    );
  }
  const headers = (hook.channel.config.headers ?? []).filter((each) => !isSecretHeader(each)).map(({ key }) => key);
  if (headers.length > 0)
    find("further headers", true, `it also sends ${headers.join(", ")}, which every change keeps`);
  find("active", hook.status === "ACTIVE", `its status is ${hook.status}`, repair);
  find("verified", hook.verificationStatus === "VERIFIED", `it is ${hook.verificationStatus}`, repair);
  const isUncertain = (eventType: string) => wanted.uncertainEventTypes.includes(eventType);
  const { missing: all, superfluous } = subscriptionOf(hook, wanted.eventTypes);
  const missing = all.filter((each) => !isUncertain(each));
  const catalog = `Okta's catalog: ${catalogAge(new Date())}`;
  find(
    "event types",
    missing.length === 0,
    missing.length === 0
      ? `it is subscribed to the ${wanted.eventTypes.length - all.length} that are needed${superfluous.length === 0 ? "" : `, and in vain to ${superfluous.join(", ")}`} (${catalog})`
      : `it is not subscribed to ${missing.join(", ")} (${catalog})`,
    repair,
  );
  for (const eventType of wanted.uncertainEventTypes) {
    const type = findEventType(eventType);
    const isSubscribed = !all.includes(eventType);
    // The org has a beta type that Okta accepted; an unknown name may be misspelt even so.
    if (isSubscribed && type.isBeta) continue;
    const guess = type.nearest === null ? "" : `, where ${type.nearest} is the nearest`;
    find(
      "event types",
      isSubscribed ? true : null,
      `${eventType} ${whyRefusable(type) ?? "may be refused"}${guess}; the hook is ${isSubscribed ? "" : "not "}subscribed to it`,
      type.isBeta
        ? `${repair}, which tries it; an org without that feature refuses it`
        : `${repair}, which tries it, if no detection misspells it`,
    );
  }
  const dropping = droppingFilters(hook, wanted.eventTypes);
  if (dropping.length > 0) {
    find(
      "filter",
      false,
      `Okta drops ${dropping.join("; ")}: it never delivers such an event, which reconciliation alone finds`,
      `change the filter in the admin console, or: ${repair} --remove-filter`,
    );
  }
  if (!sendsSecretAsOurs(hook)) {
    const detail = `${describeSecretHeader(hook)}, where the function reads the secret alone in Authorization: it refuses deliveries (401)`;
    find("secret's header", false, detail, repair);
  }
  // Okta does not return the secret: its verification of the URL shows whether it is ours.
  try {
    const fault = await verificationFault(verifying, hook.id, signal);
    find(
      "secret",
      fault === null,
      fault === null
        ? "Okta asked the URL, with its secret, and was answered"
        : `Okta could not verify the URL: its secret is another, or the URL does not answer. ${fault}`,
      repair,
    );
  } catch (error) {
    if (!(error instanceof OktaRefusal)) throw error;
    const remedy = error.diagnosis?.remedy ?? "grant the app okta.eventHooks.manage";
    find("secret", null, `not known, as Okta may not be asked to verify the URL: ${error.finding}`, remedy);
  }
  return { hook, findings };
}

/** Checks failed deliveries of the last day in the org's System Log. */
export async function failureFinding(client: OktaClient, hook: EventHook, signal: AbortSignal): Promise<HookCheck> {
  const what = "failed deliveries";
  const log = createSystemLogApi(client);
  const until = new Date();
  const filter = 'eventType eq "event_hook.delivery" and outcome.result eq "FAILURE"';
  let failures = 0;
  let last = "";
  try {
    const first = log.firstPage({ since: new Date(until.getTime() - day), until, filter });
    for await (const items of pagesFrom(first, log.fetchPage, signal)) {
      for (const item of items as readonly Failure[]) {
        if (!(item.target ?? []).some(({ id }) => id === hook.id)) continue;
        failures += 1;
        last = `; the last at ${item.published}${item.outcome?.reason ? `: ${item.outcome.reason}` : ""}`;
      }
    }
  } catch (error) {
    // The checks of the hook are printed all the same.
    if (!(error instanceof OktaRefusal || error instanceof OktaFailure)) throw error;
    return checked(
      what,
      null,
      `not known: ${error.finding}`,
      error.diagnosis?.remedy ?? "grant the app okta.logs.read",
    );
  }
  const detail = failures === 0 ? "none in the last day" : `${failures} in the last day${last}`;
  return checked(what, failures === 0, detail, "reconciliation finds what they held; see the runbook, EventsMissed");
}

/** The fields of an `event_hook.delivery` of the System Log. */
interface Failure {
  readonly published?: string;
  readonly outcome?: { readonly reason?: string | null } | null;
  readonly target?: readonly { readonly id?: string }[] | null;
}

/**
 * Looks at what reached the stack in the last day, by its metrics.
 *
 * @param hook null where the org has none of the stack
 */
export async function deliveryFindings(
  { stack, eventBusName }: Pick<Deployment, "stack" | "eventBusName">,
  hook: EventHook | null,
): Promise<readonly HookCheck[]> {
  if (stack === null) return [checked("last delivery", null, "not known of the embedded run")];
  try {
    const received = await hoursOf(stack, "EventsReceived");
    const sum = received.reduce((total, { Sum = 0 }) => total + Sum, 0);
    const share = sum / dailyLimit;
    const percent = `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
    const streamed = eventBusName === null ? null : await hoursOf(stack, "EventsStreamed");
    return [
      // The log stream brings the same events.
      checkLast(
        "last delivery",
        received,
        (streamed?.length ?? 0) > 0 || isYoung(hook) ? null : false,
        whenNoneOf(hook),
      ),
      ...(streamed === null ? [] : [checkLast("last streamed event", streamed, false, noneStreamed)]),
      checked(
        "daily limit",
        share < warningShare,
        `${sum.toLocaleString("en-US")} events in the last day, ${percent} of the ${dailyLimit.toLocaleString("en-US")} for all hooks of the org`,
        "subscribe to fewer event types: over the limit Okta sends nothing",
      ),
    ];
  } catch (error) {
    return [unknownMetric("last delivery", error)];
  }
}

/** The hours of the last day in which a metric of a stack has a value: each delivery gives one, and each streamed event. */
export async function hoursOf(stack: string, MetricName: string): Promise<readonly Datapoint[]> {
  using client = closing(new CloudWatchClient(awsProxySettings()));
  const end = Math.ceil(Date.now() / hour) * hour;
  const { Datapoints = [] } = await client.send(
    new GetMetricStatisticsCommand({
      Namespace: "OktaProxyWatch",
      MetricName,
      Dimensions: [{ Name: "service", Value: stack }],
      StartTime: new Date(end - day),
      EndTime: new Date(end),
      Period: hour / 1_000,
      Statistics: ["Sum", "SampleCount"],
    }),
  );
  return Datapoints.filter(({ SampleCount = 0 }) => SampleCount > 0);
}

/** The start of the last of some hours, in milliseconds since 1970; minus infinity for none. */
export const lastOf = (hours: readonly Datapoint[]) =>
  Math.max(...hours.map(({ Timestamp }) => Timestamp?.getTime() ?? 0));

/** `in the hour from 2026-11-24T09:00Z`. */
export const inHour = (start: number) => `in the hour from ${new Date(start).toISOString().slice(0, 16)}Z`;

/** A check that is not known, as CloudWatch could not be asked. */
export const unknownMetric = (what: string, error: unknown) =>
  checked(what, null, `not known: ${toError(error).message}`, "allow cloudwatch:GetMetricStatistics");

/** The text for a day without events, and what to do. */
interface Silence {
  readonly detail: string;
  readonly remedy: string;
}

/**
 * Whether a hook is younger than a day: that it has delivered nothing is no fault yet. By its creation alone: Okta does not say
 * whether a verification, which each `status` asks for, counts as a change.
 */
function isYoung(hook: EventHook | null): boolean {
  return hook !== null && Date.now() - Date.parse(hook.created ?? "") < day;
}

function whenNoneOf(hook: EventHook | null): Silence {
  return isYoung(hook)
    ? {
        detail: `none yet: the hook is there since ${hook?.created}, and the first comes with the next sign-in`,
        remedy: "sign in, and look again; npx okta-proxy-watch send-test-alert shows whether the stack works",
      }
    : {
        detail: "none in the last day",
        remedy: "was there any sign-in? npx okta-proxy-watch send-test-alert shows whether the stack works",
      };
}

const noneStreamed: Silence = {
  detail: "none in the last day",
  remedy:
    "was there any sign-in? Reports > Log Streaming in the admin console shows whether the stream is active; see the runbook, StreamHeartbeatMissed",
};

/**
 * The time of the last event.
 *
 * @param ok the result without an event: false for wrong, null where that may be normal
 */
function checkLast(what: string, hours: readonly Datapoint[], ok: false | null, silence: Silence): HookCheck {
  return hours.length > 0 ? checked(what, true, inHour(lastOf(hours))) : { what, ok, ...silence };
}
