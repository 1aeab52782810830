import { describe, expect, test } from "vitest";
import { memorySources } from "../../../cli/backtest/memory.ts";
import type { Work } from "../../../lambda/core/pipeline/work.ts";
import type { Sources } from "../../../lambda/core/storms/sources.ts";
import { stormMilliseconds } from "../../../lambda/core/storms/storm.ts";
import { proxied, rule, ruleSet } from "../../fixtures/rules.ts";
import { failedSignIn } from "../../fixtures/storms.ts";
import { attempts, start, world } from "./storm-world.ts";

/** The message that watches the storm of a world. */
function watcherOf(waiting: readonly Work[]): Work & { readonly storm: NonNullable<Work["storm"]> } {
  const found = waiting.find(({ storm }) => storm);
  if (!found?.storm) throw new Error("no watcher waits");
  return { ...found, storm: found.storm };
}

/** Sources of which some methods are others. */
function sourcesWith(change: (sources: Sources) => Partial<Sources>): Sources {
  const sources = memorySources();
  return { ...sources, ...change(sources) };
}

const kinds = (reports: readonly { readonly report: string | null; readonly attempts: number }[]) =>
  reports.map(({ report, attempts }) => [report, attempts]);

describe("the watcher of a storm", () => {
  test("reports the end when ten minutes without an attempt are over, to the second", async () => {
    const { deliver, pass, published } = world();
    await deliver(...attempts(8));
    await pass(30);
    await deliver(failedSignIn(8));
    await pass(700);
    const [end] = published.filter(({ storm }) => storm?.report === "end");
    expect(Date.parse(end?.detectedAt ?? "")).toBe(start + 30_000 + stormMilliseconds);
  });

  test("of an earlier storm tells nothing of a later one from the same source", async () => {
    const { deliver, pass, work, reports, waiting } = world();
    await deliver(...attempts(8));
    const old = watcherOf(waiting());
    await pass(700);
    // Too few for a storm, so that none watches them.
    await deliver(...attempts(3, 100));
    await work(old);
    expect(kinds(reports())).toEqual([
      ["start", 8],
      ["end", 8],
    ]);
    expect(waiting()).toEqual([]);
  });

  test("says nothing more of a storm that is over, though its claims are forgotten", async () => {
    const { deliver, pass, work, reports, waiting, claims } = world();
    await deliver(...attempts(8));
    const watcher = watcherOf(waiting());
    await pass(700);
    claims.records.clear();
    await work(watcher);
    expect(kinds(reports())).toEqual([
      ["start", 8],
      ["end", 8],
    ]);
    expect(waiting()).toEqual([]);
  });

  test("leaves the storm to another that watches it, and is parked no more", async () => {
    const { deliver, pass, work, reports, waiting } = world();
    await deliver(...attempts(8));
    const watcher = watcherOf(waiting());
    await pass(5);
    await deliver(...attempts(3, 50));
    await work({ ...watcher, storm: { ...watcher.storm, watcher: "another" } });
    expect(kinds(reports())).toEqual([["start", 8]]);
    expect(waiting()).toHaveLength(1);
  });

  test("takes over from one that has not come, also where the storm names that one still", async () => {
    let isFailing = false;
    const { deliver, pass, reports, ports } = world({
      sources: sourcesWith((sources) => ({
        watch: (...parameters) => (isFailing ? Promise.reject(new Error("down")) : sources.watch(...parameters)),
      })),
    });
    const { parkWork } = ports;
    // The first watcher is lost.
    Object.assign(ports, { parkWork: async () => {} });
    await deliver(...attempts(8));
    Object.assign(ports, { parkWork });
    await pass(200);
    isFailing = true;
    await deliver(failedSignIn(8));
    isFailing = false;
    await pass(700);
    expect(kinds(reports())).toEqual([
      ["start", 9],
      ["end", 9],
    ]);
  });

  test("goes on where an attempt comes between its look at the storm and the storm's end", async () => {
    let late: (() => Promise<unknown>) | null = null;
    const { deliver, pass, reports, waiting } = world({
      sources: sourcesWith((sources) => ({
        end: async (...parameters) => {
          await late?.();
          late = null;
          return sources.end(...parameters);
        },
      })),
    });
    await deliver(...attempts(8));
    late = () => deliver(failedSignIn(8));
    await pass(1_400);
    expect(kinds(reports())).toEqual([
      ["start", 8],
      ["end", 8],
      ["end", 9],
    ]);
    expect(waiting()).toEqual([]);
  });

  test("is parked no more where another takes its place meanwhile", async () => {
    let isTaken = false;
    const { deliver, pass, waiting } = world({
      sources: sourcesWith((sources) => ({
        watch: async (...parameters) => (isTaken ? false : sources.watch(...parameters)),
      })),
    });
    await deliver(...attempts(8));
    isTaken = true;
    await pass(5);
    expect(waiting()).toEqual([]);
  });

  test("publishes a report once, though it comes twice at the same time, and one of both comes again", async () => {
    const { deliver, work, reports, waiting } = world();
    await deliver(...attempts(8));
    const watcher = watcherOf(waiting());
    const results = await Promise.allSettled([work(watcher), work(watcher)]);
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(kinds(reports())).toEqual([["start", 8]]);
  });

  test("publishes a report once, though it was stopped before it said so in the storm", async () => {
    let stops = false;
    const { deliver, pass, reports } = world({
      sources: sourcesWith((sources) => ({
        watch: (source, since, watch, ...rest) => {
          const isStopped = stops && watch.reported !== undefined;
          if (isStopped) stops = false;
          return isStopped ? Promise.reject(new Error("stopped")) : sources.watch(source, since, watch, ...rest);
        },
      })),
    });
    stops = true;
    await deliver(...attempts(8));
    await pass(700);
    expect(kinds(reports())).toEqual([
      ["start", 8],
      ["end", 8],
    ]);
  });
});

describe("what no source counts", () => {
  const eventType = "user.authentication.auth_via_mfa";
  const secondFactor = rule("low", "00000000-0000-4000-8000-000000000077", { eventType });
  const counted = async (change: Partial<Work>, event = failedSignIn(0)) => {
    let counts = 0;
    const { work } = world({
      rules: ruleSet([proxied, secondFactor]),
      sources: sourcesWith((sources) => ({
        count: (...parameters) => {
          counts += 1;
          return sources.count(...parameters);
        },
      })),
    });
    const delivery = { id: null, org: null, eventHookId: null };
    await work({ event, delivery, rules: null, followUp: false, waiting: null, ...change });
    return counts;
  };

  test("is a follow-up, what an operator redrives, and another act than a session start", async () => {
    expect(await counted({})).toBe(1);
    expect(await counted({ followUp: true })).toBe(0);
    expect(await counted({ again: true })).toBe(0);
    expect(await counted({}, failedSignIn(0, { eventType }))).toBe(0);
  });
});
