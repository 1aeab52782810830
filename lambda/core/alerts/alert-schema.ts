import * as z from "zod/mini";
import { verdicts } from "../history/verdict.ts";
import { eventSources } from "../okta/event-hook.ts";
import { networkKinds } from "../okta/network-service.ts";
import { masked } from "../okta/stranger.ts";
import { sessionParts } from "../session-start/session-change.ts";
import { correlationTypes } from "../sigma/correlation.ts";
import { levels } from "../sigma/rule.ts";

/*
 * The schema of an alert. The type `Alert` and `docs/alert.schema.json` are derived from it. Modules that only write
 * alerts import the type alone.
 */

const text = z.nullable(z.string());
const number = z.nullable(z.number());
const boolean = z.nullable(z.boolean());
const described = <Schema extends z.core.$ZodType>(schema: Schema, description: string) => {
  z.globalRegistry.add(schema, { description });
  return schema;
};
const time = (description: string) => described(z.string(), `${description} (ISO 8601, UTC)`);

const level = z.enum(levels);
const service = z.object({
  type: described(z.nullable(z.string()), "`VPN`, `Proxy`, `Tor`, `Residential Proxy`, `Blockchain VPN`"),
  operator: described(z.nullable(z.string()), "For example `NORD_VPN`, `APPLE_ICLOUD_RELAY_PROXY`"),
  isAnonymous: boolean,
});
const profileLocation = z.object({
  label: described(z.string(), "What people call it: `home`, `Lisbon office`"),
  countryCode: described(z.nullable(z.string()), "ISO 3166-1 alpha-2"),
  state: text,
  city: text,
  postalCode: text,
  latitude: described(z.nullable(z.number()), "Degrees, -90 to 90"),
  longitude: described(z.nullable(z.number()), "Degrees, -180 to 180"),
});

const correlation = z.object({
  type: z.enum(correlationTypes),
  groupBy: described(
    z.record(z.string(), z.string()),
    "The group of events in which it holds: the value of each field of `group-by`",
  ),
  timespan: described(z.string(), "The longest time between the first and the last event, as the rule has it: `24h`"),
  events: described(
    z.array(
      z.object({
        eventUuid: z.string(),
        published: time("When Okta published it"),
        eventType: described(z.nullable(z.string()), "Null where only the rule that it matched is known"),
        rule: described(
          z.object({ id: z.string(), title: z.string(), isCorrelation: z.boolean() }),
          "The rule that it matched; or the correlation that takes part, which it completed or is an event of",
        ),
        person: described(
          z.nullable(z.string()),
          "Who did it, masked as `user.login` is; this and the next four are null where that is not kept",
        ),
        deed: described(z.nullable(z.string()), "What was done: `created token deploy`"),
        from: described(z.nullable(z.string()), "Place and address: `Toronto, Canada, 203.0.113.7`"),
        through: described(z.nullable(z.string()), "The proxy, or else the autonomous system: `VPN NORD_VPN`"),
        client: described(z.nullable(z.string()), "`FIREFOX on Windows 10`"),
        summary: described(
          z.string(),
          "Who did what, from where, through what; the rule's title where that is not kept",
        ),
        undo: described(
          z.nullable(z.string()),
          "What undoes it: `revoke the token`; null where nothing is to be undone",
        ),
        link: described(
          z.nullable(z.string()),
          "The page of the user whom it changed, or else the event in the System Log, in the admin console",
        ),
      }),
    ),
    "The events that came together, in order of time; of more than 40, the first 20 and the last 20. One that several of the rules match is there for each",
  ),
  more: described(z.number(), "The events between the first and the last ones that `events` leaves out"),
});

const detection = z.object({
  id: z.string(),
  title: z.string(),
  level: described(z.enum(levels), "The level of the rule, which no adjustment changes"),
  description: z.string(),
  tags: z.array(z.string()),
  references: z.array(z.string()),
  falsePositives: z.array(z.string()),
  matched: described(
    z.array(
      z.object({
        selection: z.string(),
        fields: z.array(z.object({ field: z.string(), values: z.array(z.unknown()) })),
      }),
    ),
    "Which selections of the rule the event met, and by which of its values",
  ),
  correlation: described(
    z.nullable(correlation),
    "What came together, where the detection is a correlation of several events, which the alert's event completed; null for a rule about one event",
  ),
});

