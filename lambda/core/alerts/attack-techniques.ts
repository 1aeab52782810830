/**
 * The names of MITRE ATT&CK's techniques that the shipped detections name by their tags: facts of
 * https://attack.mitre.org/techniques/enterprise/.
 */
const names: Readonly<Record<string, string>> = {
  T1078: "Valid Accounts",
  T1090: "Proxy",
  T1098: "Account Manipulation",
  T1110: "Brute Force",
  T1136: "Create Account",
  T1199: "Trusted Relationship",
  T1213: "Data from Information Repositories",
  T1484: "Domain or Tenant Policy Modification",
  T1499: "Endpoint Denial of Service",
  T1528: "Steal Application Access Token",
  T1531: "Account Access Removal",
  T1537: "Transfer Data to Cloud Account",
  T1538: "Cloud Service Dashboard",
  T1539: "Steal Web Session Cookie",
  T1550: "Use Alternate Authentication Material",
  T1552: "Unsecured Credentials",
  T1555: "Credentials from Password Stores",
  T1556: "Modify Authentication Process",
  T1557: "Adversary-in-the-Middle",
  T1566: "Phishing",
  T1621: "Multi-Factor Authentication Request Generation",
  T1685: "Disable or Modify Tools",
};

/**
 * The name of a technique.
 *
 * @param id `T1078`
 * @returns the id itself for a technique that no shipped detection names: readers of OCSF require a name
 */
export function techniqueName(id: string): string {
  return names[id] ?? id;
}
