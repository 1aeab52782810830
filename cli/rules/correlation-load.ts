import { encodeGroup } from "../../lambda/adapters/tables/group-codec.ts";
import { noteOfMasked } from "../../lambda/core/alerts/event-note.ts";
import { advanceGroups } from "../../lambda/core/correlation/advance-groups.ts";
import { planCorrelations } from "../../lambda/core/correlation/correlate.ts";
import type { GroupStore, StoredGroup } from "../../lambda/core/correlation/group-store.ts";
import type { DetectionContents } from "../../lambda/core/detections/choose-correlated.ts";
import { compileRules } from "../../lambda/core/detections/compile-rules.ts";
import { publishedTime } from "../../lambda/core/okta/log-event.ts";
import { isEveryday } from "../../lambda/core/pipeline/correlate.ts";
import { enrich, findCandidate } from "../../lambda/core/pipeline/match.ts";
import { isScalar, parsePath, readField, UNKNOWN } from "../../lambda/core/sigma/field.ts";
import { ordinaryDays } from "./ordinary-week.ts";

/** What a correlation costs a day, in units of DynamoDB. */
export interface CorrelationLoad {
  /** Strongly consistent reads, one for each 4 KB of a group. */
  readonly reads: number;
  /** Writes, one for each 1 KB of a group. */
  readonly writes: number;
}

/** Bytes of a group's item beside its state: its id, its version and the names of its attributes. */
const itemOverhead = 110;

/**
 * Reckons the reads and writes of correlations, their inner ones included: an ordinary day runs through the code of the
 * functions, each event in a delivery of its own, and is scaled to a number of events. The mix of event types is that of
 * the ordinary week.
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
  const groups = new Map<string, StoredGroup>();
  const loadOf = (key: string) => loads.get((JSON.parse(key) as readonly string[])[0] ?? "") ?? { reads: 0, writes: 0 };
  const bytesOf = ({ state }: Pick<StoredGroup, "state">) => encodeGroup(state).length + itemOverhead;
  const store: GroupStore = {
    async read(keys) {
      const found = new Map<string, StoredGroup>();
      for (const key of keys) {
        const group = groups.get(key);
        if (group !== undefined) found.set(key, group);
        loadOf(key).reads += group === undefined ? 1 : Math.ceil(bytesOf(group) / 4_096);
      }
      return found;
    },
    async write(key, { state, seen }) {
      loadOf(key).writes += Math.ceil(bytesOf({ state }) / 1_024);
      groups.set(key, { state, version: seen + 1 });
      return null;
    },
  };
  const { value: day = [] } = await ordinaryDays().next();
  const signal = new AbortController().signal;
  for (const event of day) {
    const candidate = findCandidate(event, set);
    if (candidate === null) continue;
    const enrichment = enrich(event, UNKNOWN);
    const arriving = {
      uuid: event.uuid,
      isKept: !isEveryday(event.eventType),
      at: publishedTime(event.published),
      rules: candidate.certain.map(({ rule }) => rule.id),
      valuesOf: (field: string) =>
        readField(event.received, parsePath(field), enrichment).values.filter(isScalar).map(String),
      note: () => noteOfMasked(event),
    };
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
