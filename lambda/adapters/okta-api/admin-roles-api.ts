import * as z from "zod/mini";
import { type OktaClient, readAnswer } from "./client.ts";

/*
 * The parts of Okta's API that give a service app its admin roles: Custom Roles, Custom Role Permissions, Resource
 * Sets, Resource Set Resources and Client Role Assignments, as in Okta's OpenAPI document 2026.06.3
 * (github.com/okta/okta-management-openapi-spec). Only `hook -- setup` uses it.
 */

const labelled = z.looseObject({ id: z.string(), label: z.string(), description: z.nullish(z.string()) });

/** A custom role, or a resource set. */
export type Labelled = z.infer<typeof labelled>;

const next = z.nullish(z.looseObject({ next: z.nullish(z.looseObject({ href: z.string() })) }));
const permissions = z.looseObject({ permissions: z.array(z.looseObject({ label: z.string() })), _links: next });
const resource = z.looseObject({
  orn: z.nullish(z.string()),
  _links: z.nullish(z.looseObject({ self: z.nullish(z.looseObject({ href: z.string() })) })),
});
const resources = z.looseObject({ resources: z.array(resource), _links: next });

/** A resource of a resource set: by its name (ORN), its URL, or both. */
export interface Resource {
  readonly orn: string | null;
  readonly url: string | null;
}

const assignment = z.looseObject({
  type: z.string(),
  status: z.nullish(z.string()),
  role: z.nullish(z.string()),
  "resource-set": z.nullish(z.string()),
});

/** A role that is assigned to an app: a standard role by its type, or `CUSTOM` with role and resource set. */
export type RoleAssignment = z.infer<typeof assignment>;

/** A role, or a resource set, before Okta has it. */
interface NewLabelled {
  readonly label: string;
  readonly description: string;
}

/** The part of Okta's API that assigns admin roles to a service app. */
export type AdminRolesApi = ReturnType<typeof createAdminRolesApi>;

const roles = "/api/v1/iam/roles";
const sets = "/api/v1/iam/resource-sets";

/** That part of Okta's API, by a client of an administrator. */
export function createAdminRolesApi(client: OktaClient) {
  const at = (path: string, id: string, rest = "") => `${path}/${encodeURIComponent(id)}${rest}`;
  const rolesOf = (clientId: string) => `/oauth2/v1/clients/${encodeURIComponent(clientId)}/roles`;

  async function find(path: string, label: string, what: string, signal: AbortSignal): Promise<Labelled | null> {
    const found = await client.get(at(path, label), signal);
    return found === null ? null : readAnswer(labelled, found, what);
  }

  /** These lists have the link to their next page in the body. A page that links to one that was read is the last. */
  async function listOf<Page extends { readonly _links?: z.infer<typeof next> }>(
    first: string,
    schema: z.ZodMiniType<Page>,
    what: string,
    signal: AbortSignal,
  ): Promise<readonly Page[]> {
    const pages: Page[] = [];
    const asked = new Set<string>();
    for (let url: string | undefined = first; url !== undefined && !asked.has(url); ) {
      asked.add(url);
      const page: Page = readAnswer(schema, await client.get(url, signal), what);
      pages.push(page);
      url = page._links?.next?.href;
    }
    return pages;
  }

  return {
    /** Null when there is none of this label. */
    findRole: (label: string, signal: AbortSignal) => find(roles, label, "role", signal),
    createRole: async (role: NewLabelled & { readonly permissions: readonly string[] }, signal: AbortSignal) =>
      readAnswer(labelled, await client.send("POST", roles, role, signal), "role"),
    async listPermissions(roleId: string, signal: AbortSignal) {
      const pages = await listOf(at(roles, roleId, "/permissions"), permissions, "list of permissions", signal);
      return pages.flatMap((page) => page.permissions.map(({ label }) => label));
    },
    addPermission: (roleId: string, permission: string, signal: AbortSignal) =>
      client.send("POST", at(roles, roleId, `/permissions/${permission}`), undefined, signal),
    /** Null when there is none of this label. */
    findResourceSet: (label: string, signal: AbortSignal) => find(sets, label, "resource set", signal),
    createResourceSet: async (set: NewLabelled & { readonly resources: readonly string[] }, signal: AbortSignal) =>
      readAnswer(labelled, await client.send("POST", sets, set, signal), "resource set"),
    async listResources(setId: string, signal: AbortSignal) {
      const pages = await listOf(at(sets, setId, "/resources"), resources, "list of resources", signal);
      return pages.flatMap((page) =>
        page.resources.map(({ orn = null, _links: links }): Resource => ({ orn, url: links?.self?.href ?? null })),
      );
    },
    addResources: (setId: string, urls: readonly string[], signal: AbortSignal) =>
      client.send("PATCH", at(sets, setId, "/resources"), { additions: [...urls] }, signal),
    async listAssignments(clientId: string, signal: AbortSignal) {
      const { items } = await client.getPage(rolesOf(clientId), signal);
      return items.map((item) => readAnswer(assignment, item, "role assignment"));
    },
    assign: (
      clientId: string,
      role:
        | { readonly type: string }
        | { readonly type: "CUSTOM"; readonly role: string; readonly "resource-set": string },
      signal: AbortSignal,
    ) => client.send("POST", rolesOf(clientId), role, signal),
  };
}
