import { OktaRefusal } from "../../lambda/adapters/okta-api/authorization.ts";
import {
  deliversTo,
  type EventHook,
  type EventHookSettings,
  type EventHooksApi,
  filtersOf,
  isSecretHeader,
  sendsSecretAsOurs,
} from "../../lambda/adapters/okta-api/event-hooks-api.ts";
import { findEventType, whyRefusable } from "../../lambda/core/okta/event-types.ts";

/** The settings that a deployment's hook shall have. */
export interface WantedHook extends EventHookSettings {
  /** Event types that Okta may refuse: its catalog does not have them, or has them in beta. */
  readonly uncertainEventTypes: readonly string[];
}

/** The differences of a hook from its settings, in words. */
export function differencesOf(hook: EventHook, wanted: EventHookSettings): string[] {
  const { name, url, eventTypes, removeFilter = false } = wanted;
  const { missing, superfluous } = subscriptionOf(hook, eventTypes);
  const differences: string[] = [];
  if (hook.name !== name) differences.push(`it is called "${hook.name}"`);
  if (!deliversTo(hook, url)) differences.push(`it delivers to ${hook.channel.config.uri}`);
  if (!sendsSecretAsOurs(hook)) differences.push(describeSecretHeader(hook));
  if (missing.length > 0) differences.push(`it is not subscribed to ${missing.join(", ")}`);
  if (superfluous.length > 0) differences.push(`it is subscribed to ${superfluous.join(", ")} in vain`);
  if (removeFilter && filtersOf(hook).length > 0) differences.push("it has a filter");
  return differences;
}

/** Describes the header in which a hook sends its secret. */
export function describeSecretHeader({ channel }: EventHook): string {
  const { type, key } = channel.config.authScheme ?? {};
  if ((channel.config.headers ?? []).some(isSecretHeader)) return "it has a further header Authorization";
  if (type && type !== "HEADER") return `it authenticates by ${type}`;
  return key ? `it sends its secret in the header ${key}` : "it sends no secret";
}

/** The missing and the superfluous subscriptions of a hook. */
export function subscriptionOf(hook: EventHook, eventTypes: readonly string[]) {
  const subscribed = new Set(hook.events.items);
  const wanted = new Set(eventTypes);
  return {
    missing: eventTypes.filter((each) => !subscribed.has(each)),
    superfluous: [...subscribed].filter((each) => !wanted.has(each)).sort(),
  };
}

/** The filters that can drop events of the types that are needed, in words: `user.session.start unless event...`. */
export function droppingFilters(hook: EventHook, eventTypes: readonly string[]): string[] {
  return filtersOf(hook).flatMap(({ event, condition }) => {
    const expression = condition?.expression?.trim() ?? "";
    return expression === "" || !eventTypes.includes(event) ? [] : [`${event} unless ${expression}`];
  });
}

/**
 * The deployment's hooks: those that deliver to the URL, active and verified ones first, and of these the one with our
 * name; else one with our name and an earlier URL.
 */
export function ourHooks(hooks: readonly EventHook[], { name, url }: EventHookSettings): readonly EventHook[] {
  const delivering = hooks.filter((hook) => deliversTo(hook, url));
  const rank = (hook: EventHook) =>
    Number(hook.status === "ACTIVE") * 4 + Number(isDelivering(hook)) * 2 + Number(hook.name === name);
  return delivering.length > 0
    ? delivering.sort((a, b) => rank(b) - rank(a))
    : hooks.filter((hook) => hook.name === name);
}

/** Whether Okta delivers to the hook: it delivers only to verified ones. */
export function isDelivering({ status, verificationStatus }: EventHook): boolean {
  return status === "ACTIVE" && verificationStatus === "VERIFIED";
}

