import { OktaRefusal } from "../../lambda/okta-api/authorization.ts";
import type { EventHook, EventHookSettings, EventHooksApi } from "../../lambda/okta-api/event-hooks-api.ts";

/** What is wrong with a hook, in words. */
export function differencesOf(hook: EventHook, { name, url, eventTypes }: EventHookSettings): string[] {
  const { missing, superfluous } = subscriptionOf(hook, eventTypes);
  const differences: string[] = [];
  if (hook.name !== name) differences.push(`it is called "${hook.name}"`);
  if (hook.channel.config.uri !== url) differences.push(`it delivers to ${hook.channel.config.uri}`);
  if (missing.length > 0) differences.push(`it is not subscribed to ${missing.join(", ")}`);
  if (superfluous.length > 0) differences.push(`it is subscribed to ${superfluous.join(", ")} in vain`);
  return differences;
}

/** What a hook is not subscribed to, and what it is in vain. */
export function subscriptionOf(hook: EventHook, eventTypes: readonly string[]) {
  const subscribed = new Set(hook.events.items);
  const wanted = new Set(eventTypes);
  return {
    missing: eventTypes.filter((each) => !subscribed.has(each)),
    superfluous: [...subscribed].filter((each) => !wanted.has(each)).sort(),
  };
}

/** The hooks that are ours: those that deliver to the URL; where there is none, one of our name, of an earlier URL. */
export function ourHooks(hooks: readonly EventHook[], { name, url }: EventHookSettings): readonly EventHook[] {
  const delivering = hooks.filter(({ channel }) => channel.config.uri === url);
  return delivering.length > 0 ? delivering : hooks.filter((hook) => hook.name === name);
}

/** Whether Okta was answered when it asked the hook's URL, with the secret that it has. */
export async function isVerified(api: EventHooksApi, id: string, signal: AbortSignal): Promise<boolean> {
  try {
    await api.verify(id, signal);
    return true;
  } catch (error) {
    if (error instanceof OktaRefusal && error.status === 400) return false;
    throw error;
  }
}

/**
 * Has the org's event hook be what it shall be, and tells of each step. What is as it shall be is left alone; Okta does not
 * tell the secret, so that it is set again where the verification shows that it is another.
 *
 * @returns the hook, verified, and whether it was given the secret, so that it surely has this one
 * @throws OktaRefusal when Okta cannot verify it, or refuses something else
 */
export async function ensureHook(
  api: EventHooksApi,
  wanted: EventHookSettings,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<{ readonly hook: EventHook; readonly isSecretSet: boolean }> {
  const [found, ...others] = ourHooks(await api.list(signal), wanted);
  for (const { id } of others) {
    say(`another hook, ${id}, delivers to the same URL: every event comes twice. Delete it in the admin console`);
  }
  let hook = found;
  let isSecretSet = true;
  if (hook === undefined) {
    hook = await api.create(wanted, signal);
    say(`created: the event hook "${wanted.name}" (${hook.id}), subscribed to ${wanted.eventTypes.length} event types`);
  } else {
    const differences = differencesOf(hook, wanted);
    isSecretSet = differences.length > 0;
    if (isSecretSet) {
      hook = await api.replace(hook.id, wanted, signal);
      say(`changed: the event hook ${hook.id}, as ${differences.join("; ")}`);
    }
  }
  if (hook.status !== "ACTIVE") {
    hook = await api.activate(hook.id, signal);
    say(`activated: the event hook ${hook.id}`);
  }
  const wasVerified = hook.verificationStatus === "VERIFIED";
  if (!isSecretSet && !(await isVerified(api, hook.id, signal))) {
    hook = await api.replace(hook.id, wanted, signal);
    isSecretSet = true;
    say("changed: the event hook's secret, which was not the stack's");
  }
  if (isSecretSet && !(await isVerified(api, hook.id, signal))) {
    throw new OktaRefusal(
      `Okta could not verify ${wanted.url} for the event hook ${hook.id}. Does it answer (npm run send-test-alert), and does allowedCidrs let Okta in?`,
    );
  }
  if (!wasVerified) say("verified: Okta asked the URL, with the secret, and was answered");
  return { hook, isSecretSet };
}
