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
  const { rule } = parseRule(
    {
      title: `Rule ${index}`,
      logsource: { product: "okta", service: "okta" },
      detection: {
        selection: selections[index % selections.length],
        filter: { "actor.type": "SystemPrincipal" },
        condition: "selection and not filter",
      },
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
    20: await compileRules(ours),
    10: await compileRules(Array.from({ length: 10 }, (_, index) => sampleRule(index))),
    1000: await compileRules(Array.from({ length: 1_000 }, (_, index) => sampleRule(index))),
  };
  const parse = timed(() => {
    for (const text of texts) JSON.parse(text);
  });
  const reference = rate("JSON.parse of the same events", parse);
  for (const count of [2, 20, 1_000] as const) {
    const set = sets[count];
    if (set.rules.length !== count) throw new Error(`expected ${count} rules, found ${set.rules.length}`);
    print(
      rate(
        `matching alone, ${count} rules`,
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
