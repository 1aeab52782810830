import type { UserKey } from "../history/user-key.ts";
import type { Incident, IncidentAlert, IncidentUser } from "./incident.ts";

/** An alert that was published, for its incident. */
export interface PublishedAlert {
  /** The incident's id. */
  readonly incident: string;
  readonly alert: IncidentAlert;
  /** The person of the alert; null where it names none. */
  readonly user: IncidentUser | null;
  /** The key that the person is remembered under, where verdicts are kept; null where there is none. */
  readonly userKey: UserKey | null;
  readonly now: Date;
}

/** The store of incidents. Every method rejects when it cannot be reached. */
export interface Incidents {
  /** Adds an alert to its incident, once however often it is recorded. */
  record(published: PublishedAlert, signal: AbortSignal): Promise<void>;
  /** Null for an incident without an alert. */
  read(id: string, signal: AbortSignal): Promise<Incident | null>;
}
