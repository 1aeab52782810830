/** The environment variable with the passphrase of a cache. */
export const cacheKeyVariable = "BACKTEST_CACHE_KEY";

/** The options of a backtest, as the command line reads them. */
export interface BacktestOptions {
  readonly events?: readonly string[];
  /** The org's URL; true where the environment names it. */
  readonly okta?: string | true;
  readonly cache?: string;
  readonly rules?: string;
  readonly profiles?: string;
  readonly exceptions?: string;
  readonly alerts?: string;
  readonly report?: string;
  readonly anonymize: boolean;
  /** A file of incidents, whose verdicts a report heeds. */
  readonly incidents?: string;
  readonly distanceKm: number;
  readonly suppressMinutes: number;
  readonly stormAfter: number;
  readonly sourceAlertsPerHour: number;
  readonly loginDomains?: readonly string[];
  readonly since?: number;
  readonly until?: number;
  readonly experimental: boolean;
  readonly packs?: readonly string[];
  readonly explain: boolean;
  /** Whether matches alone are wanted, and alerts are not counted. */
  readonly matchesOnly: boolean;
  readonly all: boolean;
  readonly strict: boolean;
  /** Refused: lines are JSON anyway. */
  readonly json?: boolean;
  /** Whether matches are printed, and the summary. @default true */
  readonly printMatches?: boolean;
}
