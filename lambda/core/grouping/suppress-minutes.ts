/** Minutes in which further session starts of a user on one network are suppressed, unless a setting says otherwise. */
export const defaultSuppressMinutes = 60;
/** A day: a longer window would hide what a user does for longer. */
export const maximumSuppressMinutes = 1_440;

/** Reads a number of minutes that sessions can be suppressed for; null for anything else. */
export function readSuppressMinutes(text: string): number | null {
  return /^\d+$/.test(text) && Number(text) <= maximumSuppressMinutes ? Number(text) : null;
}
