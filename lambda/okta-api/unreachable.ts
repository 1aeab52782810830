/** Why something could not be reached: `fetch` says that in its error's cause. */
export function whyUnreachable(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? cause.message : message;
}
