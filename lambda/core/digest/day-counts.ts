import { networkKinds } from "../okta/network-service.ts";
import { levels } from "../sigma/rule.ts";

/*
 * The numbers that a digest is made of, counted by day (UTC). The names of operators, exceptions and rules are open, so that each
 * kind of name has one more number for those that exceed the bound.
 */

/** Numbers of a day, or of one delivery. */
export interface DayCounts {
  /** Numbers over 0 by name: {@link fixedNames}, and `operator#NORD_VPN`, `exception#3f2a91c4`, `rule#<id>`. */
  readonly numbers: ReadonlyMap<string, number>;
  /** The logins of persons whose first session through an anonymous network this is. */
  readonly persons: ReadonlySet<string>;
}

/** No event. */
export const nothingCounted: DayCounts = { numbers: new Map(), persons: new Set() };

/** The kinds of names that are open. */
export const openNames = ["operator", "exception", "rule"] as const;
export type OpenName = (typeof openNames)[number];

/** The name of a number about one operator, exception or rule. A name is cut to 100 characters. */
export function nameOf(kind: OpenName, of: string): string {
  return `${kind}#${of.toWellFormed().slice(0, 100)}`;
}

/** The name of the number that stands for the names of a kind that exceed the bound. */
export function otherName(kind: OpenName): string {
  return `other#${kind}`;
}

/** The names that every day has. */
export const fixedNames: readonly string[] = [
  "signIns",
  "failed",
  "newPersons",
  "alerts",
  "suppressed",
  "excepted",
  "inStorms",
  ...networkKinds.map((kind) => `kind#${kind}`),
  ...levels.map((level) => `severity#${level}`),
  ...openNames.map(otherName),
];

/**
 * The most numbers of a day. With names of 40 bytes an item has 8 KB, of the 400 KB that DynamoDB allows; an ordinary day has some 40
 * numbers, in 1 KB.
 */
export const maximumNumbers = 200;

/** The most persons that a day names; further ones are counted. */
export const maximumPersons = 50;

/** The most numbers that one delivery counts by name: DynamoDB takes an update expression of 4 KB and 300 operators. */
export const maximumChanged = 60;

/** The sum of counts. */
export function sumCounts(all: readonly DayCounts[]): DayCounts {
  const numbers = new Map<string, number>();
  for (const each of all) for (const [name, count] of each.numbers) numbers.set(name, (numbers.get(name) ?? 0) + count);
  return { numbers, persons: new Set(all.flatMap(({ persons }) => [...persons])) };
}

/** Names of a day. */
export type Names = Pick<ReadonlySet<string>, "has" | "size">;

/**
 * Counts that fit a day: the names that do not are counted together, and the persons that do not are left out, as `newPersons` counts
 * them.
 *
 * @param names those that the day has already
 * @param persons those that the day names already
 */
export function fitCounts(
  counts: DayCounts,
  { names, persons }: { readonly names: Names; readonly persons: ReadonlySet<string> },
): DayCounts {
  let room = maximumNumbers - names.size;
  let changes = maximumChanged - fixedNames.length;
  const numbers = new Map<string, number>();
  const add = (name: string, count: number) => numbers.set(name, (numbers.get(name) ?? 0) + count);
  for (const [name, count] of counts.numbers) {
    const kind = openNames.find((each) => name.startsWith(`${each}#`));
    const isNew = kind !== undefined && !names.has(name);
    if (kind !== undefined && (changes <= 0 || (isNew && room <= 0))) {
      add(otherName(kind), count);
      continue;
    }
    add(name, count);
    if (kind !== undefined) changes -= 1;
    if (isNew) room -= 1;
  }
  const added = [...counts.persons].filter((person) => !persons.has(person));
  return { numbers, persons: new Set(added.slice(0, Math.max(0, maximumPersons - persons.size))) };
}
