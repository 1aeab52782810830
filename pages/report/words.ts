import type { NetworkKind } from "../../lambda/core/okta/network-service.ts";
import type { PersonNetwork } from "./report.ts";

const names: Readonly<Record<NetworkKind, string>> = {
  tor: "Tor",
  residential_proxy: "Residential proxy",
  blockchain_vpn: "Blockchain VPN",
  proxy: "Proxy",
  vpn: "VPN",
  relay: "Privacy relay",
};

/** A kind of network; null for one that Okta does not name. */
export const kindName = (kind: NetworkKind | null) => (kind === null ? "Not named by Okta" : names[kind]);

/** An operator; null for one that Okta does not name. */
export const operatorName = (operator: string | null) => operator ?? "Not named by Okta";

/** A person's network: `Tor`, `VPN (NORD_VPN)`; one that has neither kind nor operator is not named by Okta. */
export function networkName({ kinds, operators }: PersonNetwork): string {
  const names = kinds.map((kind) => kindName(kind)).join(" and ");
  const operated = operators.join(", ");
  if (names === "" || operated === "") return names || operated || kindName(null);
  return `${names} (${operated})`;
}

/** A number as people write it: `1,234`. */
export const number = (value: number) => Math.round(value).toLocaleString("en-US");

/** A number a week: `0.2`, `6.4`, `62`. */
export const rate = (value: number) => (value >= 10 || value === 0 ? number(value) : value.toFixed(1));

/** A part of a whole: `18.7 %`; nothing of nothing. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return "";
  const share = (100 * part) / whole;
  return `${share === 0 || share >= 10 ? share.toFixed(0) : share.toFixed(1)} %`;
}

/** `16 November 2026`. */
export function dayName(day: string): string {
  const form = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" } as const;
  return new Date(day).toLocaleDateString("en-GB", form);
}

/** `Mon 16 Nov`. */
export function shortDay(day: string): string {
  const form = { weekday: "short", day: "2-digit", month: "short", timeZone: "UTC" } as const;
  return new Date(day).toLocaleDateString("en-GB", form).replace(",", "");
}
