import { describe, expect, test } from "vitest";
import { synthesize } from "../fixtures/synthesized.ts";
import { createCloudWatch, evaluate } from "./cloudwatch.ts";

/** Data points as AWS writes them, the newest last: 0 is not breaching, X is breaching, - is missing. */
const points = (text: string) => [...text].map((sign) => (sign === "-" ? null : sign === "X"));

// The rows of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
describe("an alarm is evaluated as in AWS's examples of missing data:", () => {
  test.each([
    ["0-X-X", 3, "OK", "OK"],
    ["0----", 3, "OK", "OK"],
    ["-----", 3, "ALARM", "OK"],
    ["0XX-X", 3, "ALARM", "ALARM"],
    ["----X", 3, "ALARM", "OK"],
    ["0-X-X", 2, "ALARM", "ALARM"],
    ["00X0X", 2, "ALARM", "ALARM"],
    ["0-X--", 2, "ALARM", "OK"],
    ["----0", 2, "ALARM", "OK"],
    ["----X", 2, "ALARM", "OK"],
  ] as const)(
    "%s with %i of 3 is %s where missing data breach, %s where they do not",
    (text, breaching, asBreaching, asNot) => {
      const evaluation = { periods: 3, breaching };
      expect(evaluate(points(text), { ...evaluation, missing: "breaching" })).toBe(asBreaching);
      expect(evaluate(points(text), { ...evaluation, missing: "notBreaching" })).toBe(asNot);
    },
  );
});

describe("the stand-in refuses what PutMetricAlarm refuses:", () => {
  const withHeartbeatMissed = (change: Readonly<Record<string, unknown>>) => {
    const synthesized = synthesize();
    const resources = new Map(synthesized.resources);
    const alarm = resources.get("Alarms/HeartbeatMissed");
    if (alarm === undefined) throw new Error("there is no alarm HeartbeatMissed");
    resources.set("Alarms/HeartbeatMissed", { ...alarm, Properties: { ...alarm.Properties, ...change } });
    return { ...synthesized, resources };
  };

  test.each([
    ["more than a week", { EvaluationPeriods: 169 }],
    ["more than a day of periods under an hour", { Period: 300, EvaluationPeriods: 289 }],
    ["more breaching periods than there are", { EvaluationPeriods: 3, DatapointsToAlarm: 4 }],
    ["a description over 1024 characters", { AlarmDescription: "x".repeat(1_025) }],
  ])("%s", (_, change) => {
    expect(() => createCloudWatch(withHeartbeatMissed(change))).toThrow(/AWS refuses these alarms: HeartbeatMissed/);
  });

  test("but no alarm of the stack, with the longest heartbeat", () => {
    expect(createCloudWatch(synthesize({ heartbeatHours: 168 })).alarms).toContain("HeartbeatMissed");
  });
});

test("a percentile of few values is the largest of them", () => {
  const cloudWatch = createCloudWatch(synthesize());
  const now = Date.parse("2026-11-25T10:00:00Z");
  const put = (value: number, minutesAgo: number) =>
    cloudWatch.put({
      namespace: "AWS/Lambda",
      name: "Duration",
      dimensions: { FunctionName: "<Receiver/Receiver/Function>" },
      value,
      at: now - minutesAgo * 60_000,
    });
  for (const minutesAgo of [1, 6]) for (const value of [5, 5, 2_100]) put(value, minutesAgo);
  expect(cloudWatch.stateOf("Slow", now)).toBe("ALARM");
});
