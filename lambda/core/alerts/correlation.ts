import type { Firing, WindowEntry } from "../correlation/correlate.ts";
import type { EventNote } from "../correlation/group-state.ts";
import { shorten } from "../text/shorten.ts";
import type { AlertCorrelation } from "./alert-schema.ts";
import type { AlertSource } from "./alert-source.ts";
import { linkToEvent, linkToUser } from "./console-links.ts";
import { noteOfMasked } from "./event-note.ts";
import { undoOf } from "./undo.ts";

/** The first and the last events that an alert names of a correlation, each. */
const maximumEvents = 20;
/** The first and the last entries of a correlation that takes part that are not left out before any other, each. */
const edgeOfPart = 3;
/** The longest value of a group, and uuid, in UTF-16 code units. */
const maximumText = 200;

/**
 * Describes what came together.
 *
 * @param source the alert's event, masked, and its delivery
 */
export function describeCorrelation(
  { correlation, group, window }: Firing,
  { event, delivery }: Pick<AlertSource, "event" | "delivery">,
): AlertCorrelation {
  const { type, groupBy, timespan, rules } = correlation;
  const shown = shownOf(window);
  const describeEntry = (entry: WindowEntry): AlertCorrelation["events"][number] => {
    const rule = rules[entry.rule] ?? { id: "", title: "", isCorrelation: false };
    const published = new Date(entry.at).toISOString();
    const note = entry.event === event.uuid ? noteOfMasked(event) : (entry.note ?? null);
    const userLink = note?.userId == null ? null : linkToUser(delivery.org, note.userId);
    const undo = note && undoOf(note.eventType, note.succeeded);
    const known: KnownNote | null =
      note && (rule.isCorrelation && entry.isPart !== true ? completing(note, rule.title, undo) : note);
    return {
      eventUuid: shorten(entry.event, maximumText),
      published,
      eventType: known?.eventType ?? null,
      rule: { id: rule.id, title: rule.title, isCorrelation: rule.isCorrelation },
      person: known?.person ?? null,
      deed: known?.deed ?? null,
      from: known?.from ?? null,
      through: known?.through ?? null,
      client: known?.client ?? null,
      summary: known?.deed == null ? rule.title : summarizeNote({ ...known, deed: known.deed }),
      undo,
      link: userLink ?? linkToEvent(delivery.org, entry.event, published),
    };
  };
  return {
    type,
    groupBy: Object.fromEntries(groupBy.map(({ name }, index) => [name, shorten(group[index] ?? "", maximumText)])),
    timespan,
    events: shown.map(describeEntry),
    more: window.length - shown.length,
  };
}

/**
 * The entries that an alert names: first of all it leaves out those amid the entries of a correlation that takes part, so that they
 * hide no other.
 */
function shownOf(window: readonly WindowEntry[]): readonly WindowEntry[] {
  const surplus = window.length - 2 * maximumEvents;
  if (surplus <= 0) return window;
  const parts = Map.groupBy(
    window.filter(({ isPart }) => isPart === true),
    ({ rule }) => rule,
  );
  const spare = [...parts.values()].flatMap((all) => all.slice(edgeOfPart, -edgeOfPart));
  const start = Math.max(0, Math.floor((spare.length - surplus) / 2));
  const leftOut = new Set(spare.slice(start, start + surplus));
  const left = window.filter((entry) => !leftOut.has(entry));
  return left.length > 2 * maximumEvents ? [...left.slice(0, maximumEvents), ...left.slice(-maximumEvents)] : left;
}

/**
 * The note of an event that completes a correlation that takes part: one of many events that are not named, and an act by
 * itself only where it is to be undone.
 */
function completing(note: EventNote, title: string, undo: string | null): KnownNote {
  return undo === null
    ? { ...note, person: null, deed: null }
    : { ...note, deed: `${note.deed} (completes "${title}")` };
}

type KnownNote = Omit<EventNote, "deed"> & { readonly deed: string | null };

/** `ada@example.com created token deploy from Toronto, Canada, 203.0.113.7, through VPN NORD_VPN, with FIREFOX on Windows 10`. */
function summarizeNote({ person, deed, from, through, client }: EventNote): string {
  const network = [
    ...(from === null ? [] : [` from ${from}`]),
    ...(through === null ? [] : [` through ${through}`]),
    ...(client === null ? [] : [` with ${client}`]),
  ].join(",");
  return `${person ?? "An unknown user"} ${deed}${network}`;
}
