import * as z from "zod/mini";
import { type OktaClient, pagesFrom, readAnswer } from "./client.ts";

/*
 * The parts of Okta's API that make a service app: Applications, Application OAuth 2.0 Client Public Keys and
 * Application Grants, as in Okta's OpenAPI document 2026.06.3 (github.com/okta/okta-management-openapi-spec). Only
 * `hook -- setup` uses it.
 */

/** The settings of an app that decide how it gets access tokens; other settings are kept. */
const oauthClient = z.looseObject({
  application_type: z.nullish(z.string()),
  grant_types: z.nullish(z.array(z.string())),
  response_types: z.nullish(z.array(z.string())),
  dpop_bound_access_tokens: z.nullish(z.boolean()),
});

/** An app of the org. */
const app = z.looseObject({
  id: z.string(),
  name: z.string(),
  label: z.string(),
  status: z.string(),
  signOnMode: z.nullish(z.string()),
  credentials: z.nullish(
    z.looseObject({
      oauthClient: z.nullish(
        z.looseObject({
          client_id: z.nullish(z.string()),
          token_endpoint_auth_method: z.nullish(z.string()),
        }),
      ),
    }),
  ),
  settings: z.nullish(z.looseObject({ oauthClient: z.nullish(oauthClient) })),
});

/** An app of the org, with all of its fields. */
export type OktaApp = z.infer<typeof app>;

/** A public key of an app. */
const appKey = z.looseObject({
  id: z.string(),
  kid: z.nullish(z.string()),
  kty: z.string(),
  status: z.nullish(z.string()),
});

/** A public key of an app. */
export type AppKey = z.infer<typeof appKey>;

const grant = z.looseObject({ scopeId: z.string(), status: z.nullish(z.string()) });

/** A public key as JSON (JWK), with `kid`, `alg` and `use`. */
export type PublicJwk = Readonly<Record<string, unknown>> & { readonly kid: string };

/** The part of Okta's API that makes and changes service apps. */
export type ServiceAppsApi = ReturnType<typeof createServiceAppsApi>;

const path = "/api/v1/apps";
const largestPage = 200;

/** The settings of a service app that signs with a private key. */
const ofServiceApp = {
  application_type: "service",
  grant_types: ["client_credentials"],
  response_types: ["token"],
  // As Okta's admin console sets it: an access token is useless without the key that it is bound to.
  dpop_bound_access_tokens: true,
} as const;
const authMethod = "private_key_jwt";

