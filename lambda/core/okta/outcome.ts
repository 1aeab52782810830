/**
 * Whether what was tried came about, as far as the event tells.
 *
 * @param result the event's `outcome.result`
 */
export function gotIn(result: string | null): boolean {
  return result === null || /^(SUCCESS|ALLOW)$/i.test(result);
}
