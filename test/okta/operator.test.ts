import { describe, expect, test } from "vitest";
import { operatorKey } from "../../lambda/okta/operator.ts";

describe("an operator", () => {
  test.each([
    ["NORD_VPN", "NORDVPN", "NordVPN", "nord", "Nord VPN", "nord-vpn"],
    ["MULLVAD_VPN", "mullvad", "Mullvad VPN"],
    ["LUMINATI_PROXY", "luminati", "LuminatiProxy"],
    ["APPLE_ICLOUD_RELAY_PROXY", "apple icloud relay", "APPLE_ICLOUD_RELAY"],
    ["TOR_EXIT", "tor exit"],
  ])("%s is one, however people write it", (first, ...others) => {
    expect(others.map(operatorKey)).toEqual(others.map(() => operatorKey(first)));
  });

  test("is no other one, and never nothing", () => {
    const all = ["NORD_VPN", "NORDLAYER_VPN", "SURFSHARK_VPN", "APPLE_ICLOUD_RELAY_PROXY", "VPN", "PROXY", "PROXY_VPN"];
    expect(new Set(all.map(operatorKey)).size).toBe(all.length - 1);
    expect(all.map(operatorKey)).not.toContain("");
    expect(operatorKey("PROXY_VPN")).toBe(operatorKey("PROXY"));
  });
});
