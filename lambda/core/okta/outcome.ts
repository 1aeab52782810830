/** Whether an act succeeded, by the event's `outcome.result`; an event without one counts as success. */
export function succeeded(result: string | null): boolean {
  return result === null || /^(SUCCESS|ALLOW)$/i.test(result);
}
