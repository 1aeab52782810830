/** A domain name, as logins end in. */
export const domainPattern = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}$/i;

/** Domains, divided by spaces or commas, in lower case; null when one of them is not a domain. */
export function readDomains(text: string): string[] | null {
  const domains = text.split(/[\s,]+/).filter((domain) => domain !== "");
  return domains.every((domain) => domainPattern.test(domain)) ? domains.map((domain) => domain.toLowerCase()) : null;
}
