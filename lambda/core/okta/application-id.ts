import type { LogEvent } from "./log-event.ts";

/** The ids of the apps that an event is about: its targets of type `AppInstance`. */
export function applicationIds({ fields: { target } }: LogEvent): readonly string[] {
  return target.flatMap((each) => (each?.type?.toLowerCase() === "appinstance" && each.id !== null ? [each.id] : []));
}
