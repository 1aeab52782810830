import pMap from "p-map";
import { createDynamodb } from "../../../lambda/adapters/aws/dynamodb/client.ts";
import type { Dynamodb } from "../../../lambda/adapters/aws/operations.ts";
import { createTopic } from "../../../lambda/adapters/aws/topic.ts";
import { createClaims } from "../../../lambda/adapters/tables/claims.ts";
import { createGroupStore, groupItemId } from "../../../lambda/adapters/tables/group-states.ts";
import { createLookUp } from "../../../lambda/adapters/tables/look-up.ts";
import { toMessage } from "../../../lambda/core/alerts/message.ts";
import { planCorrelations } from "../../../lambda/core/correlation/correlate.ts";
import type { ParkedWork } from "../../../lambda/core/pipeline/ports.ts";
import { processDelivery } from "../../../lambda/core/pipeline/process-delivery.ts";
import { retryWork } from "../../../lambda/core/pipeline/retry-work.ts";
import { chainRules, correlationsOf } from "../../fixtures/chains.ts";
import { type Json, logEvent } from "../../fixtures/events.ts";
import { memoryPorts } from "../../fixtures/memory.ts";
import { ruleSet } from "../../fixtures/rules.ts";
import { patientClient, patientWatching, unhurried } from "../../fixtures/timing.ts";

/*
 * A function in a process of its own, which takes deliveries of events of one group, so many at once. The parent sends the
 * events, one for each delivery, and gets back what it took.
 */

/** What a process took to handle its deliveries. */
export interface HotFigures {
  /** Writes of the group, and how many of them another writer was before. */
  readonly writes: number;
  readonly lost: number;
  /** Deliveries that waited on the queue, as others changed the group too often, and the rounds of the queue. */
  readonly waited: number;
  readonly rounds: number;
}

const stateKey = () => Buffer.from("the key of a hot group");
const prefix = `${groupItemId("any", stateKey()).split("#")[0]}#`;
const { PROFILE_TABLE = "", STATE_TABLE = "", ALERT_TOPIC_ARN = "" } = process.env;
const figures = { writes: 0, lost: 0 };
const getDynamodb = createDynamodb(patientClient);

async function counted(): Promise<Dynamodb> {
  const dynamodb = await getDynamodb();
  return {
    ...dynamodb,
    async updateItem(input, signal) {
      if (!input.Key?.id?.S?.startsWith(prefix)) return await dynamodb.updateItem(input, signal);
      figures.writes += 1;
      try {
        return await dynamodb.updateItem(input, signal);
      } catch (error) {
        figures.lost += 1;
        throw error;
      }
    },
  };
}

/** Twenty failed sign-ins from one network, and then a token: every event of the test is of this group. */
const correlations = correlationsOf(
  `
title: Sign-Ins Failed
id: 00000000-0000-4000-8000-000000000086
name: many_failed
correlation:
  type: event_count
  rules: [failed_start]
  group-by: [securityContext.asNumber]
  timespan: 1h
  condition: { gte: 20 }
level: high
`,
  `
title: API Token Created by a Session Through a Proxy
id: 00000000-0000-4000-8000-000000000087
correlation:
  type: temporal_ordered
  rules: [proxied_start, token_created]
  group-by: [securityContext.asNumber]
  timespan: 1h
level: critical
`,
);
const parts = ["failed_start", "proxied_start", "token_created"].flatMap((name) =>
  chainRules.filter((each) => each.name === name),
);
let queue: ParkedWork[] = [];
const publish = createTopic(ALERT_TOPIC_ARN, { settings: patientClient });
const ports = memoryPorts({
  rules: ruleSet(parts),
  correlations: { plan: planCorrelations(correlations), silent: new Set(parts.map(({ id }) => id)) },
  lookUp: createLookUp(PROFILE_TABLE, STATE_TABLE, stateKey, counted, patientWatching),
  claims: createClaims(STATE_TABLE, counted),
  groups: createGroupStore(STATE_TABLE, stateKey, counted),
  publish: (alert, signal) => publish(toMessage(alert), signal),
  parkWork: async (work) => void queue.push(...work),
  now: () => new Date(),
});

/** What a process is to do. */
export interface HotTask {
  readonly events: readonly Json[];
  readonly atOnce: number;
}

async function handle({ events, atOnce }: HotTask): Promise<HotFigures> {
  const deliver = (event: Json) =>
    processDelivery(
      { id: "d", org: null, eventHookId: null, events: [logEvent(event)], malformed: [] },
      ports,
      unhurried(),
    );
  await pMap(events, deliver, { concurrency: atOnce });
  const waited = queue.length;
  let rounds = 0;
  for (; queue.length > 0; rounds += 1) {
    const waiting = queue;
    queue = [];
    for (const each of waiting) await retryWork(each.work, ports, unhurried()).catch(() => void queue.push(each));
  }
  return { ...figures, waited, rounds };
}

process.on("message", (task: HotTask) => {
  void handle(task).then(
    (done) => process.send?.(done),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
process.send?.("ready");
