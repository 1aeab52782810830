/*
 * The fields of Okta's LogEvent, by the schema LogEvent of Okta's Management API
 * (https://developer.okta.com/docs/api/openapi/okta-management/management/tags/systemlog), and those parts of its free-form
 * objects that rules and alerts read: what a flattened or renamed key is inverted by.
 */

/** What a field holds. `any` is a field that Okta itself writes in several forms. */
type Kind = "text" | "number" | "boolean" | "time" | "any" | "object" | "list";

/** A field of Okta's LogEvent. */
export interface OktaField {
  readonly kind: Kind;
  /** The known fields below it, by their folded names; of a list, those of its elements. */
  readonly children: ReadonlyMap<string, { readonly name: string; readonly field: OktaField }>;
}

const none: OktaField["children"] = new Map();
const text: OktaField = { kind: "text", children: none };
const number: OktaField = { kind: "number", children: none };
const boolean: OktaField = { kind: "boolean", children: none };
const time: OktaField = { kind: "time", children: none };
const any: OktaField = { kind: "any", children: none };

function object(fields: Readonly<Record<string, OktaField>>): OktaField {
  const children = new Map(Object.entries(fields).map(([name, field]) => [fold(name), { name, field }]));
  return { kind: "object", children };
}

const list = ({ children }: OktaField): OktaField => ({ kind: "list", children });

/** Several fields of text. */
const texts = (names: string): Readonly<Record<string, OktaField>> =>
  Object.fromEntries(names.split(" ").map((name) => [name, text]));

const principal = object({
  ...texts("id type alternateId displayName"),
  detailEntry: object({}),
  changeDetails: object({ from: object({}), to: object({}) }),
});

const geographicalContext = object({
  ...texts("city state country postalCode"),
  geolocation: object({ lat: number, lon: number }),
});

const ipDetails = object({
  ipServiceCategories: list(object({ ...texts("operator type"), isAnonymous: boolean })),
});

const ipChain = list(object({ ...texts("ip version source"), geographicalContext, ipDetails }));

const risk = object({ ...texts("level previousLevel detectionName issuer"), reasons: any });

/** An event. A key that is not listed stays as it is. */
export const logEvent: OktaField = object({
  ...texts("uuid eventType version severity displayMessage legacyEventType"),
  published: time,
  insertionTimestamp: time,
  actor: principal,
  target: list(principal),
  client: object({
    ...texts("id device zone ipAddress"),
    userAgent: object(texts("rawUserAgent os browser")),
    geographicalContext,
    ipChain,
  }),
  device: object({
    ...texts("id name os_platform os_version disk_encryption_type screen_lock_type"),
    managed: boolean,
    registered: boolean,
    jailbreak: boolean,
    secure_hardware_present: boolean,
    device_integrator: object({}),
  }),
  outcome: object(texts("result reason")),
  authenticationContext: object({
    ...texts("authenticationProvider credentialProvider credentialType externalSessionId interface rootSessionId"),
    authenticationStep: number,
    issuer: object(texts("id type")),
  }),
  securityContext: object({
    ...texts("asOrg isp domain"),
    asNumber: number,
    isProxy: boolean,
    ipDetails,
    tunnels: any,
    risk,
    userBehaviors: list(object(texts("id name result"))),
  }),
  transaction: object({ ...texts("id type"), detail: object(texts("requestApiTokenId rootApiTokenId")) }),
  request: object({ ipChain }),
  debugContext: object({
    debugData: object({
      ...texts("requestId requestUri url threatSuspected dtHash deviceFingerprint proxyType privilegeGranted factor"),
      risk,
      behaviors: any,
      tunnels: any,
      logOnlySecurityData: any,
      originalPrincipal: principal,
    }),
  }),
});

/** Folds what exporters change in a name: its case, and underscores between its words (`alternate_id`). */
export function fold(name: string): string {
  return name.toLowerCase().replaceAll("_", "");
}

/** The known field of this name below another; undefined when Okta's schema has none. */
export function childOf(
  field: OktaField,
  name: string,
): { readonly name: string; readonly field: OktaField } | undefined {
  return field.children.get(fold(name));
}
