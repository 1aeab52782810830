import { describe, expect, test } from "vitest";
import { OktaSettingsError, readCredential, readOrgUrl } from "../../../lambda/adapters/okta-api/credential.ts";

describe("a credential", () => {
  test("is a service app with its key, or an API token", () => {
    const app = { clientId: "0oa1", privateKey: { kty: "RSA", n: "a", e: "b", d: "c" } };
    expect(readCredential(JSON.stringify(app), "the secret")).toEqual(app);
    const withPem = { clientId: "0oa1", privateKey: "-----BEGIN PRIVATE KEY-----\n...", keyId: "key-1" };
    expect(readCredential(JSON.stringify(withPem), "the secret")).toEqual(withPem);
    expect(readCredential('{"apiToken": "00a"}', "the secret")).toEqual({ apiToken: "00a" });
  });

  test.each([
    ["a placeholder", "Zk3sUniqueSecretText"],
    ["a key that is text", '{"clientId": "0oa1", "privateKey": "Zk3sUniqueSecretText"}'],
    ["a half", '{"privateKey": {"kty": "RSA", "d": "Zk3sUniqueSecretText"}}'],
  ])("that is %s is refused, without its text", (_, text) => {
    expect(() => readCredential(text, "the secret")).toThrow(OktaSettingsError);
    expect(() => readCredential(text, "the secret")).toThrow(/^the secret is neither .*clientId.*nor .*apiToken/);
    expect(() => readCredential(text, "the secret")).not.toThrow("Zk3sUniqueSecretText");
  });
});

describe("an org's URL", () => {
  test.each([
    ["https://example.okta.com", "https://example.okta.com"],
    ["https://login.example.com/", "https://login.example.com"],
    ["https://example.oktapreview.com/app/UserHome", "https://example.oktapreview.com"],
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["https://sso-admin.example.com", "https://sso-admin.example.com"],
    [" https://Example.okta.com:443/login?next=/ ", "https://example.okta.com"],
  ])("%s is taken", (text, url) => {
    expect(readOrgUrl(text)).toBe(url);
  });

  test.each([
    ["example.okta.com", /expected https:\/\/example\.okta\.com/],
    ["http://example.okta.com", /expected https:/],
    ["https://example-admin.okta.com", /without -admin/],
    ["https://example-admin.okta-emea.com/admin/dashboard", /without -admin/],
    ["https://example-admin.oktapreview.com", /without -admin/],
  ])("%s is refused", (text, message) => {
    expect(() => readOrgUrl(text)).toThrow(message);
  });
});

test("of a host without its scheme the URL is offered", () => {
  expect(() => readOrgUrl("acme.okta-emea.com")).toThrow(
    '"acme.okta-emea.com" is no URL of an Okta org: expected https://acme.okta-emea.com',
  );
  expect(() => readOrgUrl("our org")).toThrow("expected https://example.okta.com");
});
