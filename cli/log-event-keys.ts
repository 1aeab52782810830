/** The keys of Okta's LogEvent and of what the parts of it hold that we read, as Okta writes them. */
const keys = `actor alternateId anonymous asNumber asOrg authenticationContext authenticationProvider authenticationStep
behaviors browser city client country credentialProvider credentialType debugContext debugData detail detailEntry
detectionName device displayMessage displayName domain eventType externalSessionId geographicalContext geolocation id
insertionTimestamp interface ip ipAddress ipChain ipDetails ipServiceCategories isAnonymous isProxy isp issuer lat
legacyEventType level logOnlySecurityData lon name operator os outcome postalCode previousLevel published rawUserAgent
reason reasons request result risk rootSessionId securityContext severity source state target threatSuspected transaction
tunnels type userAgent userBehaviors uuid version zone`.split(/\s+/);

const asWritten = new Map(keys.map((key) => [key.toLowerCase(), key]));

/**
 * Gives an event's keys the case in which Okta writes them: exports that went through a SIEM may be all lower case.
 * Keys that are not Okta's stay, and where both spellings stand side by side, nothing is changed.
 */
export function restoreKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(restoreKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      const restored = asWritten.get(key.toLowerCase()) ?? key;
      return [restored !== key && Object.hasOwn(value, restored) ? key : restored, restoreKeys(each)];
    }),
  );
}