/** Why Okta could not verify a hook's URL with the secret that it has, in Okta's words; null when it could. */
export async function verificationFault(api: EventHooksApi, id: string, signal: AbortSignal): Promise<string | null> {
  try {
    await api.verify(id, signal);
    return null;
  } catch (error) {
    if (error instanceof OktaRefusal && error.status === 400) return error.message;
    throw error;
  }
}

/** The means of writing a hook's settings, and of reporting. */
interface Writing {
  readonly api: EventHooksApi;
  readonly wanted: WantedHook;
  readonly report: (text: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Brings the org's event hook to its settings, and reports each step. Settings that are right, and those that an
 * administrator has added, do not change. Okta does not return the secret: it is set again where the verification shows
 * that it differs.
 *
 * @returns the hook, verified, and whether it was given the secret, so that it surely has this one
 * @throws OktaRefusal when Okta cannot verify it, or refuses a request
 */
export async function ensureHook(
  api: EventHooksApi,
  wanted: WantedHook,
  report: (text: string) => void,
  signal: AbortSignal,
): Promise<EnsuredHook> {
  const hooks = await api.list(signal);
  const [found, ...others] = ourHooks(hooks, wanted);
  const rest = hooks.filter((hook) => hook !== found);
  // Names are unique: a hook that delivers to the URL keeps its name where another hook has ours.
  const name = found !== undefined && rest.some((each) => each.name === wanted.name) ? found.name : wanted.name;
  try {
    return await bringUpToDate({ api, wanted: { ...wanted, name }, report, signal }, found, others);
  } catch (error) {
    const active = rest.filter(({ status }) => status === "ACTIVE").length;
    if (!(error instanceof OktaRefusal) || active < maximumHooks) throw error;
    throw new OktaRefusal(
      `${error.message}. The org has ${active} other active event hooks, and Okta takes ${maximumHooks} in all: deactivate or delete one in the admin console (Workflow > Event Hooks)`,
    );
  }
}

/** Okta's limit for an org, of active hooks (help.okta.com/en-us/Content/Topics/automation-hooks/add-event-hooks.htm). */
const maximumHooks = 25;

/** The hook, and whether it was given the secret, so that it surely has this one. */
interface EnsuredHook {
  readonly hook: EventHook;
  readonly isSecretSet: boolean;
}

async function bringUpToDate(
  writing: Writing,
  found: EventHook | undefined,
  others: readonly EventHook[],
): Promise<EnsuredHook> {
  const { api, wanted, report, signal } = writing;
  for (const { id } of others.filter(isDelivering)) {
    report(`another hook, ${id}, delivers to the same URL: every event comes twice. Delete it in the admin console`);
  }
  let { hook, isSecretSet } = found === undefined ? await createHook(writing) : await changeHook(writing, found);
  if (hook.status !== "ACTIVE") {
    hook = await api.activate(hook.id, signal);
    report(`activated: the event hook ${hook.id}`);
  }
  const wasVerified = hook.verificationStatus === "VERIFIED";
  if (!isSecretSet && (await verificationFault(api, hook.id, signal)) !== null) {
    hook = await api.replace(hook, { ...wanted, eventTypes: hook.events.items }, signal);
    isSecretSet = true;
    report("changed: the event hook's secret, which was not the stack's");
  }
  const fault = isSecretSet ? await verificationFault(api, hook.id, signal) : null;
  if (fault !== null) {
    throw new OktaRefusal(
      `Okta could not verify ${wanted.url} for the event hook ${hook.id}: ${fault}. Does it answer (npx okta-proxy-watch send-test-alert), and does allowedCidrs let Okta in?`,
    );
  }
  if (!wasVerified) report("verified: Okta asked the URL, with the secret, and was answered");
  return { hook, isSecretSet };
}

/**
 * Gives the org's event hook another secret, and makes Okta verify the URL with it. Other settings do not change, also
 * those that an administrator has just changed.
 *
 * @returns null when the org has no such hook
 */
export async function giveSecret(
  api: EventHooksApi,
  wanted: EventHookSettings,
  signal: AbortSignal,
): Promise<EventHook | null> {
  const [hook] = ourHooks(await api.list(signal), wanted);
  if (hook === undefined) return null;
  await api.replace(hook, { ...wanted, name: hook.name, eventTypes: hook.events.items }, signal);
  return api.verify(hook.id, signal);
}

async function createHook(writing: Writing): Promise<EnsuredHook> {
  const { api, wanted, report, signal } = writing;
  const reportCreated = ({ id, events }: EventHook) =>
    report(`created: the event hook "${wanted.name}" (${id}), subscribed to ${events.items.length} event types`);
  let hook: EventHook;
  try {
    hook = await api.create(wanted, signal);
    reportCreated(hook);
  } catch (error) {
    const refusal = asRefusedTypes(error, wanted);
    hook = await api.create(withCertainTypes(wanted), signal);
    reportCreated(hook);
    hook = await tryUncertainTypes(writing, hook, refusal);
  }
  return { hook, isSecretSet: true };
}

async function changeHook(writing: Writing, found: EventHook): Promise<EnsuredHook> {
  const { api, wanted, report, signal } = writing;
  const differences = differencesOf(found, wanted);
  if (differences.length === 0) return { hook: found, isSecretSet: false };
  if (wanted.removeFilter) {
    for (const filter of droppingFilters(found, found.events.items)) report(`removing the filter that drops ${filter}`);
  } else {
    const { superfluous } = subscriptionOf(found, wanted.eventTypes);
    for (const filter of droppingFilters(found, superfluous)) report(`with its event type goes the filter: ${filter}`);
  }
  try {
    const hook = await api.replace(found, wanted, signal);
    report(`changed: the event hook ${hook.id}, as ${differences.join("; ")}`);
    return { hook, isSecretSet: true };
  } catch (error) {
    const refusal = asRefusedTypes(error, wanted);
    const subscribed = new Set(found.events.items);
    const accepted = wanted.uncertainEventTypes.filter((each) => subscribed.has(each));
    const rest = withCertainTypes(wanted, accepted);
    const further = differencesOf(found, rest);
    let hook = found;
    if (further.length > 0) {
      hook = await api.replace(found, rest, signal);
      report(`changed: the event hook ${hook.id}, as ${further.join("; ")}`);
    }
    hook = await tryUncertainTypes(writing, hook, refusal);
    return { hook, isSecretSet: hook !== found };
  }
}

/** The refusal of event types that Okta may refuse; throws any other error. */
function asRefusedTypes(error: unknown, { uncertainEventTypes }: WantedHook): OktaRefusal {
  if (error instanceof OktaRefusal && error.status === 400 && uncertainEventTypes.length > 0) return error;
  throw error;
}

function withCertainTypes(wanted: WantedHook, further: readonly string[] = []): WantedHook {
  const left = new Set(wanted.uncertainEventTypes.filter((each) => !further.includes(each)));
  return { ...wanted, eventTypes: wanted.eventTypes.filter((each) => !left.has(each)) };
}

/** Subscribes a hook to each of the event types that Okta refused together, and reports those that it refuses alone. */
async function tryUncertainTypes({ api, wanted, report, signal }: Writing, written: EventHook, together: OktaRefusal) {
  let hook = written;
  const missing = wanted.uncertainEventTypes.filter((each) => !hook.events.items.includes(each));
  for (const eventType of missing) {
    let refusal = together;
    if (missing.length > 1) {
      try {
        hook = await api.replace(hook, { ...wanted, eventTypes: [...hook.events.items, eventType] }, signal);
        continue;
      } catch (error) {
        refusal = asRefusedTypes(error, wanted);
      }
    }
    const why = whyRefusable(findEventType(eventType)) ?? "may be refused";
    report(`not subscribed to ${eventType}, which ${why}, and Okta refused: ${refusal.message}`);
  }
  return hook;
}
