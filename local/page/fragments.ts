import type { Html } from "../../pages/html.ts";

/** A part of the page that changes by itself: an element with this id. */
export interface Fragment {
  readonly id: string;
  /** The id of the list that a new one goes to the front of; null for a part that the page has from the start. */
  readonly list: string | null;
  readonly markup: string;
  /** Counts up with every change of any fragment. */
  readonly version: number;
}

/** The parts of the page that change, with what they were drawn as last. */
export interface Fragments {
  /** Draws a part anew. A part that is as it was has not changed. */
  readonly set: (id: string, list: string | null, drawn: Html) => void;
  readonly get: (id: string) => string;
  /** The parts of a list, newest first. */
  readonly listed: (list: string) => readonly string[];
  /** What changed after a version, in the order of the changes. */
  readonly since: (version: number) => readonly Fragment[];
  readonly version: () => number;
}

/**
 * Keeps the parts of the page.
 *
 * @param most the parts that a list keeps, by its id; older ones are dropped
 * @param onChange called after every change
 */
export function createFragments(most: Readonly<Record<string, number>>, onChange: () => void): Fragments {
  const fragments = new Map<string, Fragment>();
  let version = 0;
  const listed = (list: string) => [...fragments.values()].filter((each) => each.list === list).reverse();
  return {
    set(id, list, drawn) {
      const markup = drawn.toString();
      if (fragments.get(id)?.markup === markup) return;
      version += 1;
      fragments.set(id, { id, list, markup, version });
      if (list !== null) for (const { id: old } of listed(list).slice(most[list] ?? 1)) fragments.delete(old);
      onChange();
    },
    get: (id) => fragments.get(id)?.markup ?? "",
    listed: (list) => listed(list).map(({ markup }) => markup),
    since: (after) =>
      [...fragments.values()].filter((each) => each.version > after).sort((a, b) => a.version - b.version),
    version: () => version,
  };
}
