import { createEventHooksApi, type EventHook } from "../../lambda/adapters/okta-api/event-hooks-api.ts";
import { findEventType, whyRefusable } from "../../lambda/core/okta/event-types.ts";
import { droppingFilters, isDelivering } from "../event-hook/ensure.ts";
import { openOkta } from "../okta-credential.ts";
import { onOneLine, shellWord } from "../shell-word.ts";
import { type Coverage, missingEventTypes } from "./coverage.ts";

/** An event hook of the org, and whether its subscriptions count. */
export interface CountedHook {
  readonly name: string;
  /** The host that it delivers to. */
  readonly host: string;
  /** Why its subscriptions do not count; null when they do. */
  readonly leftOut: string | null;
  /** Filters that drop events of types that the rules need, in words. */
  readonly drops: readonly string[];
}

/** An event type that rules need of a hook, and that none has. */
export interface MissingEventType {
  readonly eventType: string;
  /** The rules that need it, by what they find. */
  readonly behaviours: readonly string[];
  /** Why Okta may refuse to subscribe a hook to it; null where it is in Okta's catalog. */
  readonly refusable: string | null;
}

/** What an org's hooks have of what rules need. */
export interface CoverageOfOrg {
  readonly hooks: readonly CountedHook[];
  readonly missing: readonly MissingEventType[];
}

/** The start of the names that `hook register` gives hooks. */
const ourName = "okta-proxy-watch";

/**
 * Asks an org for its event hooks, and compares them with what rules need.
 *
 * @param org the org's URL
 * @throws OktaRefusal, OktaFailure
 */
export async function coverageAt(org: string, coverage: readonly Coverage[]): Promise<CoverageOfOrg> {
  const api = createEventHooksApi(openOkta(org, ["okta.eventHooks.read"]));
  return compareHooks(coverage, await api.list(AbortSignal.timeout(60_000)));
}

/**
 * Compares hooks with what rules need. Where hooks are named as `hook register` names them, they alone count: what
 * another hook is subscribed to reaches another receiver. Else all active ones do.
 */
export function compareHooks(coverage: readonly Coverage[], hooks: readonly EventHook[]): CoverageOfOrg {
  const ours = hooks.filter(({ name }) => name.startsWith(ourName));
  const whyLeftOut = (hook: EventHook): string | null => {
    if (hook.status !== "ACTIVE") return "it is not active";
    if (!isDelivering(hook)) return "Okta has not verified it";
    return ours.length === 0 || ours.includes(hook) ? null : `it is not called ${ourName}`;
  };
  const counted = hooks.filter((hook) => whyLeftOut(hook) === null);
  const needed = missingEventTypes(coverage, []).map(({ eventType }) => eventType);
  return {
    hooks: hooks.map((hook) => ({
      name: hook.name,
      host: hostOf(hook.channel.config.uri),
      leftOut: whyLeftOut(hook),
      drops: droppingFilters(hook, needed),
    })),
    missing: missingEventTypes(
      coverage,
      counted.map(({ events }) => ({ eventTypes: events.items })),
    ).map((each) => ({ ...each, refusable: whyRefusable(findEventType(each.eventType)) })),
  };
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "an address that is none";
}

/** The comparison for a terminal. */
export function writeCoverageOfOrg(org: string, { hooks, missing }: CoverageOfOrg): string {
  const lines = hooks.flatMap(({ name, host, leftOut, drops }) => [
    `  "${name}", to ${host}${leftOut === null ? "" : ` (does not count: ${leftOut})`}`,
    ...(leftOut === null ? drops.map((filter) => `    a filter drops events: ${filter}`) : []),
  ]);
  const certain = missing.filter(({ refusable }) => refusable === null);
  const uncertain = missing.filter(({ refusable }) => refusable !== null);
  const describe = ({ eventType, behaviours }: MissingEventType) => `  ${eventType}  (${behaviours.join("; ")})`;
  return [
    hooks.length === 0 ? `${org} has no event hook.` : `The event hooks of ${org}:`,
    ...lines,
    "",
    ...(certain.length === 0
      ? [`The active event hooks of ${org} have every event type that these rules need of a hook.`]
      : [
          `No active event hook of ${org} has:`,
          ...certain.map(describe),
          `To subscribe it: npx okta-proxy-watch hook repair --org ${shellWord(org)}`,
        ]),
    ...(uncertain.length === 0
      ? []
      : [
          "",
          "Nor has one these, which Okta may refuse:",
          ...uncertain.map((each) => `${describe(each)}: it ${each.refusable}`),
        ]),
  ]
    .map(onOneLine)
    .join("\n");
}
