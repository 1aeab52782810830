import type { Firing } from "../correlation/correlate.ts";
import type { Entry, EventNote } from "../correlation/group-state.ts";
import { shorten } from "../text/shorten.ts";
import type { AlertCorrelation } from "./alert-schema.ts";
import type { AlertSource } from "./alert-source.ts";
import { linkToEvent, linkToUser } from "./console-links.ts";
import { noteOfMasked } from "./event-note.ts";
import { undoOf } from "./undo.ts";

/** The first and the last events that an alert names of a correlation, each. */
const maximumEvents = 20;
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
  const isLong = window.length > 2 * maximumEvents;
  const shown = isLong ? [...window.slice(0, maximumEvents), ...window.slice(-maximumEvents)] : window;
  const describeEntry = (entry: Entry): AlertCorrelation["events"][number] => {
    const rule = rules[entry.rule] ?? { id: "", title: "", isCorrelation: false };
    const published = new Date(entry.at).toISOString();
    const note = entry.event === event.uuid ? noteOfMasked(event) : (entry.note ?? null);
    const userLink = note?.userId == null ? null : linkToUser(delivery.org, note.userId);
    return {
      eventUuid: shorten(entry.event, maximumText),
      published,
      eventType: note?.eventType ?? null,
      rule: { id: rule.id, title: rule.title },
      // A correlation that takes part is of several events, of which the note has the last.
      person: note === null || rule.isCorrelation ? null : note.person,
      deed: note === null || rule.isCorrelation ? null : note.deed,
      from: note?.from ?? null,
      through: note?.through ?? null,
      summary: summarizeEntry(note, rule),
      undo: note && undoOf(note.eventType, note.succeeded),
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

function summarizeEntry(
  note: EventNote | null,
  { title, isCorrelation }: { readonly title: string; readonly isCorrelation: boolean },
): string {
  if (note === null) return title;
  const sentence = summarizeNote(note);
  return isCorrelation ? `${title}; at last, ${sentence}` : sentence;
}

/** `ada@example.com created token deploy from Toronto, Canada, 203.0.113.7, through VPN NORD_VPN`. */
function summarizeNote({ person, deed, from, through }: EventNote): string {
  const network = [
    ...(from === null ? [] : [` from ${from}`]),
    ...(through === null ? [] : [` through ${through}`]),
  ].join(",");
  return `${person ?? "An unknown user"} ${deed}${network}`;
}
