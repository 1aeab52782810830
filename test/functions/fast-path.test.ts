import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { loadDetections } from "../../lambda/adapters/rule-files/load-detections.ts";
import { readAnonymousNetwork } from "../../lambda/core/okta/anonymous-network.ts";
import { parseDelivery } from "../../lambda/core/okta/event-hook.ts";
import { parseLogEvent } from "../../lambda/core/okta/log-event.ts";
import { enrich, findCandidates } from "../../lambda/core/pipeline/match.ts";
import { compileRule } from "../../lambda/core/sigma/compile.ts";
import { UNKNOWN } from "../../lambda/core/sigma/field.ts";
import { compileRegex } from "../../lambda/core/sigma/regex.ts";
import { delivery, sessionStart } from "../fixtures/events.ts";
import { decisive } from "../fixtures/log-event-schema.ts";
import { oddEvent } from "../fixtures/odd-events.ts";
import { ruleSet } from "../fixtures/rules.ts";

const folder = fileURLToPath(new URL("../../detections", import.meta.url));
const rules = (await loadDetections(folder)).rules.map(({ content }) => content);

/** Every detection that is shipped, each compiled and asked for itself. */
const compiled = rules.map((rule) => compileRule(rule, { compileRegex }));
const arranged = ruleSet(rules);

/** What decides about an event; what cannot be understood of its security context is left out beside a signal that decides. */
function readDecisive(received: unknown) {
  const parsed = decisive.safeParse(received);
  if (parsed.success || typeof received !== "object" || received === null) return parsed;
  const { verdict } = readAnonymousNetwork(received as Readonly<Record<string, unknown>>);
  return verdict === true ? decisive.safeParse({ ...received, securityContext: null }) : parsed;
}

/** What becomes of a delivery, without any short cut: the schema reads each event, and every rule is asked. */
function straightforward(events: readonly unknown[]) {
  const seen = new Set<string>();
  const found: { readonly uuid: string; readonly rules: string[]; readonly certain: string[] }[] = [];
  let malformed = 0;
  for (const received of events) {
    const parsed = readDecisive(received);
    if (!parsed.success) {
      malformed += 1;
      continue;
    }
    const { uuid } = parsed.data;
    if (seen.has(uuid)) continue;
    seen.add(uuid);
    const read = parseLogEvent(received);
    if (!read.ok) throw new Error(JSON.stringify(read.faults));
    const { event } = read;
    const truths = compiled.map((each) => ({ each, truth: each.evaluate(received, enrich(event, UNKNOWN)) }));
    const ids = (wanted: readonly unknown[]) =>
      truths.filter(({ truth }) => wanted.includes(truth)).map(({ each }) => each.rule.id);
    if (ids([true, "unknown"]).length > 0) {
      found.push({ uuid, rules: ids([true, "unknown"]).sort(), certain: ids([true]).sort() });
    }
  }
  return { found, malformed };
}

const hostile = fc
  .constantFrom("__proto__", "constructor", "toString", "hasOwnProperty", "length")
  .map(
    (name) => JSON.parse(`{"uuid":"h","published":"x","eventType":"${name}","${name}":{"isProxy":true}}`) as unknown,
  );
const proxied = fc
  .record({ uuid: fc.constantFrom("a", "b", "c"), isProxy: fc.constantFrom(true, "true", "TRUE", false, null) })
  .map(({ uuid, isProxy }) => sessionStart({ uuid, securityContext: { isProxy } }));
const merged = fc
  .tuple(proxied, oddEvent)
  .map(([usual, odd]) => (typeof odd === "object" && odd !== null && !Array.isArray(odd) ? { ...usual, ...odd } : odd));

test("a delivery is decided as it is without any short cut, whatever is in it", () => {
  let matches = 0;
  let refusals = 0;
  fc.assert(
    fc.property(fc.array(fc.oneof(proxied, oddEvent, merged, hostile), { maxLength: 8 }), (events) => {
      // As it comes over the wire.
      const received = JSON.parse(JSON.stringify(events)) as unknown[];
      const parsed = parseDelivery(delivery(received));
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
      const candidates = findCandidates(parsed.delivery.events, arranged);
      const ids = (of: readonly { readonly rule: { readonly id: string } }[]) => of.map(({ rule }) => rule.id).sort();
      const ours = candidates.map(({ event, rules: some, certain }) => ({
        uuid: event.uuid,
        rules: ids(some),
        certain: ids(certain),
      }));
      const theirs = straightforward(received);
      expect(ours).toEqual(theirs.found);
      expect(parsed.delivery.malformed).toHaveLength(theirs.malformed);
      matches += ours.length;
      refusals += theirs.malformed;
    }),
    { numRuns: 2_000 },
  );
  expect(matches).toBeGreaterThan(500);
  expect(refusals).toBeGreaterThan(500);
});
