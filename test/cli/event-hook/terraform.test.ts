import { expect, test } from "vitest";
import { renderTerraform } from "../../../cli/event-hook/terraform.ts";

const render = (eventTypes: readonly string[], secretArn: string | null = null) =>
  renderTerraform({ name: 'the "hook"', url: "https://example.com/", eventTypes }, secretArn);

test("the provider is pinned to versions that verify again after the URL changed, and Terraform to those that trigger it", () => {
  const text = render(["user.session.start"]);
  expect(text).toMatch(/^terraform \{\n {2}required_version = ">= 1\.2"\n/m);
  const [, version = ""] = /source {2}= "okta\/okta"\n +version = "~> ([\d.]+)"/.exec(text) ?? [];
  const [major = 0, minor = 0] = version.split(".").map(Number);
  // 6.7.0 is the first.
  expect([major, minor >= 7]).toEqual([6, true]);
});

test("the verification is replaced when anything of the hook changes", () => {
  const [, verification = ""] = render(["user.session.start"]).split('resource "okta_event_hook_verification"');
  expect(verification).toMatch(/lifecycle \{\n +replace_triggered_by = \[okta_event_hook\.okta_proxy_watch\]\n +\}/);
});

test("an event type that Okta's catalog does not have is marked, as an apply may fail by it", () => {
  const text = render(["user.session.start", "policy.future.change"]);
  expect(text).toContain('    "user.session.start",\n');
  expect(text).toContain(
    '    # is not in Okta\'s catalog of 2026.08.1: Okta may refuse it\n    "policy.future.change",\n',
  );
});

test("an event type in beta is marked too", () => {
  expect(render(["policy.branch.lifecycle.promote"])).toContain(
    '    # is in beta, by Okta\'s catalog of 2026.08.1: Okta may refuse it\n    "policy.branch.lifecycle.promote",\n',
  );
});

test("a text that looks like a template of Terraform's is a text", () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's template, which is meant.
  const text = renderTerraform({ name: "${file(1)} %{if} $5 %", url: "https://example.com/", eventTypes: [] }, null);
  expect(text).toContain('name = "$${file(1)} %%{if} $5 %"');
});

test("every block is closed, and text is quoted", () => {
  for (const text of [render(["a.b"]), render([], "arn:aws:secretsmanager:us-east-1:123456789012:secret:hook")]) {
    expect(text.match(/[{[]/g)).toHaveLength(text.match(/[}\]]/g)?.length ?? 0);
    expect(text).toContain('name = "the \\"hook\\""');
  }
});
