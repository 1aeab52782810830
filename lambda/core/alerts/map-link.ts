import type { GeographicalContext } from "../okta/log-event.ts";
import { coordinatesOfExit } from "../profiles/judge-location.ts";
import type { Alert } from "./alert-schema.ts";

/**
 * A link to the place of an exit on OpenStreetMap. It holds coordinates alone, to a hundredth of a degree, about a kilometer: nothing
 * of the user. Null where Okta names no place (https://wiki.openstreetmap.org/wiki/Browsing).
 */
export function mapLink(exit: GeographicalContext | null): string | null {
  const coordinates = exit === null ? null : coordinatesOfExit(exit);
  if (coordinates === null) return null;
  const [latitude, longitude] = [coordinates.latitude.toFixed(2), coordinates.longitude.toFixed(2)];
  return `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}&zoom=7`;
}

/** An alert without the link, where the setting `mapLinks` is off. */
export function withoutMapLink(alert: Alert): Alert {
  return { ...alert, links: { ...alert.links, map: null } };
}
