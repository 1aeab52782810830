import { escapeRegex } from "../text/escape-regex.ts";
import { mapStrings } from "./json-strings.ts";
import { object } from "./lenient.ts";
import { type LogEvent, readLogEvent } from "./log-event.ts";
import { isUnknown, type Principal } from "./person.ts";

/*
 * People type their password into the field for the login. Okta then knows no such user: it writes the actor id
 * `unknown`, and the typed text as the login. The pipeline masks such a text before it makes an alert of the event.
 */

/** Replaces a text that a stranger typed. */
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

/** Masks a stranger's text within another text. */
export type Mask = (text: string) => string;

/** Shorter texts occur in others by chance: they are masked only where they are the whole text. */
const shortest = 4;
/** Okta's logins have 100 characters at the most; of a longer text, the mask looks for its beginning. */
const longest = 200;

/**
 * Finds what strangers typed in an event: login and name of an actor or a target that Okta does not know, unless the login is one
 * of the org. Null for an event without any.
 *
 * @param isLogin whether a login is one of the org
 */
export function findMask({ fields }: LogEvent, isLogin: (login: string) => boolean): Mask | null {
  const { actor, target } = fields;
  const strangers = [...(actor === null || isSystem(actor) ? [] : [actor]), ...target].filter(
    (each) => each !== null && isUnknown(each.id),
  );
  const typed = strangers
    .flatMap((each) => {
      const { id = null, type = null, alternateId = null, displayName = null } = each ?? {};
      // A target that is not a person has names that no stranger typed.
      if (each !== actor && id === null && type?.toLowerCase() !== "user") return [];
      if (alternateId !== null && !isUnknown(alternateId)) {
        // The name beside a login of the org is its owner's. Without an id, the source of the name is unknown.
        if (isLogin(alternateId)) return [];
        return each !== actor && id === null ? [alternateId] : [alternateId, displayName ?? ""];
      }
      return id === null || displayName === null || isLogin(displayName) ? [] : [displayName];
    })
    .filter((text) => text.trim() !== "" && !isUnknown(text));
  if (typed.length === 0) return null;
  const whole = new Set(typed.map(compared));
  const parts = typed.filter((text) => text.trim().length >= shortest).map((text) => text.trim().slice(0, longest));
  // Longer texts first: one may begin with another.
  const sources = [...new Set(parts)].sort((a, b) => b.length - a.length).map(escapeRegex);
  const pattern = sources.length === 0 ? null : new RegExp(sources.join("|"), "gi");
  const sought = parts.map(compared);
  return (text) => {
    if (whole.has(compared(text))) return masked;
    const replaced = pattern === null ? text : text.replace(pattern, masked);
    // Where the typed text is encoded, the whole text is masked.
    return sought.some((part) => decodings(replaced).some((decoded) => decoded.includes(part))) ? masked : replaced;
  };
}

/** Okta's own actors. A stranger cannot make Okta write these values. */
function isSystem({ type, alternateId }: Principal): boolean {
  return type?.toLowerCase() === "systemprincipal" || alternateId?.toLowerCase() === "system@okta.com";
}

/** A text in the form that comparisons use: without case, and in one Unicode form. */
function compared(text: string): string {
  return text.toWellFormed().normalize("NFC").toLowerCase().trim();
}

/**
 * The texts that a text may encode: itself, and its decoded form in URLs (also doubly encoded, and `+` for spaces),
 * JSON and HTML.
 */
function decodings(text: string): readonly string[] {
  if (!/[%+\\&]/.test(text) && text.isWellFormed()) return [compared(text)];
  const percent = (encoded: string) =>
    encoded.replace(/(?:%[\da-f]{2})+/gi, (run) => {
      try {
        return decodeURIComponent(run);
      } catch {
        return run;
      }
    });
  const once = percent(text);
  const escapes = text
    .replace(/\\u([\da-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\(["\\/])/g, "$1");
  const entities = text
    .replace(/&#(?:x([\da-f]{1,6})|(\d{1,7}));/gi, (found, hex?: string, decimal?: string) => {
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10_ff_ff ? String.fromCodePoint(code) : found;
    })
    .replace(/&(amp|lt|gt|quot|apos);/gi, (_, name: string) => entityNames[name.toLowerCase()] ?? "");
  const plus = once.replaceAll("+", " ");
  return [text, once, percent(once), plus, escapes, entities].map(compared);
}

const entityNames: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Fields that Okta fills itself: a stranger who types one of their values must not get it masked. */
const ofOkta: ReadonlySet<string> = new Set(
  `authenticationContext client device eventType insertionTimestamp legacyEventType outcome published request securityContext
  severity transaction uuid version`.split(/\s+/),
);
/** The same for the debug data; its other fields, such as request URLs, can hold the typed text. */
const ofOktaInDebugData: ReadonlySet<string> = new Set(
  `behaviors dtHash logOnlySecurityData proxyType risk threatSuspected tunnels`.split(" "),
);
/** Of an actor or a target. */
const ofOktaInPrincipals: ReadonlySet<string> = new Set(["id", "type"]);

/** Masks every text of the event that a stranger may have chosen. */
export function maskEvent(event: LogEvent, mask: Mask): LogEvent {
  const received = maskFields(event.received, mask, ofOkta, (name, value) => {
    if (name === "actor") return maskFields(value, mask, ofOktaInPrincipals);
    if (name === "target" && Array.isArray(value))
      return value.map((each) => maskFields(each, mask, ofOktaInPrincipals));
    if (name !== "debugContext") return mapStrings(value, mask);
    return maskFields(value, mask, new Set(), (_, data) => maskFields(data, mask, ofOktaInDebugData));
  });
  return readLogEvent(received) ?? event;
}

/** Masks the fields of an object, with some exceptions. Keys are masked, too. */
function maskFields(
  value: unknown,
  mask: Mask,
  kept: ReadonlySet<string>,
  maskField: (name: string, value: unknown) => unknown = (_, each) => mapStrings(each, mask),
): unknown {
  const json = object(value);
  if (json === null) return mapStrings(value, mask);
  return Object.fromEntries(
    Object.entries(json).map(([name, each]) => (kept.has(name) ? [name, each] : [mask(name), maskField(name, each)])),
  );
}
