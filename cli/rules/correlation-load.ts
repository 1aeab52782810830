import { encodeGroup } from "../../lambda/adapters/tables/group-codec.ts";
import { noteOfMasked } from "../../lambda/core/alerts/event-note.ts";
import { advanceGroups } from "../../lambda/core/correlation/advance-groups.ts";
import { groupKey, matchesOf, partKey, planCorrelations } from "../../lambda/core/correlation/correlate.ts";
import { type GroupStore, partsAfter, type StoredGroup } from "../../lambda/core/correlation/group-store.ts";
import type { DetectionContents } from "../../lambda/core/detections/choose-correlated.ts";
import { compileRules } from "../../lambda/core/detections/compile-rules.ts";
import { publishedTime } from "../../lambda/core/okta/log-event.ts";
import { isEveryday } from "../../lambda/core/pipeline/correlate.ts";
import { enrich, findCandidate } from "../../lambda/core/pipeline/match.ts";
import { isScalar, parsePath, readField, UNKNOWN } from "../../lambda/core/sigma/field.ts";
import { ordinaryDays } from "./ordinary-week.ts";

/** What a correlation costs a day, in units of DynamoDB: its share, as an item has the groups of all correlations of the same values. */
export interface CorrelationLoad {
  /** Strongly consistent reads, one for each 4 KB of an item. */
  readonly reads: number;
  /** Writes, one for each 1 KB of an item. */
  readonly writes: number;
}

/** Bytes of a group's item beside its state: its id, its version and the names of its attributes. */
const itemOverhead = 110;

/**
 * Reckons the reads and writes of correlations, their inner ones included: an ordinary day runs through the code of the
 * functions, each event in a delivery of its own, and is scaled to a number of events. The mix of event types is that of
 * the ordinary week. Correlations for which an item is read, or whose parts of it change, share what it costs.
 *
 * @returns by the id of the correlation
 */
export async function correlationLoads(
  { rules, correlations }: DetectionContents,
  eventsADay: number,
): Promise<ReadonlyMap<string, CorrelationLoad>> {
  const plan = planCorrelations(correlations);
  const set = await compileRules(rules.filter(({ id }) => plan.partsOf.has(id)));
  const loads = new Map(correlations.map(({ id }) => [id, { reads: 0, writes: 0 }]));
  const byPart = new Map(correlations.map((each) => [partKey(each), each.id]));
  const ofLaterStages = plan.stages.slice(1).flatMap((stage) => stage.map(({ id }) => id));
  const groups = new Map<string, StoredGroup>();
  /** The correlations that the event at hand takes part in, by the group. */
  let asking: ReadonlyMap<string, readonly string[]> = new Map();
  const add = (ids: readonly string[], what: "reads" | "writes", units: number) => {
    for (const id of ids) {
      const load = loads.get(id);
      if (load !== undefined) load[what] += units / ids.length;
    }
  };
  const bytesOf = ({ parts }: Pick<StoredGroup, "parts">) => encodeGroup(parts).length + itemOverhead;
  const store: GroupStore = {
    async read(keys) {
      const found = new Map<string, StoredGroup>();
      for (const key of keys) {
        const group = groups.get(key);
        if (group !== undefined) found.set(key, group);
        add(asking.get(key) ?? ofLaterStages, "reads", group === undefined ? 1 : Math.ceil(bytesOf(group) / 4_096));
      }
      return found;
    },
    async write(key, change) {
      const group = { parts: partsAfter(change, 0, 0), version: change.seen.version + 1 };
      const ids = [...change.changed.keys()].flatMap((part) => byPart.get(part) ?? []);
      add(ids, "writes", Math.ceil(bytesOf(group) / 1_024));
      groups.set(key, group);
      return null;
    },
  };
  const { value: day = [] } = await ordinaryDays().next();
  const signal = new AbortController().signal;
  for (const event of day) {
    const candidate = findCandidate(event, set);
    if (candidate === null) continue;
    const enrichment = enrich(event, UNKNOWN);
    const taken = {
      uuid: event.uuid,
      at: publishedTime(event.published),
      rules: candidate.certain.map(({ rule }) => rule.id),
      valuesOf: (field: string) =>
        readField(event.received, parsePath(field), enrichment).values.filter(isScalar).map(String),
    };
    const ofGroups = Map.groupBy(matchesOf(plan, taken).matches, groupKey);
    asking = new Map([...ofGroups].map(([key, all]) => [key, [...new Set(all.map(({ correlation: { id } }) => id))]]));
    const arriving = { ...taken, isKept: !isEveryday(event.eventType), note: () => noteOfMasked(event) };
    await advanceGroups(plan, [arriving], new Map(), store, signal);
  }
  const scale = day.length === 0 ? 0 : eventsADay / day.length;
  return new Map(
    [...loads].map(([id, { reads, writes }]) => [
      id,
      { reads: Math.round(reads * scale), writes: Math.round(writes * scale) },
    ]),
  );
}