/** That part of Okta's API, by a client of an administrator. */
export function createServiceAppsApi(client: OktaClient) {
  const at = (id: string, rest = "") => `${path}/${encodeURIComponent(id)}${rest}`;
  const keysOf = (id: string, rest = "") => at(id, `/credentials/jwks${rest}`);
  const lifecycle = (appId: string, keyId: string, action: string) =>
    keysOf(appId, `/${encodeURIComponent(keyId)}/lifecycle/${action}`);
  const listOf = async <Item>(url: string, schema: z.ZodMiniType<Item>, what: string, signal: AbortSignal) => {
    const found: Item[] = [];
    for await (const items of pagesFrom(url, client.getPage, signal)) {
      found.push(...items.map((item) => readAnswer(schema, item, what)));
    }
    return found;
  };
  return {
    /** Every app of exactly this label. */
    async findApps(label: string, signal: AbortSignal) {
      const query = new URLSearchParams({ q: label, limit: String(largestPage), includeNonDeleted: "true" });
      const found = await listOf(`${path}?${query}`, app, "app", signal);
      return found.filter((each) => each.label === label && each.status !== "DELETED");
    },
    /** Null when there is no such app. */
    async fetchApp(id: string, signal: AbortSignal) {
      const found = await client.get(at(id), signal);
      return found === null ? null : readAnswer(app, found, "app");
    },
    async createApp(label: string, key: PublicJwk, signal: AbortSignal) {
      const body = {
        name: "oidc_client",
        label,
        signOnMode: "OPENID_CONNECT",
        credentials: { oauthClient: { token_endpoint_auth_method: authMethod } },
        settings: { oauthClient: { ...ofServiceApp, jwks: { keys: [key] } } },
      };
      return readAnswer(app, await client.send("POST", path, body, signal), "app");
    },
    /** Gives an app the settings of our service app, and keeps its others. */
    async mendApp(found: OktaApp, signal: AbortSignal) {
      const { _links: _, _embedded: _further, ...kept } = found;
      const { grant_types: grantTypes, response_types: responseTypes } = kept.settings?.oauthClient ?? {};
      const oauthClientSettings = {
        ...kept.settings?.oauthClient,
        ...ofServiceApp,
        grant_types: [...new Set([...(grantTypes ?? []), ...ofServiceApp.grant_types])],
        response_types: [...new Set([...(responseTypes ?? []), ...ofServiceApp.response_types])],
      };
      const body = {
        ...kept,
        credentials: {
          ...kept.credentials,
          oauthClient: { ...kept.credentials?.oauthClient, token_endpoint_auth_method: authMethod },
        },
        settings: { ...kept.settings, oauthClient: oauthClientSettings },
      };
      return readAnswer(app, await client.send("PUT", at(found.id), body, signal), "app");
    },
    activateApp: (id: string, signal: AbortSignal) =>
      client.send("POST", at(id, "/lifecycle/activate"), undefined, signal),
    listKeys: (appId: string, signal: AbortSignal) => listOf(keysOf(appId), appKey, "key", signal),
    addKey: (appId: string, key: PublicJwk, signal: AbortSignal) =>
      client.send("POST", keysOf(appId), { ...key, status: "ACTIVE" }, signal),
    activateKey: (appId: string, keyId: string, signal: AbortSignal) =>
      client.send("POST", lifecycle(appId, keyId, "activate"), undefined, signal),
    /** Okta removes only inactive keys: an active key is deactivated first. */
    async removeKey(appId: string, { id, status }: AppKey, signal: AbortSignal) {
      if (status !== "INACTIVE") await client.send("POST", lifecycle(appId, id, "deactivate"), undefined, signal);
      await client.send("DELETE", keysOf(appId, `/${encodeURIComponent(id)}`), undefined, signal);
    },
    /** The scopes of the app's grants. */
    async listGrants(appId: string, signal: AbortSignal) {
      const grants = await listOf(at(appId, "/grants"), grant, "grant", signal);
      return grants.filter(({ status }) => status !== "REVOKED").map(({ scopeId }) => scopeId);
    },
    grant: (appId: string, scopeId: string, signal: AbortSignal) =>
      client.send("POST", at(appId, "/grants"), { issuer: client.orgUrl, scopeId }, signal),
  };
}

/** Whether an app is an API service app: only this type gets access tokens for itself. */
export function isServiceApp({ name, settings }: OktaApp): boolean {
  return name === "oidc_client" && settings?.oauthClient?.application_type === ofServiceApp.application_type;
}

/** The settings of a service app that differ from those that ours needs, in words. */
export function faultsOf({ credentials, settings }: OktaApp): string[] {
  const { grant_types: grantTypes, dpop_bound_access_tokens: isBound } = settings?.oauthClient ?? {};
  const method = credentials?.oauthClient?.token_endpoint_auth_method ?? null;
  const faults: string[] = [];
  if (method !== authMethod) faults.push(`its client authentication is ${method ?? "not set"}`);
  if (!(grantTypes ?? []).includes("client_credentials")) faults.push("it has no grant type Client Credentials");
  if (isBound !== true) faults.push("it does without proof of possession (DPoP)");
  return faults;
}

/** The client id of the app's requests for access tokens. */
export function clientIdOf({ id, credentials }: OktaApp): string {
  return credentials?.oauthClient?.client_id ?? id;
}
