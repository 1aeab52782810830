import { isObject, type Json } from "../../lambda/core/values/object.ts";

/*
 * Exports that renamed Okta's fields: their names, and the fields of the values. Columns that are not listed are left
 * out, as they are derived from others.
 */

/**
 * Columns of Microsoft Sentinel's table OktaV2_CL, as its connector's data collection rule fills them:
 * https://github.com/Azure/Azure-Sentinel/tree/master/Solutions/Okta%20Single%20Sign-On/Data%20Connectors/OktaNativePollerConnectorV2
 */
const oktaV2: Readonly<Record<string, string>> = {
  EventOriginalUid: "uuid",
  TimeGenerated: "published",
  EventOriginalType: "eventType",
  Version: "version",
  OriginalSeverity: "severity",
  EventMessage: "displayMessage",
  LegacyEventType: "legacyEventType",
  OriginalUserId: "actor.id",
  OriginalUserType: "actor.type",
  OriginalActorAlternateId: "actor.alternateId",
  ActorDisplayName: "actor.displayName",
  ActorDetailEntry: "actor.detailEntry",
  AuthenticationContextAuthenticationProvider: "authenticationContext.authenticationProvider",
  AuthenticationContextAuthenticationStep: "authenticationContext.authenticationStep",
  AuthenticationContextCredentialProvider: "authenticationContext.credentialProvider",
  LogonMethod: "authenticationContext.credentialType",
  ActorSessionId: "authenticationContext.externalSessionId",
  AuthenticationContextInterface: "authenticationContext.interface",
  AuthenticationContextIssuerId: "authenticationContext.issuer.id",
  AuthenticationContextIssuerType: "authenticationContext.issuer.type",
  OriginalClientDevice: "client.device",
  SrcDvcId: "client.id",
  SrcIpAddr: "client.ipAddress",
  SrcZone: "client.zone",
  ActingAppName: "client.userAgent.browser",
  SrcDvcOs: "client.userAgent.os",
  HttpUserAgent: "client.userAgent.rawUserAgent",
  SrcGeoCity: "client.geographicalContext.city",
  SrcGeoRegion: "client.geographicalContext.state",
  SrcGeoCountry: "client.geographicalContext.country",
  SrcGeoPostalCode: "client.geographicalContext.postalCode",
  SrcGeoLatitude: "client.geographicalContext.geolocation.lat",
  SrcGeoLongitude: "client.geographicalContext.geolocation.lon",
  // The connector's spelling.
  SrcGeoLongtitude: "client.geographicalContext.geolocation.lon",
  OriginalOutcomeResult: "outcome.result",
  EventOriginalResultDetails: "outcome.reason",
  SecurityContextAsNumber: "securityContext.asNumber",
  SecurityContextAsOrg: "securityContext.asOrg",
  SecurityContextDomain: "securityContext.domain",
  SrcIsp: "securityContext.isp",
  SecurityContextIsProxy: "securityContext.isProxy",
  OriginalTarget: "target",
  Request: "request",
  DebugData: "debugContext.debugData",
  TransactionType: "transaction.type",
  TransactionId: "transaction.id",
  TransactionDetail: "transaction.detail",
};

/** Inverts a row of OktaV2_CL; null for another record. */
export function fromOktaV2(record: Json): Json | null {
  if (!Object.hasOwn(record, "EventOriginalType") || !Object.hasOwn(record, "EventOriginalUid")) return null;
  const columns = Object.entries(record).map(([column, value]) => [withoutZone(column), value] as const);
  return Object.fromEntries(
    columns.flatMap(([column, value]) => {
      const path = Object.hasOwn(oktaV2, column) ? oktaV2[column] : undefined;
      return path === undefined ? [] : [[path, value]];
    }),
  );
}

/** Inverts a row of Log Analytics' table Okta_CL, whose columns end in the kind of their values; null for another record. */
export function fromOktaCustomLog(record: Json): Json | null {
  const entries = Object.entries(record).map(([column, value]) => [withoutZone(column), value] as const);
  if (!entries.some(([column]) => /^event_?type_s$/i.test(column))) return null;
  return Object.fromEntries(
    entries.flatMap(([column, value]) => {
      const [, name] = /^(.+)_[sdbtg]$/.exec(column) ?? [];
      return name === undefined ? [] : [[name, value]];
    }),
  );
}

/** Log Analytics' CSV names the zone of a time's column. */
function withoutZone(column: string): string {
  return column.replace(/ \[UTC\]$/, "");
}

/**
 * The places of fields in Elastic's integration and Filebeat's module, beyond names in snake case, by the longest
 * prefix:
 * https://github.com/elastic/integrations/tree/main/packages/okta/data_stream/system/elasticsearch/ingest_pipeline
 */
const elastic: readonly (readonly [prefix: string, path: string])[] = [
  ["okta.client.ip", "client.ipAddress"],
  ["okta.security_context.as.number", "securityContext.asNumber"],
  ["okta.security_context.as.organization.name", "securityContext.asOrg"],
  ["okta.debug_context.debug_data.flattened", "debugContext.debugData"],
  ["okta", ""],
  ["client.geo.city_name", "client.geographicalContext.city"],
  ["client.geo.region_name", "client.geographicalContext.state"],
  ["client.geo.country_name", "client.geographicalContext.country"],
  ["client.geo.location", "client.geographicalContext.geolocation"],
  ["@timestamp", "published"],
];

/** Inverts a document of Elastic's integration without `event.original`; null for another record. */
export function fromElastic(record: Json): Json | null {
  if (valueAtPath(record, "okta", "event_type") === undefined) return null;
  const event: Record<string, unknown> = {};
  for (const [key, value] of flatten(record, "", 0)) {
    const [prefix, path] = elastic.find(([each]) => key === each || key.startsWith(`${each}.`)) ?? [];
    if (prefix === undefined || path === undefined) continue;
    const name = behaviorName(`${path}${key.slice(prefix.length)}`.replace(/^\./, ""));
    // `flattened` comes before the fields that are derived from it.
    if (!Object.hasOwn(event, name)) event[name] = value;
  }
  return event;
}

/**
 * The value of a key, or of a path that was flattened to one key; for a list of one element, as in search engines'
 * answers, that element.
 */
export function valueAtPath(record: Json, ...path: readonly string[]): unknown {
  const flat = record[path.join(".")];
  let value: unknown = record;
  for (const key of path) value = isObject(value) ? value[key] : undefined;
  const found = value ?? flat;
  return Array.isArray(found) && found.length === 1 ? found[0] : found;
}

/** Events nest a few levels deep; deeper objects are values. */
const maximumDepth = 16;

function* flatten(record: Json, prefix: string, depth: number): Generator<readonly [string, unknown]> {
  for (const [key, value] of Object.entries(record)) {
    if (isObject(value) && depth < maximumDepth) yield* flatten(value, `${prefix}${key}.`, depth + 1);
    else yield [`${prefix}${key}`, value];
  }
}

/** The integration writes `New Geo-Location` as `New_Geo_Location` where it has separate fields for debug data. */
function behaviorName(path: string): string {
  return path.replace(/(?<=\.behaviors\.)\w+$/, (name) =>
    name.replace("Geo_Location", "Geo-Location").replaceAll("_", " "),
  );
}
