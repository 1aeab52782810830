import { describe, expect, test } from "vitest";
import { isOperator, operatorName } from "../../../lambda/core/okta/operator.ts";

describe("an operator", () => {
  test.each([
    ["NORD_VPN", "NORDVPN", "NordVPN", "nord", "Nord VPN", "nord-vpn"],
    ["MULLVAD_VPN", "mullvad", "Mullvad VPN"],
    ["LUMINATI_PROXY", "luminati", "LuminatiProxy", "Bright Data"],
    [
      "APPLE_ICLOUD_RELAY_PROXY",
      "apple icloud relay",
      "iCloud Private Relay",
      "icloud relay",
      "Apple iCloud Private Relay",
    ],
    ["TOR_EXIT", "tor exit"],
    ["STARVPN_PROXY", "StarVPN Proxy", "star"],
    ["9PROXY_PROXY", "9proxy_proxy", "9"],
  ])("%s is met however people write it", (okta, ...named) => {
    expect(named.filter((each) => !isOperator(okta, each))).toEqual([]);
    expect(isOperator(okta, okta)).toBe(true);
  });

  test.each([
    ["NORD_PROXY", "NordVPN"],
    ["NORDLAYER_VPN", "nord"],
    ["NORD_VPN", ""],
    ["NORD_VPN", "nor"],
    ["GOOGLE_VPN", "iCloud Private Relay"],
    ["VPN", "PROXY"],
  ])("%s is not %j", (okta, named) => {
    expect(isOperator(okta, named)).toBe(false);
  });

  test("has a name without case, spaces and signs", () => {
    expect(operatorName("Nord\u00a0VPN")).toBe("NORDVPN");
  });
});