const principal = {
  id: text,
  type: described(z.nullable(z.string()), "`User`, `SystemPrincipal`, `PublicClientApp`…"),
  login: text,
  displayName: text,
};

const history = z.object({
  since: described(
    z.nullable(z.string()),
    "Since when this deployment has watched (ISO 8601, UTC): earlier sessions are not remembered; null when that is not known",
  ),
  firstTime: described(
    z.boolean(),
    "Whether no proxied session of this user is remembered, beside the one that the event is of; 90 days are",
  ),
  firstTimeForAsn: described(
    z.nullable(z.boolean()),
    "Whether none is from this autonomous system; null when the event does not name it",
  ),
  firstTimeForNetwork: described(
    z.nullable(z.boolean()),
    "Whether none is from this network: the autonomous system; where Okta does not know it, the /24 or /64 of the address. Null when the event has neither",
  ),
  firstTimeForCountry: described(
    z.nullable(z.boolean()),
    "Whether none is from this country; null when the event does not name it",
  ),
  knownNetwork: described(
    z.nullable(z.boolean()),
    "Whether one from this network, through the same kind of network and operator, is at least a day older; null when the event names no network",
  ),
  knownCountry: described(
    z.nullable(z.boolean()),
    "Whether one from this country is at least a day older; null when the event does not name it",
  ),
  last: described(
    z.nullable(
      z.object({
        at: time("When it was published"),
        asNumber: number,
        asOrg: text,
        countryCode: text,
        type: text,
        operator: text,
      }),
    ),
    "The last proxied session before this; null when none is remembered",
  ),
  sessionsIn30Days: described(z.number(), "Proxied sessions in the 30 days before this, beside its own"),
  failedIn30Days: described(z.number(), "Attempts through a proxy in the 30 days before this that did not succeed"),
});

const incident = z.object({
  id: described(
    z.string(),
    "UUIDv5: the same for all alerts about one person and Okta session, or about one person and day where the event has no session",
  ),
  opened: described(
    z.nullable(z.string()),
    "When its first alert was made (ISO 8601, UTC); null when that is not known",
  ),
  alerts: described(z.nullable(z.number()), "The number of alerts before this one; null when that is not known"),
  before: described(
    z.array(
      z.object({
        alertId: z.string(),
        eventUuid: z.string(),
        detectedAt: time("When the alert was made"),
        published: z.string(),
        eventType: z.string(),
        deed: described(
          z.nullable(z.string()),
          "What was done: `created token deploy`; null in alerts of earlier versions",
        ),
        succeeded: described(z.boolean(), "Whether it succeeded, by its outcome"),
        summary: z.string(),
        severity: z.enum(levels),
        detections: z.array(z.object({ id: z.string(), title: z.string() })),
      }),
    ),
    "The last ten alerts before this one, in order of time, with texts cut short",
  ),
  verdict: described(
    z.nullable(
      z.object({
        verdict: z.enum(verdicts),
        note: z.string(),
        by: described(z.string(), "Who closed it"),
        at: time("When it was closed"),
      }),
    ),
    "How an incident of the person was closed: the latest true positive, whatever it was about, else the last with an alert of the same network, place, device and detections (and, of another act than a session start, event type, targets and change). Null when none was, or that is not known",
  ),
});

const storm = z.object({
  id: described(z.string(), "UUIDv5 of the source and the start: the same in all alerts of the storm"),
  report: described(
    z.nullable(z.enum(["start", "update", "end", "gathered"])),
    "Which report on the storm the alert is, which is then about no person: `gathered` reports sign-ins of many persons that succeeded. Null for an alert about one sign-in in a storm",
  ),
  source: described(
    z.object({ asNumber: number, asOrg: text, ip: text }),
    "The network of the event that the alert holds: further addresses of the same source may have taken part",
  ),
  since: time("When the first attempt was counted"),
  until: time("When the last attempt was counted"),
  attempts: described(
    z.number(),
    "Failed attempts, those among them that had an alert of their own; of gathered sign-ins, all",
  ),
  succeeded: described(z.number(), "Sessions that started from the source while it was a storm"),
  users: described(
    z.array(
      z.object({ login: z.string(), outcome: described(z.string(), "`FAILURE` or `SUCCESS`"), count: z.number() }),
    ),
    "The logins, masked as `user.login` is, with their attempts or sessions: at most 300; beside a sign-in, 20",
  ),
  more: described(z.number(), "Failed attempts for logins that `users` does not name"),
  reasons: described(
    z.array(z.object({ reason: z.string(), count: z.number() })),
    "What Okta says of the attempts: the outcome's reason, `ThreatSuspected`, positive behaviors; of gathered sign-ins, what speaks for a gateway: `known device`, `usual hour`, `usual place`",
  ),
});

