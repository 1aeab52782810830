/** A mismatch is farther than this from every profile location, in kilometers, unless a setting says otherwise. */
export const defaultMismatchDistanceKm = 500;
/** The longest distance on Earth, in kilometers: half of the mean circumference. */
export const farthestKm = 20_016;

/** Whether a distance can be a setting: over 0, and not over {@link farthestKm}. */
export function isMismatchDistance(kilometers: number): boolean {
  return kilometers > 0 && kilometers <= farthestKm;
}
