/** Kleene's three-valued logic: "unknown" is the value of a test of a field that is not known yet. */
export type Truth = true | false | "unknown";

/** False when any is false, else unknown when any is unknown. Stops at the first false. */
export function every<Item>(items: readonly Item[], test: (item: Item) => Truth): Truth {
  let result: Truth = true;
  for (const item of items) {
    const truth = test(item);
    if (truth === false) return false;
    if (truth === "unknown") result = "unknown";
  }
  return result;
}

/** True when any is true, else unknown when any is unknown. Stops at the first true. */
export function some<Item>(items: readonly Item[], test: (item: Item) => Truth): Truth {
  let result: Truth = false;
  for (const item of items) {
    const truth = test(item);
    if (truth === true) return true;
    if (truth === "unknown") result = "unknown";
  }
  return result;
}

/** The opposite; what is unknown stays unknown. */
export function negate(truth: Truth): Truth {
  return truth === "unknown" ? "unknown" : !truth;
}
