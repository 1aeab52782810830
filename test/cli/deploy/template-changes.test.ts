import { describe, expect, test } from "vitest";
import { changesBetween, countByType, countResources, type Template } from "../../../cli/deploy/template-changes.ts";
import { everything } from "../../../infra/synthesize.ts";
import { synthesize } from "../../fixtures/synthesized.ts";

/** As `cdk synth` makes it, with the paths that resources are called by. */
const templateOf = (settings: Readonly<Record<string, unknown>>): Template =>
  synthesize({ ...settings, "aws:cdk:enable-path-metadata": true }).template.toJSON();

const { alertEmail, oktaOrgUrl, ...withoutBoth } = everything;
const whole = templateOf(everything);
const lossesOf = (next: Template, deployed = whole) => changesBetween(deployed, next).losses;

/** The same template with some resource of this type changed. */
function withChanged(type: string, properties: Readonly<Record<string, unknown>>, attributes = {}): Template {
  const { Resources = {}, ...rest } = structuredClone(whole);
  const [[id, resource] = ["", undefined]] = Object.entries(Resources).filter(([, { Type }]) => Type === type);
  if (resource === undefined) throw new Error(`the template has no ${type}`);
  const changed = { ...resource, ...attributes, Properties: { ...resource.Properties, ...properties } };
  return { ...rest, Resources: { ...Resources, [id]: changed } };
}

/** The same template without the resources of this type. */
function without(type: string): Template {
  const { Resources = {}, ...rest } = whole;
  return { ...rest, Resources: Object.fromEntries(Object.entries(Resources).filter(([, { Type }]) => Type !== type)) };
}

describe("what a deployment takes away", () => {
  test("is nothing where the template is the same, or has more", () => {
    expect(changesBetween(whole, whole)).toMatchObject({ losses: [], further: null, changed: 0, unsubscribed: [] });
    const changes = changesBetween(templateOf({ ...withoutBoth }), whole);
    expect(changes).toMatchObject({ losses: [], further: null });
    expect(countByType(changes.added)).toMatch(/^1 subscription, 1 secret, 1 queue, 4 functions, /);
  });

  test("names the subscription, its topic, and the setting that is gone", () => {
    const next = templateOf({ ...withoutBoth, oktaOrgUrl });
    const { losses, unsubscribed } = changesBetween(whole, next, (topic) => `${topic} has no address`);
    expect(losses).toEqual([
      "removes the subscription of security@example.com (email) to the alerts: nothing is sent there any more (Alerts has no address)",
      // The digest is mailed to the same address.
      "removes the function WeeklyDigest: nothing else does this work",
      "removes the log group WeeklyDigest: the logs go for good",
      "removes the alarm WeeklyDigestErrors: no mail comes when this happens",
    ]);
    expect(unsubscribed).toMatchObject([{ protocol: "email", endpoint: "security@example.com" }]);
  });

  test("names secrets, functions, queues, logs, outputs and alarms when the org is no longer asked, in this order", () => {
    const { losses, further } = changesBetween(whole, templateOf({ ...withoutBoth, alertEmail }));
    expect(losses.map((loss) => loss.replace(/:.*/, ""))).toEqual([
      "removes the secret OktaCredential",
      "removes the queue ProfileRefresh",
      "removes the functions ProfileSync, ProfileRefresh, Reconciliation",
      "removes the log groups ProfileSync, ProfileRefresh, Reconciliation",
      "removes the outputs OktaOrgUrl, OktaCredentialSecretArn",
      expect.stringMatching(/^removes the alarms .*EventsMissed.*ReconciliationOverdue/),
    ]);
    expect(further).toMatch(/\d IAM roles, \d IAM policies/);
  });

  test("distinguishes data that goes for good from data that stays in the account", () => {
    const [table] = lossesOf(without("AWS::DynamoDB::Table"));
    expect(table).toBe(
      "gives up the tables Profiles, State: the stack uses it no more, and it stays in the account with all that is in it",
    );
    const [queue] = lossesOf(without("AWS::SQS::Queue"));
    expect(queue).toMatch(/^removes the queues .*Retries.*: what waits in it goes for good$/);
  });

  test("reports what is replaced, and by which property", () => {
    expect(
      lossesOf(withChanged("AWS::DynamoDB::Table", { KeySchema: [{ AttributeName: "x", KeyType: "HASH" }] })),
    ).toEqual(["replaces the table Profiles, as KeySchema changes: the new one is empty"]);
    // A new topic has none of the old one's subscriptions: the stack's own are made again.
    const [subscription, ...further] = lossesOf(withChanged("AWS::SNS::Topic", { TopicName: "ours" }));
    expect(subscription).toBe(
      "replaces the subscription of security@example.com (email) to the alerts, as TopicArn changes: it has to be confirmed again",
    );
    expect(further).toContainEqual(
      "replaces the topic Alerts, as TopicName changes: every subscription to it that the stack did not make goes with the old one",
    );
  });

  test("says that the hook has to be registered anew when the front changes", () => {
    const [url] = lossesOf(templateOf({ ...everything, front: "restApi" })).filter((loss) => loss.includes("URL"));
    expect(url).toBe(
      "removes the URL Receiver: requests to it are lost: register the new URL in Okta, npx okta-proxy-watch hook register",
    );
  });

  test("does not count what is changed in place", () => {
    const changes = changesBetween(whole, templateOf({ ...everything, memorySizeMb: 2_048 }));
    expect(changes.losses).toEqual([]);
    expect(changes.changed).toBe(countResources(whole).get("AWS::Lambda::Function"));
  });
});
