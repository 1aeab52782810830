import { expect, test } from "vitest";
import { createAdminRolesApi } from "../../../lambda/adapters/okta-api/admin-roles-api.ts";
import type { OktaClient } from "../../../lambda/adapters/okta-api/client.ts";

const orgUrl = "https://example.okta.com";

/** A client that answers with these bodies, by path and query. */
function clientOf(bodies: Readonly<Record<string, unknown>>): { client: OktaClient; asked: string[] } {
  const asked: string[] = [];
  const unexpected = () => Promise.reject(new Error("nothing else is asked"));
  const get = async (url: string) => {
    const { pathname, search } = new URL(url, orgUrl);
    asked.push(pathname + search);
    if (asked.length > 10) throw new Error("it is asked for ever");
    return bodies[pathname + search] ?? null;
  };
  return { client: { orgUrl, authorize: unexpected, get, getPage: unexpected, send: unexpected }, asked };
}

const path = "/api/v1/iam/resource-sets/iam1/resources";
const page = (orn: string, next: string) => ({ resources: [{ orn }], _links: { next: { href: orgUrl + next } } });

test("the resources of a set are read from every page, and a page that links to one that was read is the last", async () => {
  const { client, asked } = clientOf({
    [path]: page("a", `${path}?after=1`),
    [`${path}?after=1`]: page("b", `${path}?after=1`),
  });
  const resources = await createAdminRolesApi(client).listResources("iam1", AbortSignal.timeout(100_000));
  expect(resources.map(({ orn }) => orn)).toEqual(["a", "b"]);
  expect(asked).toEqual([path, `${path}?after=1`]);
});
