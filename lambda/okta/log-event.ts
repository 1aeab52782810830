import * as z from "zod/mini";
import { type Fault, faultsOf } from "./fault.ts";

/*
 * Okta's LogEvent, as far as alerts tell of it. Every field but uuid, published and eventType may be null or missing.
 * What only describes an event is read leniently: a value of another kind than documented counts as null, since no
 * oddity in, say, a postal code may keep an alert from going out. What decides whether an event is alerted on is read
 * strictly: an event whose isProxy cannot be understood is malformed, and is parked.
 */

/** Text that is there to be told; "null", which Okta writes for some absent values, is null. */
const text = z.catch(
  z.nullable(
    z.pipe(
      z.union([z.string(), z.number()]),
      z.transform((value) => (value === "" || value === "null" ? null : String(value))),
    ),
  ),
  null,
);
const number = z.catch(z.nullable(z.number()), null);
const boolean = z.catch(z.nullable(z.boolean()), null);

const nullFor = <Schema extends z.core.SomeType>(schema: Schema) => z.catch(z.nullable(schema), null);
const listOf = <Schema extends z.core.SomeType>(schema: Schema) => z.catch(z.array(nullFor(schema)), []);

const geographicalContext = z.object({
  city: text,
  state: text,
  country: text,
  postalCode: text,
  geolocation: nullFor(z.object({ lat: number, lon: number })),
});

const isProxy = z.nullish(
  z.union([z.boolean(), z.stringbool({ truthy: ["true"], falsy: ["false"] })], "expected true, false or null"),
);

/** Okta's own are far shorter than the limit, which keeps an alert within its size. */
const requiredText = (message: string) => z.string(message).check(z.minLength(1, message), z.maxLength(255, message));

/** What decides whether, and as what, an event is alerted on. */
const decisive = z.object(
  {
    uuid: requiredText("expected the event's uuid"),
    published: requiredText("expected a time"),
    eventType: requiredText("expected an event type"),
    securityContext: z.nullish(z.object({ isProxy }, "expected an object or null")),
  },
  "expected an object",
);

/** What only describes an event. No event that is decisive fails it. */
const descriptive = z.object({
  displayMessage: text,
  actor: nullFor(z.object({ id: text, type: text, alternateId: text, displayName: text })),
  client: nullFor(
    z.object({
      ipAddress: text,
      zone: text,
      device: text,
      userAgent: nullFor(z.object({ browser: text, os: text, rawUserAgent: text })),
      geographicalContext: nullFor(geographicalContext),
    }),
  ),
  outcome: nullFor(z.object({ result: text, reason: text })),
  target: listOf(z.object({ id: text, type: text, alternateId: text, displayName: text })),
  authenticationContext: nullFor(
    z.object({
      externalSessionId: text,
      rootSessionId: text,
      credentialType: text,
      credentialProvider: text,
      authenticationProvider: text,
    }),
  ),
  device: nullFor(z.object({ id: text, name: text, os_platform: text, registered: boolean, managed: boolean })),
  securityContext: nullFor(
    z.object({
      isProxy,
      asNumber: number,
      asOrg: text,
      isp: text,
      domain: text,
      ipDetails: nullFor(
        z.object({
          ipServiceCategories: listOf(z.object({ isAnonymous: boolean, operator: text, type: text })),
        }),
      ),
      tunnels: z.optional(z.unknown()),
      risk: nullFor(z.object({ level: text, reasons: z.optional(z.unknown()) })),
      userBehaviors: listOf(z.object({ name: text, result: text })),
    }),
  ),
  debugContext: nullFor(z.object({ debugData: nullFor(z.record(z.string(), z.unknown())) })),
});

/** The event type of a sign-in itself. */
export const sessionStart = "user.session.start";

/**
 * What marks an event as a test of the whole way, made by `npm run send-test-alert`. Okta sends no such field, and nobody
 * who signs in can have it sent.
 */
export const testMark = { oktaProxyWatch: { test: true } } as const;

/** One event of the System Log, as an event hook delivers it. */
export interface LogEvent {
  readonly uuid: string;
  /** As Okta wrote it; a time in ISO 8601, UTC. */
  readonly published: string;
  readonly eventType: string;
  /** Whether it is marked by {@link testMark}. */
  readonly isTest: boolean;
  /** The fields that alerts tell of, read leniently, when they are first asked for: most events match no rule. */
  readonly fields: LogEventFields;
  /** The event as received: what rules are matched against, and what an alert carries. */
  readonly received: Readonly<Record<string, unknown>>;
}

/** The fields that alerts tell of. What is absent, or not understood, is null. */
export type LogEventFields = z.infer<typeof descriptive>;

/** Where an address is, as Okta sees it. `country` is an English name, coordinates are degrees. */
export type GeographicalContext = z.infer<typeof geographicalContext>;

/**
 * When an event was published, in milliseconds since 1970; NaN when that is no time. Okta writes ISO 8601 with `Z`;
 * exports also have a space for `T`, no zone, and nanoseconds, all of them UTC.
 */
export function publishedTime(published: string): number {
  const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/i.test(published) ? published : `${published}Z`;
  return Date.parse(zoned.replace(" ", "T").replace(/(\.\d{3})\d+/, "$1"));
}

/** What became of parsing one event. */
export type ParsedLogEvent =
  | { readonly ok: true; readonly event: LogEvent }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/**
 * Reads one event of a delivery.
 *
 * @param received the event, as JSON
 * @param base where it stands, for the paths of faults
 */
export function parseLogEvent(received: unknown, base: readonly PropertyKey[] = []): ParsedLogEvent {
  const parsed = decisive.safeParse(received);
  if (!parsed.success) return { ok: false, faults: faultsOf(parsed.error, base) };
  const { uuid, published, eventType } = parsed.data;
  let fields: LogEventFields | undefined;
  return {
    ok: true,
    event: {
      uuid,
      published,
      eventType,
      get isTest() {
        return (
          (received as { readonly oktaProxyWatch?: { readonly test?: unknown } | null }).oktaProxyWatch?.test === true
        );
      },
      get fields() {
        fields ??= descriptive.parse(received);
        return fields;
      },
      received: received as Record<string, unknown>,
    },
  };
}
