import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { everything } from "../../infra/synthesize.ts";
import { synthesize } from "../fixtures/synthesized.ts";

test("the policy for CloudFormation's execution role has every service that the stack has resources of", async () => {
  const security = await readFile(new URL("../../docs/security.md", import.meta.url), "utf8");
  const [, section = ""] = /## Who may deploy\n(.*?)\n## /s.exec(security) ?? [];
  const allowed = new Set([...section.matchAll(/"([a-z0-9-]+):\*"/g)].map(([, service]) => service));
  const all = { ...everything, customerManagedKey: true };
  const types = [all, { ...all, front: "restApi", firewall: true }].flatMap((settings) =>
    [...synthesize(settings).resources.values()].map(({ Type }) => Type),
  );
  // The names in actions are those of CloudFormation's types, in lower case, for all services that are used.
  const used = new Set(types.map((type) => type.split("::")[1]?.toLowerCase()));
  expect([...allowed].sort()).toEqual([...used].sort());
});

test("the policy reaches the roles of a second stack, as the documents name it", async () => {
  const read = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), "utf8");
  const [, pattern = ""] = /role\/(OktaProxyWatch[^"]*)"/.exec(await read("docs/security.md")) ?? [];
  const [, second = ""] = /--stack (\w+)/.exec(await read("docs/settings.md")) ?? [];
  const reached = new RegExp(`^${pattern.replaceAll("*", ".*")}$`);
  for (const stack of ["OktaProxyWatch", second]) expect(`${stack}-ReceiverRole1A2B3C4D-5E6F`).toMatch(reached);
});
