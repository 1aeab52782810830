import { anonymousNetwork } from "../../lambda/core/okta/anonymous-network.ts";
import { type LogEvent, sessionStart } from "../../lambda/core/okta/log-event.ts";
import { formatCount as count, plural } from "../../lambda/core/text/shorten.ts";
import { InputError, onTerminal } from "../command.ts";
import { readableForms } from "./file-kinds.ts";

/** A part of an export that could not be read. */
export interface ExportFault {
  /** File and line. */
  readonly place: string;
  readonly reason: string;
}

/** The counts of reading exports. */
export interface ReadCounts {
  /** Events by the form that they were found in, as {@link findEvents} names it. */
  readonly forms: ReadonlyMap<string, number>;
  readonly events: number;
  /** Parts that could not be read: lines, rows, records. */
  readonly unreadable: number;
  /** The first of them. */
  readonly faults: readonly ExportFault[];
  /** Empty files, by name. */
  readonly empty: readonly string[];
  /**
   * The number of session starts if none of them has a signal of an anonymous network, as the export left those fields
   * out; else 0.
   */
  readonly withoutNetwork: number;
}

/** Counts the events and faults of one or several exports. */
export interface ReadCounter {
  readonly counts: ReadCounts;
  readonly addEvent: (form: string, event: LogEvent) => void;
  /** Adds events that were not read beyond what tells that they have no fault; no session start while {@link needsSessionStarts}. */
  readonly addSkipped: (form: string, events: number) => void;
  /** Whether session starts are still needed, to find out whether the export has the fields of the network. */
  readonly needsSessionStarts: () => boolean;
  readonly addFault: (fault: ExportFault) => void;
  readonly addEmpty: (name: string) => void;
}

/** The most faults that are shown: those of a file mostly have one cause. */
const maximumFaults = 5;

export function createReadCounter(): ReadCounter {
  const forms = new Map<string, number>();
  const faults: ExportFault[] = [];
  const empty: string[] = [];
  let events = 0;
  let unreadable = 0;
  let sessionStarts = 0;
  let hasNetwork = false;
  return {
    counts: {
      forms,
      faults,
      empty,
      get events() {
        return events;
      },
      get unreadable() {
        return unreadable;
      },
      get withoutNetwork() {
        return hasNetwork ? 0 : sessionStarts;
      },
    },
    addEvent(form, event) {
      if (!hasNetwork && event.eventType === sessionStart) {
        sessionStarts += 1;
        hasNetwork = anonymousNetwork(event).verdict !== null;
      }
      events += 1;
      forms.set(form, (forms.get(form) ?? 0) + 1);
    },
    addSkipped(form, number) {
      events += number;
      forms.set(form, (forms.get(form) ?? 0) + number);
    },
    needsSessionStarts: () => !hasNetwork,
    addFault(fault) {
      unreadable += 1;
      if (faults.length < maximumFaults) faults.push(fault);
    },
    addEmpty: (name) => empty.push(name),
  };
}

/** The counts as readable lines: events by form, faults with their reasons, and empty files. */
export function describeReads({ forms, events, unreadable, faults, empty, withoutNetwork }: ReadCounts): string {
  const byForm = [...forms]
    .sort(([, first], [, second]) => second - first)
    .map(([form, number]) => `${count(number)} of ${form}`);
  const lines = [`${plural(events, "event")}: ${byForm.join(", ") || "none"}`];
  if (withoutNetwork > 0) {
    const starts =
      withoutNetwork === 1 ? "The one session start does" : `All ${count(withoutNetwork)} session starts do`;
    lines.push(`${starts} not say whether a proxy was used: does the export leave securityContext out?`);
  }
  for (const name of empty) lines.push(`${name} is empty: it holds no event`);
  if (unreadable > 0) {
    const noun = unreadable === 1 ? "1 part was" : `${count(unreadable)} parts were`;
    lines.push(`${noun} not read (--strict refuses the first):`);
    lines.push(...faults.map(({ place, reason }) => `  ${place}: ${reason}`));
    if (unreadable > faults.length) lines.push(`  and ${count(unreadable - faults.length)} more`);
  }
  return `${onTerminal(lines.join("\n"))}\n`;
}

/**
 * Refuses exports in which no event was found.
 *
 * @throws InputError with the probable kind of the files
 */
export function refuseWithoutEvents({ events, unreadable, faults, empty }: ReadCounts): void {
  if (events > 0) return;
  const reasons = [
    ...empty.map((name) => `${name} is empty: it holds no event`),
    ...faults.map(({ place, reason }) => `${place}: ${reason}`),
  ];
  const more = unreadable > faults.length ? `\n  and ${count(unreadable - faults.length)} more` : "";
  const hint = unreadable === 0 ? "" : `\n${readableForms}`;
  throw new InputError(onTerminal(`no event was found\n  ${reasons.join("\n  ")}${more}${hint}`));
}
