import * as z from "zod/mini";
import { OktaFailure } from "./authorization.ts";
import { type OktaClient, pagesFrom } from "./client.ts";

/** An event hook of the org, as far as it is looked at. The secret is never told by Okta. */
export const eventHook = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  verificationStatus: z.string(),
  events: z.object({ items: z.array(z.string()) }),
  channel: z.object({ config: z.object({ uri: z.string() }) }),
});

/** An event hook of the org. */
export type EventHook = z.infer<typeof eventHook>;

/** What an event hook shall be. */
export interface EventHookSettings {
  readonly name: string;
  /** Where it delivers to. */
  readonly url: string;
  /** What it sends in the `Authorization` header. */
  readonly secret: string;
  readonly eventTypes: readonly string[];
}

/** Okta's Event Hooks API. */
export interface EventHooksApi {
  readonly list: (signal: AbortSignal) => Promise<readonly EventHook[]>;
  readonly create: (settings: EventHookSettings, signal: AbortSignal) => Promise<EventHook>;
  readonly replace: (id: string, settings: EventHookSettings, signal: AbortSignal) => Promise<EventHook>;
  /** Has Okta ask the URL to verify itself, with the secret that it has. */
  readonly verify: (id: string, signal: AbortSignal) => Promise<EventHook>;
  readonly activate: (id: string, signal: AbortSignal) => Promise<EventHook>;
}

const path = "/api/v1/eventHooks";

/** Okta's Event Hooks API, by a client that was granted `okta.eventHooks.manage`. */
export function createEventHooksApi(client: OktaClient): EventHooksApi {
  const at = (id: string, action = "") => `${path}/${encodeURIComponent(id)}${action}`;
  return {
    async list(signal) {
      const hooks: EventHook[] = [];
      for await (const items of pagesFrom(path, client.getPage, signal)) hooks.push(...items.map(read));
      return hooks;
    },
    create: async (settings, signal) => read(await client.send("POST", path, toRequest(settings), signal)),
    replace: async (id, settings, signal) => read(await client.send("PUT", at(id), toRequest(settings), signal)),
    verify: async (id, signal) => read(await client.send("POST", at(id, "/lifecycle/verify"), undefined, signal)),
    activate: async (id, signal) => read(await client.send("POST", at(id, "/lifecycle/activate"), undefined, signal)),
  };
}

/** An event hook as Okta's API takes it. */
export function toRequest({ name, url, secret, eventTypes }: EventHookSettings) {
  return {
    name,
    events: { type: "EVENT_TYPE", items: [...eventTypes] },
    channel: {
      type: "HTTP",
      version: "1.0.0",
      config: { uri: url, headers: [], authScheme: { type: "HEADER", key: "Authorization", value: secret } },
    },
  } as const;
}

function read(answer: unknown): EventHook {
  const parsed = eventHook.safeParse(answer);
  if (!parsed.success) throw new OktaFailure("Okta's answer is no event hook");
  return parsed.data;
}
