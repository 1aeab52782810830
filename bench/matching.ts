import { loadDetections } from "../lambda/adapters/rule-files/load-detections.ts";
import { compileRules } from "../lambda/core/detections/compile-rules.ts";
import { logSource } from "../lambda/core/detections/log-source.ts";
import { parseRule } from "../lambda/core/sigma/parse/parse-rule.ts";
import type { Rule } from "../lambda/core/sigma/rule.ts";
import type { RuleSet } from "../lambda/core/sigma/rule-set.ts";
import { sampleEvent } from "./events.ts";
import { median, print } from "./measure.ts";

const eventCount = 20_000;
const runs = 11;

/**
 * Rules as an org would have them: each names event types, most of them common ones, and one or two more fields by
 * value, pattern or list. None of them matches a sample event.
 */
function sampleRule(index: number): Rule {
  const type = sampleEvent(index).eventType;
  const other = `custom.type.${index % 300}`;
  const selections = [
    { eventType: type, "actor.alternateId": `unknown${index}@example.com` },
    { eventType: [type, other], "client.ipAddress": [`192.0.2.${index % 250}`, `198.51.100.${index % 250}`] },
    { eventType: type, "outcome.reason": `REASON_${index}`, "actor.displayName|contains": "Mallory" },
    { eventType: other, "securityContext.isProxy": true },
    { eventType: type, "target.displayName": `Application ${index}`, "outcome.result": "SUCCESS" },
  ];
  return parse(index, selections[index % selections.length] ?? {});
}

/** Fields of rules that name a common event type and require parts of text alone. None of them matches a sample event. */
export function patternDetection(index: number): Readonly<Record<string, unknown>> {
  const eventType = sampleEvent(index).eventType;
  const selections = [
    { eventType, "actor.alternateId|contains": `unknown${index}@` },
    { eventType, "client.userAgent.rawUserAgent|contains": [`tool/${index}.`, `agent-${index}`] },
    { eventType, "debugContext.debugData.requestUri|startswith": `/api/v1/apps/${index}/` },
    { eventType, "target.displayName|endswith": `application ${index}` },
    { eventType, "actor.displayName|contains|all": ["A", `Mallory ${index}`] },
  ];
  return selections[index % selections.length] ?? {};
}

function parse(index: number, selection: Readonly<Record<string, unknown>>): Rule {
  const { rule } = parseRule(
    {
      title: `Rule ${index}`,
      logsource: { product: "okta", service: "okta" },
      detection: { selection, filter: { "actor.type": "SystemPrincipal" }, condition: "selection and not filter" },
      level: "low",
    },
    { logsource: logSource },
  );
  return rule;
}

/** Matching alone: the events are already parsed. */
export async function matching(ourFolder: string): Promise<void> {
  const texts = Array.from({ length: eventCount }, (_, index) => JSON.stringify(sampleEvent(index)));
  const events = texts.map((text): unknown => JSON.parse(text));
  const ours = (await loadDetections(ourFolder)).rules.map(({ content }) => content);
  const sets = {
    2: await compileRules(
      ours.filter(({ title }) => /^Okta User Session Start (Via|-) Anonymizing Proxy(?! With New)/.test(title)),
    ),
    ours: await compileRules(ours),
    10: await compileRules(Array.from({ length: 10 }, (_, index) => sampleRule(index))),
    1000: await compileRules(Array.from({ length: 1_000 }, (_, index) => sampleRule(index))),
  };
  const parsing = timed(() => {
    for (const text of texts) JSON.parse(text);
  });
  const reference = rate("JSON.parse of the same events", parsing);
  for (const set of [sets[2], sets.ours, sets[1000]]) {
    print(
      rate(
        `matching alone, ${set.rules.length.toLocaleString("en-US")} rules`,
        timed(() => matchAll(set, events)),
      ),
      reference,
    );
  }
  print(
    perEvent(
      "an event that none of 1,000 rules matches",
      timed(() => matchAll(sets[1000], events, 0)),
    ),
    perEvent(
      "an event that none of 10 rules matches",
      timed(() => matchAll(sets[10], events, 0)),
    ),
  );
}

/** What rules that require parts of text cost: few of them, and many. */
export async function patterns(): Promise<void> {
  const events = Array.from({ length: eventCount }, (_, index): unknown =>
    JSON.parse(JSON.stringify(sampleEvent(index))),
  );
  const few = 21;
  const timeOf = async (count: number) => {
    const set = await compileRules(Array.from({ length: count }, (_, index) => parse(index, patternDetection(index))));
    return perEvent(
      `an event that none of ${count.toLocaleString("en-US")} rules of patterns matches`,
      timed(() => matchAll(set, events, 0)),
    );
  };
  const reference = await timeOf(few);
  for (const count of [1_000, 3_000]) print(await timeOf(count), reference);
}

function matchAll(set: RuleSet, events: readonly unknown[], expected?: number): void {
  let matches = 0;
  for (const event of events) matches += set.match(event).length;
  if (expected !== undefined && matches !== expected) throw new Error(`expected ${expected} matches, found ${matches}`);
}

/** Milliseconds of a call: the median of the second half of the runs, after compilation. */
function timed(call: () => void): number {
  const times: number[] = [];
  for (let run = 0; run < runs * 2; run += 1) {
    const start = performance.now();
    call();
    times.push(performance.now() - start);
  }
  return median(times.slice(-runs));
}

const rate = (name: string, milliseconds: number) => ({
  name,
  value: (eventCount / milliseconds) * 1_000,
  unit: "events per second" as const,
});

const perEvent = (name: string, milliseconds: number) => ({
  name,
  value: (milliseconds / eventCount) * 1_000_000,
  unit: "nanoseconds per event" as const,
});
