import * as z from "zod/mini";
import { type OktaClient, pagesFrom, readAnswer } from "./client.ts";

/** The header in which the receiver reads the secret. */
const secretHeader = "Authorization";

/**
 * The filter of a hook: for each event type that has one, the hook delivers only events that meet an expression of the
 * Okta Expression Language (help.okta.com/en-us/Content/topics/automation-hooks/event-hooks-el.htm).
 */
const filter = z.looseObject({
  eventFilterMap: z.nullish(
    z.array(
      z.looseObject({
        event: z.string(),
        condition: z.nullish(z.looseObject({ expression: z.nullish(z.string()) })),
      }),
    ),
  ),
});

/** The settings of an event hook of the org. Okta never returns the secret. */
export const eventHook = z.object({
  id: z.string(),
  name: z.string(),
  description: z.nullish(z.string()),
  status: z.string(),
  verificationStatus: z.string(),
  /** When it was created (ISO 8601). */
  created: z.nullish(z.string()),
  events: z.object({ items: z.array(z.string()), filter: z.nullish(filter) }),
  channel: z.object({
    config: z.object({
      uri: z.string(),
      /** Headers that Okta sends beside the secret's. */
      headers: z.nullish(z.array(z.looseObject({ key: z.string(), value: z.nullish(z.string()) }))),
      authScheme: z.nullish(z.object({ type: z.nullish(z.string()), key: z.nullish(z.string()) })),
    }),
  }),
});

/** An event hook of the org. */
export type EventHook = z.infer<typeof eventHook>;

/** The settings that an event hook shall have. */
export interface EventHookSettings {
  readonly name: string;
  /** The URL that it delivers to. */
  readonly url: string;
  /** The value of its `Authorization` header. */
  readonly secret: string;
  readonly eventTypes: readonly string[];
  /** Whether the filter that an administrator set on the hook is removed. @default false */
  readonly removeFilter?: boolean;
}

/** Okta's Event Hooks API. */
export type EventHooksApi = ReturnType<typeof createEventHooksApi>;

const path = "/api/v1/eventHooks";

/** Okta's Event Hooks API, by a client with `okta.eventHooks.manage`. */
export function createEventHooksApi(client: OktaClient) {
  const at = (id: string, action = "") => `${path}/${encodeURIComponent(id)}${action}`;
  return {
    /** The event hooks of the org that can be read. */
    async list(signal: AbortSignal): Promise<readonly EventHook[]> {
      const hooks: EventHook[] = [];
      for await (const items of pagesFrom(path, client.getPage, signal)) {
        // A hook of another kind, such as one without a URL, is skipped.
        for (const item of items) {
          const { data } = eventHook.safeParse(item);
          if (data !== undefined) hooks.push(data);
        }
      }
      return hooks;
    },
    create: async (settings: EventHookSettings, signal: AbortSignal) =>
      read(await client.send("POST", path, toRequest(settings), signal)),
    /**
     * Gives a hook these settings, and keeps what an administrator has set beside them. Okta removes settings that the
     * request lacks, so that `hook` has to be freshly read.
     */
    replace: async (hook: EventHook, settings: EventHookSettings, signal: AbortSignal) =>
      read(await client.send("PUT", at(hook.id), toRequest(settings, hook), signal)),
    /** Makes Okta verify the URL, with the secret that Okta has. */
    verify: async (id: string, signal: AbortSignal) =>
      read(await client.send("POST", at(id, "/lifecycle/verify"), undefined, signal)),
    activate: async (id: string, signal: AbortSignal) =>
      read(await client.send("POST", at(id, "/lifecycle/activate"), undefined, signal)),
  };
}

/**
 * The request body of an event hook.
 *
 * @param kept a hook whose description, filter and further headers stay; null for a new one
 */
export function toRequest(settings: EventHookSettings, kept: EventHook | null = null) {
  const { name, url, secret, eventTypes, removeFilter = false } = settings;
  // Okta's answers may lack an expression; its requests may not.
  const filters = (removeFilter || kept === null ? [] : filtersOf(kept)).filter(
    ({ event, condition }) => eventTypes.includes(event) && Boolean(condition?.expression?.trim()),
  );
  const headers = (kept?.channel.config.headers ?? []).filter((header) => !isSecretHeader(header));
  return {
    name,
    ...(kept?.description ? { description: kept.description } : {}),
    events: {
      type: "EVENT_TYPE",
      items: [...eventTypes],
      ...(filters.length === 0 ? {} : { filter: { ...kept?.events.filter, eventFilterMap: filters } }),
    },
    channel: {
      type: "HTTP",
      version: "1.0.0",
      config: {
        uri: url,
        headers,
        authScheme: { type: "HEADER", key: secretHeader, value: secret },
      },
    },
  } as const;
}

/** The filters of a hook, each of an event type. */
export function filtersOf({ events }: EventHook) {
  return events.filter?.eventFilterMap ?? [];
}

/** Whether the hook sends only its secret in the header that the receiver reads. Header names ignore case. */
export function sendsSecretAsOurs({ channel }: EventHook): boolean {
  const { type, key } = channel.config.authScheme ?? {};
  const { headers } = channel.config;
  return (type ?? "HEADER") === "HEADER" && isSecretHeader({ key: key ?? "" }) && !headers?.some(isSecretHeader);
}

/**
 * Whether a header has the name of the secret's header: Okta sends a further header of that name instead of it, or
 * along with it.
 */
export function isSecretHeader({ key }: { readonly key: string }): boolean {
  return key.trim().toLowerCase() === secretHeader.toLowerCase();
}

/** Whether a hook delivers to a URL, without regard to its query and a slash at its end. */
export function deliversTo({ channel }: EventHook, url: string): boolean {
  return endpointOf(channel.config.uri) === endpointOf(url);
}

function endpointOf(url: string): string {
  if (!URL.canParse(url)) return url;
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname.replace(/\/$/, "")}`;
}

const read = (answer: unknown) => readAnswer(eventHook, answer, "event hook");
