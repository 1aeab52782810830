import { v5 as uuidV5 } from "uuid";

import type { Rule, RuleWarning } from "../rule.ts";

/** What documents of rules and correlations say of themselves, as their schemas have read it. */
interface WrittenMetadata {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly title: string;
  readonly status?: Rule["status"] | undefined;
  readonly level?: Rule["level"] | undefined;
  readonly level_reason?: string | undefined;
  readonly description?: string | undefined;
  readonly references?: readonly string[] | undefined;
  readonly author?: string | undefined;
  readonly date?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly falsepositives?: string | readonly string[] | undefined;
  readonly pack?: string | undefined;
  readonly triage?: readonly string[] | undefined;
}

/** The levels that get people out of bed: a rule of theirs says why. */
const levelsWithReason: ReadonlySet<string | undefined> = new Set(["high", "critical"]);

/** The level of a rule or correlation that has none; the specification leaves it open. */
const defaultLevel = "medium";

/** The namespace of ids for rules and correlations that have none, made of their titles: a random UUID, fixed for ever. */
const idNamespace = "0e4f6f5c-6f0b-4a55-9a4e-3f5b3a2f7c11";

/** The metadata of a rule or correlation, with the defaults of what it leaves out. */
export function metadataOf(parsed: WrittenMetadata) {
  return {
    id: parsed.id?.toLowerCase() ?? uuidV5(parsed.title, idNamespace),
    name: parsed.name ?? null,
    title: parsed.title,
    status: parsed.status ?? null,
    level: parsed.level ?? defaultLevel,
    description: parsed.description?.trim() ?? "",
    references: parsed.references ?? [],
    author: parsed.author ?? null,
    date: parsed.date ?? null,
    tags: parsed.tags ?? [],
    falsePositives: [parsed.falsepositives ?? []].flat(),
    pack: parsed.pack ?? null,
    triage: parsed.triage ?? [],
  };
}

/** What its author should know of the metadata of a rule or correlation. */
export function warningsOfMetadata(parsed: WrittenMetadata): RuleWarning[] {
  const warn = (message: string, ...path: string[]): RuleWarning => ({ message, path });
  return [
    ...(parsed.id === undefined ? [warn("it has no id; one is made of its title, and changes with it")] : []),
    ...(parsed.level === undefined ? [warn(`it has no level, and counts as ${defaultLevel}`)] : []),
    ...(levelsWithReason.has(parsed.level) && parsed.level_reason === undefined
      ? [warn(`level_reason is missing: why is it ${parsed.level}?`, "level")]
      : []),
  ];
}
