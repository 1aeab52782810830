import { mapStrings } from "./json-strings.ts";
import { type LogEvent, readLogEvent } from "./log-event.ts";
import { isPerson, isUnknown } from "./person.ts";

/*
 * People type their password where their login belongs. Okta then knows no user of that name, writes the actor id `unknown`,
 * and what was typed as the login. Such a text is masked before an alert is made of the event.
 */

/** Stands for what a stranger typed. */
export const masked = "[masked]";

/** An e-mail address as organizations assign them, which is what Okta takes for a login by default. */
const address = /^[a-z0-9](?:[a-z0-9._+'-]{0,62}[a-z0-9])?@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24})$/i;

/**
 * Whether a text looks like a login of the org: an e-mail address, of one of the org's domains where those are given.
 *
 * @param domains in lower case; empty for any
 */
export function looksLikeLogin(text: string, domains: readonly string[]): boolean {
  const domain = address.exec(text)?.[1]?.toLowerCase();
  return domain !== undefined && (domains.length === 0 || domains.includes(domain));
}

/** What masks a stranger's text wherever it stands in another. */
export type Mask = (text: string) => string;

/** Texts shorter than this stand in others by chance: they are masked only where they are the whole text. */
const shortest = 4;
/** Okta's logins have 100 characters at the most; of longer ones, their beginning is looked for. */
const longest = 200;

/**
 * Finds what strangers typed in an event: login and name of an actor or a target that Okta does not know, unless the login is one
 * of the org. Null for an event without any.
 *
 * @param isLogin whether a login is one of the org
 */
export function findMask({ fields }: LogEvent, isLogin: (login: string) => boolean): Mask | null {
  const { actor, target } = fields;
  const strangers = [
    ...(actor !== null && isUnknown(actor.id) && isPerson(actor) ? [actor] : []),
    ...target.filter((each) => each !== null && each.id !== null && isUnknown(each.id)),
  ];
  const typed = strangers.flatMap((each) => {
    const names = [each?.alternateId ?? null, each?.displayName ?? null].filter((name) => name !== null);
    // Beside a login of the org, the name is the one of whom it belongs to.
    return names.some(isLogin) ? [] : names.filter((name) => !isUnknown(name));
  });
  if (typed.length === 0) return null;
  const whole = new Set(typed.map((text) => text.trim().toLowerCase()));
  const forms = typed
    .filter((text) => text.trim().length >= shortest)
    .map((text) => text.trim().slice(0, longest))
    .flatMap((text) => [text, encodeURIComponent(text.toWellFormed()), JSON.stringify(text).slice(1, -1)]);
  // The longer first: one may begin with another.
  const sources = [...new Set(forms)].sort((a, b) => b.length - a.length).map(escapeRegex);
  const pattern = sources.length === 0 ? null : new RegExp(sources.join("|"), "gi");
  return (text) => {
    if (whole.has(text.trim().toLowerCase())) return masked;
    return pattern === null ? text : text.replace(pattern, masked);
  };
}

/** The event with every text masked, but for what identifies it. */
export function maskEvent(event: LogEvent, mask: Mask): LogEvent {
  const { uuid, published, eventType } = event;
  const received = { ...mapStrings(event.received, mask), uuid, published, eventType };
  return readLogEvent(received) ?? event;
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
