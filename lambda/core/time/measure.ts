/** The steps of a request, each with a metric of its own, `AuthenticationDuration`...: how long it took. */
export const steps = [
  "Authentication",
  "Parsing",
  "Matching",
  "LookUp",
  "Claim",
  "Suppression",
  "Publishing",
  "Recording",
  "Parking",
] as const;

/** A step of a request. */
export type MeasuredStep = (typeof steps)[number];

/** Runs a step and takes its time. What it returns, or a promise of that, passes through, and so does what it throws. */
export type Measure = <Value>(step: MeasuredStep, work: () => Value) => Value;
