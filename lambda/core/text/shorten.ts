/** Cuts text to a number of UTF-16 code units, with an ellipsis where it was longer. */
export function shorten(text: string, maximum: number): string {
  return text.length <= maximum ? text : `${text.slice(0, maximum).toWellFormed()}…`;
}

/** `1 session`, `2 sessions`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * `1,234`: a whole number of 0 or more in groups of three digits. `toLocaleString` gives the same, and takes 11 milliseconds of processor
 * time the first time, which an alert would wait for.
 */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
}
