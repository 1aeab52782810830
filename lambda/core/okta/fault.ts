/** A fault of an input, and its place. */
export interface Fault {
  /** Dotted path to the fault, for example `data.events.0.uuid`; empty for the whole input. */
  readonly path: string;
  readonly message: string;
}

/** The most faults that are listed: those of one input mostly have one cause. */
const maximumFaults = 20;

/** A fault that a schema found. */
interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Lists the faults that a schema found, each with its path, which starts at `base`. */
export function faultsOf(issues: readonly Issue[], base: readonly PropertyKey[] = []): Fault[] {
  return issues
    .slice(0, maximumFaults)
    .map((issue) => ({ path: [...base, ...issue.path].map(String).join("."), message: issue.message }));
}

/** One line for a person: every fault as `path: message`. */
export function describeFaults(faults: readonly Fault[]): string {
  return faults.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; ");
}
