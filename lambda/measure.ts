/** The steps of a request, each with a metric of its own: how long it took. */
export type Step =
  | "Authentication"
  | "Parsing"
  | "Matching"
  | "LookUp"
  | "Claim"
  | "Suppression"
  | "Publishing"
  | "Recording"
  | "Parking";

/** Runs a step and takes its time. What it returns, or a promise of that, passes through, and so does what it throws. */
export type Measure = <Value>(step: Step, work: () => Value) => Value;
