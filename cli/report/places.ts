import type { Coordinates } from "../../lambda/core/geo/distance.ts";
import { usableCoordinates } from "../../lambda/core/geo/distance.ts";
import type { GeographicalContext } from "../../lambda/core/okta/log-event.ts";
import { coordinatesOfExit, type GeoJudgement } from "../../lambda/core/profiles/judge-location.ts";
import type { ProfileLocation } from "../../lambda/core/profiles/profile-location.ts";
import { bySeverity, type Level } from "../../lambda/core/sigma/rule.ts";
import type { ExitRow, HomeRow, Table } from "../../pages/report/report.ts";
import { createBoundedMap } from "./bounded-map.ts";
import { maximumRows, tableOf } from "./rows.ts";

const maximumExits = 5_000;
const maximumHomes = 5_000;
/** Profile locations of one exit that are distinguished. */
const maximumHomesOfExit = 10;

interface ExitCounts {
  place: string;
  at: Coordinates | null;
  signIns: number;
  far: number;
  alerts: number;
  severity: Level | null;
  readonly homes: Map<string, { readonly at: Coordinates; count: number }>;
}

interface HomeCounts {
  place: string;
  at: Coordinates | null;
  readonly persons: Set<string>;
}

/** Counts by the place of the exit, and of profile locations. */
export function createPlaceTally() {
  const exits = createBoundedMap<string, ExitCounts>(maximumExits, () => ({
    place: "",
    at: null,
    signIns: 0,
    far: 0,
    alerts: 0,
    severity: null,
    homes: new Map(),
  }));
  const homes = createBoundedMap<string, HomeCounts>(maximumHomes, () => ({ place: "", at: null, persons: new Set() }));
  let beyond = 0;
  const exitOf = (exit: GeographicalContext | null): ExitCounts | null => {
    const place = placeOf(exit);
    const at = exit === null ? null : coordinatesOfExit(exit);
    const counts = exits.of(`${place} ${at === null ? "" : keyOf(at)}`);
    if (counts !== null && counts.signIns + counts.alerts === 0) Object.assign(counts, { place, at });
    return counts;
  };
  const countHome = (location: ProfileLocation, person: string) => {
    const at = coordinatesOf(location);
    if (at === null) return;
    const counts = homes.of(keyOf(at));
    if (counts === null) return;
    counts.at ??= at;
    if (counts.place === "") counts.place = placeOfProfile(location);
    counts.persons.add(person);
  };
  return {
    countSignIn(
      exit: GeographicalContext | null,
      person: string,
      locations: readonly ProfileLocation[],
      judgement: GeoJudgement | null,
    ) {
      for (const location of locations) countHome(location, person);
      const counts = exitOf(exit);
      if (counts === null) {
        beyond += 1;
        return;
      }
      counts.signIns += 1;
      if (judgement?.verdict !== "mismatch") return;
      counts.far += 1;
      const home = judgement.nearestProfileLocation && coordinatesOf(judgement.nearestProfileLocation);
      if (home === null) return;
      const known = counts.homes.get(keyOf(home));
      if (known !== undefined) known.count += 1;
      else if (counts.homes.size < maximumHomesOfExit) counts.homes.set(keyOf(home), { at: home, count: 1 });
    },
    countAlert(exit: GeographicalContext | null, severity: Level) {
      const counts = exitOf(exit);
      if (counts === null) return;
      counts.alerts += 1;
      if (counts.severity === null || bySeverity(severity, counts.severity) < 0) counts.severity = severity;
    },
    summary(): { readonly exits: Table<ExitRow>; readonly homes: readonly HomeRow[] } {
      const rows = [...exits.entries()]
        .map(([, { homes: ofExit, ...counts }]): ExitRow => {
          const [most] = [...ofExit.values()].sort((a, b) => b.count - a.count);
          return { ...counts, home: most?.at ?? null };
        })
        .filter(({ signIns, alerts }) => signIns + alerts > 0)
        .sort((a, b) => b.alerts - a.alerts || b.signIns - a.signIns || (a.place < b.place ? -1 : 1));
      const places = [...homes.entries()]
        .flatMap(([, { place, at, persons }]) => (at === null ? [] : [{ place, at, persons: persons.size }]))
        .sort((a, b) => b.persons - a.persons || (a.place < b.place ? -1 : 1));
      return { exits: tableOf(rows, beyond), homes: places.slice(0, maximumRows) };
    },
  };
}

/** `Toronto, Ontario, Canada`. */
function placeOf(exit: GeographicalContext | null): string {
  const names = [exit?.city, exit?.state, exit?.country].filter((name) => name?.trim());
  return names.length === 0 ? "place unknown" : [...new Set(names)].join(", ");
}

/** `Lisbon, PT`. */
function placeOfProfile({ city, state, countryCode }: ProfileLocation): string {
  return [city ?? state, countryCode].filter(Boolean).join(", ") || "place without a name";
}

function coordinatesOf({ latitude, longitude, city }: ProfileLocation): Coordinates | null {
  return usableCoordinates(latitude, longitude, Boolean(city?.trim()));
}

/** Within a tenth of a degree. */
const keyOf = ({ latitude, longitude }: Coordinates) => `${latitude.toFixed(1)} ${longitude.toFixed(1)}`;
