/** Why a host could not be reached: `fetch` has it in its error's chain of causes. */
export function whyUnreachable(error: unknown): string {
  const messages = causesOf(error).map(({ message }) => message);
  return messages.findLast((message) => message !== "") ?? String(error);
}

/** The code of a connection's error, for example `ECONNREFUSED`; null where it has none. */
export function codeOfUnreachable(error: unknown): string | null {
  const codes = causesOf(error).map(({ code }) => code);
  return codes.findLast((code): code is string => typeof code === "string") ?? null;
}

/** Codes of invalid certificates, from OpenSSL and Node.js. */
export const certificateFaults = {
  unknownIssuer: [
    "SELF_SIGNED_CERT_IN_CHAIN",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "UNABLE_TO_GET_ISSUER_CERT",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "CERT_UNTRUSTED",
    "INVALID_CA",
  ],
  anotherTime: ["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"],
  anotherHost: ["ERR_TLS_CERT_ALTNAME_INVALID"],
} as const;

const neverConnected: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  ...Object.values(certificateFaults).flat(),
]);

/** Whether the connection may have been open before this error, so that the request may have arrived. */
export function isConnected(code: string | null): boolean {
  return code === null || !neverConnected.has(code);
}

/** An error and its chain of causes; the first of several at once. */
function causesOf(error: unknown): (Error & { readonly code?: unknown })[] {
  if (!(error instanceof Error)) return [];
  const next: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  return [error, ...causesOf(next)];
}
