import { type LogEvent, sessionStart } from "../../lambda/core/okta/log-event.ts";
import { findMask } from "../../lambda/core/okta/stranger.ts";
import { parsePath, readField } from "../../lambda/core/sigma/field.ts";
import type { Remedy } from "../../pages/report/report.ts";
import { createBoundedMap } from "./bounded-map.ts";

/**
 * Fields whose one value may stand for a script, an integration or an app that makes noise. Exceptions know persons and networks; whom
 * a sign-in is by is for them alone.
 */
const fields = [
  { field: "target.alternateId", ofSignIns: false },
  { field: "actor.alternateId", ofSignIns: false },
  { field: "client.userAgent.rawUserAgent", ofSignIns: true },
] as const;

/** Detections, and values of a field, that are distinguished. */
const maximumRules = 500;
const maximumValues = 200;
/** Longer values are no names. */
const maximumLength = 300;

/**
 * Counts the values of alerted events by detection.
 *
 * @param isLogin whether a login is one of the org: what strangers typed stands in no filter
 */
export function createFilterTally(isLogin: (login: string) => boolean) {
  const rules = createBoundedMap(maximumRules, () => fields.map(() => new Map<string, number>()));
  return {
    /** @param isGrave whether the alert may be about an attack: no filter with a value of it is proposed */
    count(rule: string, event: LogEvent, isGrave: boolean) {
      const counts = rules.of(rule);
      if (counts === null) return;
      const mask = findMask(event, isLogin);
      for (const [index, { field, ofSignIns }] of fields.entries()) {
        const values = counts[index];
        if (values === undefined || (event.eventType === sessionStart && !ofSignIns)) continue;
        for (const value of new Set(readField(event.received, parsePath(field)).values)) {
          if (typeof value !== "string" || value === "" || value.length > maximumLength) continue;
          // The user agent of a browser is an attacker's as well.
          if (isBrowser(value) || (mask !== null && mask(value) !== value)) continue;
          const known = values.get(value);
          if (known === undefined && values.size >= maximumValues) continue;
          values.set(value, isGrave ? Number.NaN : (known ?? 0) + 1);
        }
      }
    },
    /** The filter that takes away most of the alerts of a detection; null where no value has half of them. */
    propose({ id, title }: { readonly id: string; readonly title: string }, alerts: number): Remedy | null {
      const counts = rules.of(id) ?? [];
      const all = fields.flatMap(({ field }, index) =>
        [...(counts[index] ?? [])].map(([value, covers]) => ({ field, value, covers })),
      );
      // A value that every alert has tells nothing about the noise alone.
      const found = all
        .filter(({ covers }) => covers >= alerts / 2 && covers < alerts)
        .sort((a, b) => b.covers - a.covers)[0];
      if (found === undefined) return null;
      return { kind: "filter", ...found, yaml: yamlOf(id, title, found), of: alerts };
    },
  };
}

const isBrowser = (value: string) => /^(?:Mozilla|Opera)\//i.test(value);

/** A filter in Sigma. Texts are JSON, which YAML reads; what Sigma would read as a wildcard is escaped. */
function yamlOf(
  id: string,
  title: string,
  { field, value }: { readonly field: string; readonly value: string },
): string {
  const literal = value.replace(/[\\*?]/g, (character) => `\\${character}`);
  return `title: ${JSON.stringify(`Expected for: ${title}`)}
logsource:
  product: okta
  service: okta
filter:
  rules: [${JSON.stringify(id)}]
  selection:
    ${field}: ${JSON.stringify(literal)}
  condition: not selection
`;
}