const stop = z.object({
  eventUuid: z.string(),
  published: time("When Okta published the event of it"),
  city: text,
  state: text,
  countryCode: text,
  asNumber: number,
  operators: described(z.array(z.string()), "The operators of anonymous services that it came through"),
  anonymous: described(z.boolean(), "Whether the network hides its users: the place is then that of its exit"),
});

/** An alert: the `default` body of the SNS message. What is not known is null, and never left out. */
export const alertSchema = z.object({
  schemaVersion: z.literal("1.1"),
  alertId: described(
    z.string(),
    "UUIDv5 of the event's uuid and the detections' ids: the same, however often the event is handled",
  ),
  test: described(z.boolean(), "Whether `npx okta-proxy-watch send-test-alert` made it: it is about no real sign-in"),
  detectedAt: time("When the alert was made"),
  followUp: described(z.boolean(), "Whether this alert adds to an earlier one about the same event"),
  source: described(
    z.enum(eventSources),
    "How the event came: by the event hook, by the org's log stream to EventBridge, or, where neither delivered it, found in Okta's System Log by reconciliation",
  ),
  delayedSeconds: described(
    z.number(),
    "Seconds that the event waited on the retry queue, or to be found in Okta's System Log; 0 when it was alerted on at once",
  ),
  ageSeconds: described(
    z.nullable(z.number()),
    "Seconds from when Okta published the event to the alert, whatever was late; negative for an event of the future, null where it has no time",
  ),
  delayReason: described(z.nullable(z.string()), "Why it waited, one of a few sentences; null when it did not"),
  severity: described(z.enum(levels), "The highest level among the detections, adjusted by `severity.yml`"),
  severityAdjustments: described(
    z.array(z.object({ title: z.string(), from: level, to: level })),
    "The adjustments that made the severity what it is, in this order",
  ),
  detections: described(z.array(detection), "The rules that matched, severest first"),
  incident: described(incident, "The incident that the alert belongs to, and what came before in it"),
  summary: described(z.string(), "One sentence that a person can act on"),
  user: described(
    z.object({
      id: described(z.nullable(z.string()), "The Okta user id; null where Okta knows no user of the login"),
      login: described(
        z.nullable(z.string()),
        `\`${masked}\` where Okta knows no such user and the text looks like no login of the org: it may be a password`,
      ),
      displayName: text,
    }),
    "The person whose account or session is at stake: the actor of a sign-in or an act; the target of `user.risk.*`, and wherever the actor is not a person",
  ),
  actor: described(z.object(principal), "Who did it, as Okta has it: the user, another one, an app, or Okta itself"),
  targets: described(z.array(z.object(principal)), "What it was done to"),
  change: described(
    z.nullable(z.string()),
    "What was granted, reset or altered, or from which level to which the risk went; null for a session start, and where the event names no change",
  ),
  session: z.object({
    outcome: text,
    reason: text,
    externalSessionId: text,
    rootSessionId: text,
    credentialType: described(z.nullable(z.string()), "What the user proved to be themselves by: `PASSWORD`, `OTP`…"),
    credentialProvider: text,
    authenticationProvider: text,
  }),
  device: described(
    z.object({
      id: text,
      name: text,
      platform: text,
      registered: described(z.nullable(z.boolean()), "Whether it is registered with Okta"),
      managed: described(z.nullable(z.boolean()), "Whether the company manages it"),
    }),
    "The device, where Okta knows it",
  ),
  network: z.object({
    isProxy: described(z.nullable(z.boolean()), "Whether Okta knows the address as a proxy"),
    ip: text,
    asNumber: number,
    asOrg: text,
    isp: text,
    domain: text,
    services: z.array(service),
    anonymous: described(
      z.object({
        verdict: described(
          z.nullable(z.boolean()),
          "True when any signal of Okta says that the network is anonymous; false when one says that it is not, and none that it is; null when there is no signal",
        ),
        kinds: described(z.array(z.enum(networkKinds)), "The kinds of anonymous network, the worst first"),
        operators: described(z.array(z.string()), "The operators of anonymous services, as Okta writes them"),
        signals: described(z.array(z.string()), "The fields of the event that say so"),
      }),
      "Whether the network hides its users, by every signal that Okta gives",
    ),
  }),
  client: z.object({ browser: text, os: text, device: text, userAgent: text, zone: text }),
  geo: z.object({
    verdict: z.enum(["mismatch", "match", "unknown"]),
    reason: z.string(),
    distanceKm: described(z.nullable(z.number()), "To the nearest profile location"),
    thresholdKm: z.number(),
    exit: z.object({
      city: text,
      state: text,
      country: text,
      countryCode: text,
      latitude: number,
      longitude: number,
    }),
    nearestProfileLocation: z.nullable(profileLocation),
  }),
  travel: described(
    z.nullable(
      z.object({
        from: described(stop, "The earlier place"),
        to: described(stop, "The later place: the event's own, but where the event was published before the other"),
        distanceKm: described(z.number(), "Great-circle distance of both"),
        minutes: described(z.number(), "Minutes between both"),
        speedKmh: described(z.number(), "Kilometers an hour; as if a minute lay between what is closer"),
      }),
    ),
    "Two places of the person that no airliner could have gone between, where a rule that runs asks for the travel; else null",
  ),
  sessionChanged: described(
    z.nullable(z.array(z.enum(sessionParts))),
    "What differs from the start of the session, where a rule that runs asks for it and the start is known; else null",
  ),
  history: described(
    z.nullable(history),
    "The user's earlier proxied sessions; null when the user is not known, or the state table could not be read",
  ),
  heldBack: described(
    z.nullable(
      z.object({
        count: z.number(),
        since: described(z.nullable(z.string()), "ISO 8601, UTC; null when there are none"),
      }),
    ),
    "Session starts of this user on this network that were suppressed since the last alert; null when that is not known",
  ),
  risk: z.object({
    level: described(z.nullable(z.string()), "`LOW`, `MEDIUM` or `HIGH`"),
    previousLevel: described(z.nullable(z.string()), "The level before, where the event is a change of it"),
    reasons: z.array(z.string()),
    detectionName: described(z.nullable(z.string()), "The detection of Okta's that changed it"),
  }),
  behaviors: z.array(z.object({ name: z.string(), result: text })),
  storm: described(
    z.nullable(storm),
    "The storm of failed sign-ins from one source that the alert is about, or that the sign-in stands in; else null",
  ),
  okta: z.object({
    org: text,
    eventUuid: z.string(),
    eventHookId: text,
    deliveryId: text,
    published: z.string(),
    eventType: z.string(),
    systemLogUrl: described(z.nullable(z.string()), "The event in the admin console's System Log"),
  }),
  links: described(
    z.object({
      event: text,
      user: described(z.nullable(z.string()), "What the user did, around the event"),
      userProfile: described(z.nullable(z.string()), "The user in the admin console, to clear sessions and factors"),
      targetProfile: described(
        z.nullable(z.string()),
        "The first other user that the act was done to, in the admin console",
      ),
      session: described(z.nullable(z.string()), "All that was done in the session"),
      address: described(z.nullable(z.string()), "All events from the address"),
      map: described(
        z.nullable(z.string()),
        "The exit's place on OpenStreetMap, by coordinates alone; null where Okta names no place, and with `mapLinks: false`",
      ),
    }),
    "Opens the Okta admin console, but for `map`; null where the org's console, or what to look for, is not known",
  ),
  triage: described(z.array(z.string()), "What to do, in order"),
  event: described(
    z.record(z.string(), z.unknown()),
    "The LogEvent as received, but for the fields named in `eventCut`",
  ),
  eventCut: described(
    z.nullable(z.array(z.string())),
    "Fields that were left out of `event`, or shortened, to keep within the limits of SNS, and of SQS where it waited; null when it is whole",
  ),
});

/** One event that at least one detection matched. */
export type Alert = DeepReadonly<z.infer<typeof alertSchema>>;
/** A rule that matched, as the alert describes it. */
export type AlertDetection = Alert["detections"][number];
/** A correlation that fired, as the alert describes it. */
export type AlertCorrelation = NonNullable<AlertDetection["correlation"]>;

type DeepReadonly<Value> = Value extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : Value extends object
    ? { readonly [Name in keyof Value]: DeepReadonly<Value[Name]> }
    : Value;
