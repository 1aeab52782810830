import { expect, test } from "vitest";
import { describeMissingReceivers, type Receivers } from "../../../cli/deploy/receivers.ts";

const address = { topic: "Alerts", protocol: "email", endpoint: "ada@example.com" };
const ownFunction = { topic: "Alerts", protocol: "lambda", endpoint: null };
const confirmed = { protocol: "email", endpoint: "ada@example.com", confirmed: true };

const missing = (receivers: Partial<Receivers>) =>
  describeMissingReceivers({
    what: "alerts",
    setting: "alertEmail",
    live: [],
    removed: [],
    templated: [],
    ...receivers,
  });

test("a confirmed subscription is enough, made by the stack or by hand", () => {
  expect(missing({ live: [confirmed], templated: [address] })).toBeNull();
  expect(missing({ live: [confirmed] })).toBeNull();
  expect(missing({ live: [confirmed], removed: [{ ...address, endpoint: "eve@example.com" }] })).toBeNull();
});

test("without any subscription the setting is named that makes one", () => {
  const text = /^No subscription to the alerts exists after this: they reach no address\. Set alertEmail /;
  expect(missing({})).toMatch(text);
  expect(missing({ live: [confirmed], removed: [address] })).toMatch(text);
  expect(missing({ templated: [ownFunction] })).toMatch(text);
});

test("an address that has not confirmed is named", () => {
  const text =
    "The alerts reach no address yet: ada@example.com gets a mail from AWS with a link, which has to be clicked.";
  expect(missing({ templated: [address] })).toBe(text);
  expect(missing({ live: [{ ...confirmed, confirmed: false }] })).toBe(text);
});

test("what could not be read is not taken for none", () => {
  expect(missing({ live: null, templated: [address] })).toBeNull();
  expect(missing({ live: null })).toContain("(the topic's subscriptions could not be read)");
});
