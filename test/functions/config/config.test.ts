import { describe, expect, test } from "vitest";
import { readCanaryConfig } from "../../../lambda/functions/config/canary.ts";
import { ConfigError } from "../../../lambda/functions/config/environment.ts";
import { readStreamConfig, readSyncConfig } from "../../../lambda/functions/config/okta.ts";
import { readPipelineConfig } from "../../../lambda/functions/config/pipeline.ts";
import { readReceiverConfig } from "../../../lambda/functions/config/receiver.ts";
import { productionTiming } from "../../../lambda/functions/config/timing.ts";

const complete = {
  PROFILE_TABLE: "profiles",
  STATE_TABLE: "state",
  ALERT_TOPIC_ARN: "arn:aws-us-gov:sns:us-gov-west-1:123456789012:alerts",
  RETRY_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/123456789012/retries",
  DEAD_LETTER_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/123456789012/dead-letters",
  MISMATCH_DISTANCE_KM: "750.5",
  HOOK_SECRET_ARN: "arn:aws:secretsmanager:us-east-1:123456789012:secret:hook-AbCdEf",
};

test("a complete environment is read", () => {
  expect(readReceiverConfig({ ...complete, UNRELATED: "x" })).toEqual({
    profileTable: complete.PROFILE_TABLE,
    stateTable: complete.STATE_TABLE,
    alertTopicArn: complete.ALERT_TOPIC_ARN,
    retryQueueUrl: complete.RETRY_QUEUE_URL,
    deadLetterQueueUrl: complete.DEAD_LETTER_QUEUE_URL,
    hookSecret: { arn: complete.HOOK_SECRET_ARN },
    mismatchDistanceKm: 750.5,
    suppressMinutes: 60,
    stormAfter: 5,
    sourceAlertsPerHour: 20,
    loginDomains: [],
    mapLinks: true,
    experimentalDetections: false,
    packs: [],
    refreshQueueUrl: null,
    countsForDigest: false,
    metrics: "essential",
    allowedNetworks: null,
    stateKey: { hookSecret: { arn: complete.HOOK_SECRET_ARN } },
    timing: productionTiming,
  });
  expect(readReceiverConfig({ ...complete, EXPERIMENTAL_DETECTIONS: "true" }).experimentalDetections).toBe(true);
  expect(readReceiverConfig({ ...complete, MAP_LINKS: "false" }).mapLinks).toBe(false);
  expect(() => readReceiverConfig({ ...complete, MAP_LINKS: "no" })).toThrow("MAP_LINKS is neither true nor false");
  expect(readReceiverConfig({ ...complete, DETECTION_PACKS: "admin,mfa" }).packs).toEqual(["admin", "mfa"]);
});

test("the domains of logins are read in lower case, divided as people divide them", () => {
  const read = (LOGIN_DOMAINS: string) => readReceiverConfig({ ...complete, LOGIN_DOMAINS }).loginDomains;
  expect(read("Example.com, sub.example.co.uk")).toEqual(["example.com", "sub.example.co.uk"]);
  expect(read("")).toEqual([]);
  expect(() => read("example.com,@example")).toThrow("LOGIN_DOMAINS is no list of domains such as example.com");
});

test("networks that may deliver are read, divided as people divide them", () => {
  const { allowedNetworks } = readReceiverConfig({
    ...complete,
    ALLOWED_CIDRS: "192.0.2.0/24,2001:db8::/32 10.0.0.0/8",
  });
  expect(allowedNetworks?.map(({ prefix }) => prefix)).toEqual([24, 32, 8]);
});

test("the canary's error names everything that it lacks at once, its secret's ARN among it", () => {
  for (const name of ["HOOK_URL", "HOOK_SECRET_ARN", "STATE_TABLE"]) {
    expect(() => readCanaryConfig({})).toThrow(new RegExp(`^- ${name} is missing`, "m"));
  }
});

test("a function that only works on events needs no secret", () => {
  const { HOOK_SECRET_ARN: _, ...others } = complete;
  expect(readPipelineConfig(others)).toMatchObject({
    profileTable: "profiles",
    retryQueueUrl: complete.RETRY_QUEUE_URL,
  });
  expect(() => readPipelineConfig({})).toThrow(ConfigError);
});

test("the secret itself stands in for its ARN", () => {
  const { HOOK_SECRET_ARN: _, ...others } = complete;
  expect(readReceiverConfig({ ...others, HOOK_SECRET: "s" }).hookSecret).toEqual({ value: "s" });
});

test("the key of what is remembered is a secret of its own, or comes from the hook's secret, or is none", () => {
  const { HOOK_SECRET_ARN: _, ...others } = complete;
  const STATE_KEY_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:key-AbCdEf";
  expect(readReceiverConfig({ ...complete, STATE_KEY_ARN }).stateKey).toEqual({ arn: STATE_KEY_ARN });
  expect(readPipelineConfig({ ...others, STATE_KEY_ARN }).stateKey).toEqual({ arn: STATE_KEY_ARN });
  expect(readPipelineConfig({ ...others, HOOK_SECRET: "s" }).stateKey).toEqual({ hookSecret: { value: "s" } });
  expect(readPipelineConfig(others).stateKey).toBeNull();
});

