/*
 * The fields of Okta's LogEvent: those of the schema LogEvent of Okta's Management API 2026.06.3
 * (https://developer.okta.com/docs/api/openapi/okta-management/management/tags/systemlog), of its description of event
 * hooks (`client.ipChain`, `insertionTimestamp`), of its list of log fields
 * (https://github.com/okta/customer-detections/blob/master/logs/log_fields.csv), and those parts of its free-form
 * objects that rules and alerts read. They check the fields of rules, and restore keys that an export flattened or
 * renamed.
 */

/** The kind of a field's value. `any` is a field that Okta itself writes in several forms. */
type Kind = "text" | "number" | "boolean" | "time" | "any" | "object" | "list";

/** A field of Okta's LogEvent. */
export interface OktaField {
  readonly kind: Kind;
  /** Whether Okta leaves its content open: it differs by event type and changes between releases. */
  readonly isOpen: boolean;
  /** The known fields below it, by their folded names; of a list, those of its elements. */
  readonly children: ReadonlyMap<string, { readonly name: string; readonly field: OktaField }>;
}

const none: OktaField["children"] = new Map();
const text: OktaField = { kind: "text", isOpen: false, children: none };
const number: OktaField = { kind: "number", isOpen: false, children: none };
const boolean: OktaField = { kind: "boolean", isOpen: false, children: none };
const time: OktaField = { kind: "time", isOpen: false, children: none };
const any: OktaField = { kind: "any", isOpen: false, children: none };

function object(fields: Readonly<Record<string, OktaField>>): OktaField {
  const children = new Map(Object.entries(fields).map(([name, field]) => [fold(name), { name, field }]));
  return { kind: "object", isOpen: false, children };
}

/** An object of which only these fields are known. */
const open = (fields: Readonly<Record<string, OktaField>> = {}): OktaField => ({ ...object(fields), isOpen: true });
const list = ({ isOpen, children }: OktaField): OktaField => ({ kind: "list", isOpen, children });

/** Several fields of text. */
const texts = (names: string): Readonly<Record<string, OktaField>> =>
  Object.fromEntries(names.split(" ").map((name) => [name, text]));

const principal = object({
  ...texts("id type alternateId displayName"),
  detailEntry: open(),
});
const target = list(object({ ...fieldsOf(principal), changeDetails: object({ from: open(), to: open() }) }));

const geographicalContext = object({
  ...texts("city state country postalCode"),
  geolocation: object({ lat: number, lon: number }),
});

const ipDetails = object({
  ...texts("asOrg isp domain"),
  asNumber: number,
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
  target,
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
    device_integrator: open(),
  }),
  outcome: object(texts("result reason")),
  authenticationContext: object({
    ...texts("authenticationProvider credentialProvider credentialType externalSessionId interface rootSessionId"),
    authenticationStep: number,
    issuer: object(texts("id type")),
    authenticatorContext: object(
      texts(
        "applicationVersion binaryIdentifier binaryPath bindingMethod requestOrigin signerDistinguishedName signerKeyIdentifier userConsent validationStatus",
      ),
    ),
  }),
  securityContext: object({
    ...texts("asOrg isp domain"),
    asNumber: number,
    isProxy: boolean,
    ipDetails,
    tunnels: { ...any, isOpen: true },
    risk,
    userBehaviors: list(object(texts("id name result"))),
    botProtection: object(texts("level")),
  }),
  transaction: object({ ...texts("id type"), detail: open(texts("requestApiTokenId rootApiTokenId")) }),
  request: object({ ipChain }),
  debugContext: object({
    debugData: open({
      ...texts("requestId requestUri url threatSuspected dtHash deviceFingerprint proxyType privilegeGranted factor"),
      risk,
      behaviors: any,
      tunnels: any,
      logOnlySecurityData: any,
      originalPrincipal: principal,
    }),
  }),
});

/** The fields below an object, by their names. */
function fieldsOf({ children }: OktaField): Readonly<Record<string, OktaField>> {
  return Object.fromEntries([...children.values()].map(({ name, field }) => [name, field]));
}

/** Folds a name as exporters change it: its case, and underscores between its words (`alternate_id`). */
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
