/** Why something could not be reached: `fetch` says that in its error's cause. */
export function whyUnreachable(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? cause.message : message;
}

/** The code of what ended a connection, for example `ECONNREFUSED`; null where it has none. */
export function codeOfUnreachable(error: unknown): string | null {
  const { cause } = error as Error & { readonly cause?: { readonly code?: unknown; readonly cause?: unknown } };
  return typeof cause?.code === "string" ? cause.code : null;
}
