import type { SessionStart } from "./session-start.ts";

/** The starts of sessions, by `enrichment.session.id`. The look-up of a delivery reads them. */
export interface SessionStartStore {
  /**
   * Keeps a start, where the store holds none that comes before it. Rejects where the store does not answer.
   *
   * @returns the start that the store holds now
   */
  keep(session: string, start: SessionStart, signal: AbortSignal): Promise<SessionStart>;
}
