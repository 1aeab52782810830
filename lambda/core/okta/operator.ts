/** An operator's name without case, spaces and signs: `NORD_VPN` and `NordVPN` are `NORDVPN`. */
export function operatorName(name: string): string {
  return name
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[^\p{L}\p{N}]+/gu, "");
}

/**
 * Common names of operators, and Okta's: Okta shortens iCloud Private Relay, and Bright Data was Luminati until 2021.
 */
const aliases: ReadonlyMap<string, string> = new Map([
  ["ICLOUDPRIVATERELAY", "APPLEICLOUDRELAY"],
  ["APPLEICLOUDPRIVATERELAY", "APPLEICLOUDRELAY"],
  ["APPLEPRIVATERELAY", "APPLEICLOUDRELAY"],
  ["PRIVATERELAY", "APPLEICLOUDRELAY"],
  ["ICLOUDRELAY", "APPLEICLOUDRELAY"],
  ["BRIGHTDATA", "LUMINATI"],
]);

/** A name without the kind of service at its end. */
function stem(name: string): string {
  let rest = name;
  while (/.(?:VPN|PROXY)$/.test(rest)) rest = rest.replace(/(?:VPN|PROXY)$/, "");
  return rest;
}

/**
 * Whether a name given by a person means this operator of Okta's: as Okta writes it (`NORD_VPN`), or without the kind
 * of service at its end (`nord`). A name with a kind means that kind alone: `NordVPN` is not `NORD_PROXY`.
 */
export function isOperator(okta: string, named: string): boolean {
  const [theirs, wanted] = [operatorName(okta), operatorName(named)];
  const alias = aliases.get(wanted) ?? aliases.get(stem(wanted));
  if (alias !== undefined) return stem(theirs) === alias;
  return theirs === wanted || (wanted !== "" && stem(wanted) === wanted && stem(theirs) === wanted);
}

/** Operators that Okta's help names (Supported IP service categories; it adds some with each release). */
export const knownOperators: readonly string[] = [
  "APPLE_ICLOUD_RELAY_PROXY",
  "AVAST_VPN",
  "EXPRESS_VPN",
  "GLOBALPROTECT_VPN",
  "GOOGLE_VPN",
  "LUMINATI_PROXY",
  "MULLVAD_VPN",
  "NORD_VPN",
  "OXYLABS_PROXY",
  "SAMSUNG_VPN",
  "SURFSHARK_VPN",
  "SYMANTEC_VPN",
  "TRENDMICRO_VPN",
  "ULTRASURF_VPN",
];
