/**
 * What an operator's name is compared by: Okta writes `NORD_VPN`, people `NORDVPN`, `NordVPN`, `Nord VPN` or `nord`, and all of
 * them are one. Case, spaces and signs do not count, nor what the name ends in: a kind of service.
 */
export function operatorKey(name: string): string {
  const folded = name
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[^\p{L}\p{N}]+/gu, "");
  return folded.replace(/(?<=.)(?:VPN|PROXY)$/u, "");
}
