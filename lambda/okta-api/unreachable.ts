/** Why something could not be reached: `fetch` says that in its error's cause, or in a cause of that. */
export function whyUnreachable(error: unknown): string {
  const messages = causesOf(error).map(({ message }) => message);
  return messages.findLast((message) => message !== "") ?? String(error);
}

/** The code of what ended a connection, for example `ECONNREFUSED`; null where it has none. */
export function codeOfUnreachable(error: unknown): string | null {
  const codes = causesOf(error).map(({ code }) => code);
  return codes.findLast((code): code is string => typeof code === "string") ?? null;
}

/** An error, its cause, the cause of that, and so on; of several at once the first. */
function causesOf(error: unknown): (Error & { readonly code?: unknown })[] {
  if (!(error instanceof Error)) return [];
  const next: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  return [error, ...causesOf(next)];
}
