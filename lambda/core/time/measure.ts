/** The steps of a request, each with a metric of its duration, `AuthenticationDuration`... */
export const steps = [
  "Authentication",
  "Parsing",
  "Matching",
  "LookUp",
  "Claim",
  "Suppression",
  "Correlation",
  "Publishing",
  "Recording",
  "Parking",
] as const;

/** A step of a request. */
export type MeasuredStep = (typeof steps)[number];

/** Runs a step and measures its time. Its result, a promise of it, or its error passes through. */
export type Measure = <Value>(step: MeasuredStep, work: () => Value) => Value;
