import { basename } from "node:path";
import type { FromFile } from "../../lambda/adapters/rule-files/load-detections.ts";
import { type EnabledOptions, isEnabled } from "../../lambda/core/detections/compile-rules.ts";
import { indexField } from "../../lambda/core/detections/log-source.ts";
import { type EventType, findEventType } from "../../lambda/core/okta/event-types.ts";
import { requirementsOf } from "../../lambda/core/sigma/requirements.ts";
import type { Level, Rule } from "../../lambda/core/sigma/rule.ts";

/** One way of an event to a rule. */
type Way = "hook" | "System Log";

/** What a rule covers. */
export interface Coverage {
  /** The behaviour that it finds: its title, without the product's name. */
  readonly behaviour: string;
  readonly id: string;
  readonly file: string;
  readonly level: Level;
  readonly pack: string | null;
  /** Whether it runs, by the settings. */
  readonly on: boolean;
  /** Null for a rule that names none, and so is asked of every event. */
  readonly eventTypes: readonly EventType[] | null;
  /** How its events reach it: an event hook delivers them, or reconciliation and the log stream bring them. */
  readonly ways: readonly Way[];
  /** Techniques of ATT&CK: `T1078.004`. */
  readonly techniques: readonly string[];
}

/** What rules cover, those that run first, then by pack and behaviour. */
export function coverageOf(rules: readonly FromFile<Rule>[], chosen: EnabledOptions): readonly Coverage[] {
  return rules
    .map(({ content: rule, file }) => {
      const named = requirementsOf(rule).get(indexField.toLowerCase());
      const eventTypes = named === undefined ? null : [...named.values()].map(findEventType);
      return {
        behaviour: rule.title.replace(/^Okta /, ""),
        id: rule.id,
        file: basename(file),
        level: rule.level,
        pack: rule.pack,
        on: isEnabled(rule, chosen),
        eventTypes,
        ways: waysOf(eventTypes),
        techniques: rule.tags.flatMap((tag) => /^attack\.(t\d{4}(?:\.\d{3})?)$/.exec(tag)?.[1]?.toUpperCase() ?? []),
      };
    })
    .sort(
      (a, b) =>
        Number(b.on) - Number(a.on) ||
        (a.on ? 0 : (a.pack ?? "").localeCompare(b.pack ?? "")) ||
        a.behaviour.localeCompare(b.behaviour),
    );
}

function waysOf(eventTypes: readonly EventType[] | null): readonly Way[] {
  if (eventTypes === null) return ["hook", "System Log"];
  const byHook = eventTypes.some(({ hookEligible }) => hookEligible !== false);
  const byLog = eventTypes.some(({ hookEligible }) => hookEligible === false);
  return [...(byHook ? (["hook"] as const) : []), ...(byLog ? (["System Log"] as const) : [])];
}

/** The coverage for a terminal. */
export function writeCoverage(coverage: readonly Coverage[]): string {
  const width = Math.max(0, ...coverage.map(({ behaviour }) => behaviour.length));
  const lines = coverage.map(({ behaviour, on, level, pack, ways, techniques }) =>
    [
      on ? "on " : "off",
      behaviour.padEnd(width),
      level.padEnd(13),
      (pack ?? "").padEnd(10),
      ways.join(" and ").padEnd(19),
      techniques.join(" "),
    ]
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n\n${coverage.filter(({ on }) => on).length} of ${coverage.length} rules are on.\n`;
}

/** The event types that rules which run need of a hook, and that no hook of these subscribes to. */
export function missingEventTypes(
  coverage: readonly Coverage[],
  hooks: readonly { readonly eventTypes: readonly string[] }[],
): readonly { readonly eventType: string; readonly behaviours: readonly string[] }[] {
  const subscribed = new Set(hooks.flatMap(({ eventTypes }) => eventTypes.map((name) => name.toLowerCase())));
  const missing = new Map<string, string[]>();
  for (const { behaviour, on, eventTypes } of coverage) {
    if (!on) continue;
    for (const { name, hookEligible } of eventTypes ?? []) {
      if (hookEligible === false || subscribed.has(name.toLowerCase())) continue;
      missing.set(name, [...(missing.get(name) ?? []), behaviour]);
    }
  }
  return [...missing].sort().map(([eventType, behaviours]) => ({ eventType, behaviours }));
}