test.each([
  ["STATE_KEY_ARN", "key"],
  ["STATE_KEY_ARN", ""],
  ["PROFILE_TABLE", undefined],
  ["PROFILE_TABLE", ""],
  ["ALERT_TOPIC_ARN", undefined],
  ["ALERT_TOPIC_ARN", "alerts"],
  ["STATE_TABLE", undefined],
  ["RETRY_QUEUE_URL", undefined],
  ["RETRY_QUEUE_URL", "retries"],
  ["DEAD_LETTER_QUEUE_URL", undefined],
  ["DEAD_LETTER_QUEUE_URL", "dead-letters"],
  ["MISMATCH_DISTANCE_KM", undefined],
  ["MISMATCH_DISTANCE_KM", "far"],
  ["MISMATCH_DISTANCE_KM", "0"],
  ["MISMATCH_DISTANCE_KM", "20017"],
  ["MISMATCH_DISTANCE_KM", "-5"],
  ["REFRESH_QUEUE_URL", "refreshes"],
  ["ALLOWED_CIDRS", ""],
  ["ALLOWED_CIDRS", "192.0.2.1"],
  ["ALLOWED_CIDRS", "192.0.2.0/24, example.com"],
  ["EXPERIMENTAL_DETECTIONS", "yes"],
  ["DETECTION_PACKS", "Admin"],
  ["HOOK_SECRET_ARN", undefined],
  ["HOOK_SECRET_ARN", "hook"],
])("%s of %j is refused by name", (name, value) => {
  expect(() => readReceiverConfig({ ...complete, [name]: value })).toThrow(ConfigError);
  expect(() => readReceiverConfig({ ...complete, [name]: value })).toThrow(`- ${name} `);
});

test("all that is wrong is named at once, and a secret never", () => {
  const read = () => readReceiverConfig({ HOOK_SECRET: "top-secret", HOOK_SECRET_ARN: complete.HOOK_SECRET_ARN });
  for (const name of Object.keys(complete)) expect(read).toThrow(name);
  expect(read).toThrow(/exactly one/);
  expect(read).not.toThrow(/top-secret/);
});

describe("the sync's environment", () => {
  const sync = {
    PROFILE_TABLE: "profiles",
    STATE_TABLE: "state",
    OKTA_ORG_URL: "https://example.okta.com",
    OKTA_CREDENTIAL_SECRET_ARN: complete.HOOK_SECRET_ARN,
    OKTA_PROFILE_ATTRIBUTES: '[{"label":"home","city":"city","countryCode":"countryCode"}]',
  };

  test("is read", () => {
    expect(readSyncConfig(sync)).toEqual({
      profileTable: "profiles",
      stateTable: "state",
      orgUrl: "https://example.okta.com",
      credentialSecretArn: complete.HOOK_SECRET_ARN,
      attributes: [{ label: "home", city: "city", countryCode: "countryCode" }],
    });
  });

  test.each([
    ["PROFILE_TABLE", undefined],
    ["OKTA_ORG_URL", undefined],
    ["OKTA_ORG_URL", "example.okta.com"],
    ["OKTA_CREDENTIAL_SECRET_ARN", "credential"],
    ["OKTA_PROFILE_ATTRIBUTES", undefined],
    ["OKTA_PROFILE_ATTRIBUTES", "city"],
    ["OKTA_PROFILE_ATTRIBUTES", "[]"],
  ])("%s of %j is refused by name", (name, value) => {
    expect(() => readSyncConfig({ ...sync, [name]: value })).toThrow(ConfigError);
    expect(() => readSyncConfig({ ...sync, [name]: value })).toThrow(`- ${name} `);
  });
});

describe("the environment of the log stream's function", () => {
  test("is that of the pipeline, and names the org where the stack knows it", () => {
    expect(readStreamConfig(complete)).toEqual({ ...readPipelineConfig(complete), org: null });
    expect(readStreamConfig({ ...complete, OKTA_ORG_URL: "https://example.okta.com" }).org).toBe("example.okta.com");
  });

  test("with an org that is no URL, or without a table, is refused by name", () => {
    const wrong = { ...complete, OKTA_ORG_URL: "example.okta.com", STATE_TABLE: undefined };
    expect(() => readStreamConfig(wrong)).toThrow(/- STATE_TABLE is missing.*- OKTA_ORG_URL is no URL/s);
  });
});

describe("times that a run sets", () => {
  const read = (times: unknown) => readPipelineConfig({ ...complete, TIMING: JSON.stringify(times) }).timing;

  test("stand beside production's, which stand for the others", () => {
    const { answering, backOff } = productionTiming;
    expect(read({ answering: { work: 9_000, steps: { claim: 7 } }, backOff: { firstSeconds: 0 } })).toEqual({
      ...productionTiming,
      answering: { ...answering, work: 9_000, steps: { ...answering.steps, claim: 7 } },
      backOff: { ...backOff, firstSeconds: 0 },
    });
  });

  test.each<[unknown, string]>([
    [{ answering: { works: 1 } }, "there is no time answering.works"],
    [{ answeringClient: { retryMode: 1 } }, "there is no time answeringClient.retryMode"],
    [{ backOff: { firstSeconds: -1 } }, "backOff.firstSeconds is no number of 0 or more"],
    [{ longestDelaySeconds: "1" }, "longestDelaySeconds is no number of 0 or more"],
    [{ waiting: 5 }, "waiting is no object"],
    [null, "it is no object"],
  ])("%j is refused, and the message names what is wrong", (times, fault) => {
    expect(() => read(times)).toThrow(`TIMING sets no times: ${fault}`);
  });
});
