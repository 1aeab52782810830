import type { AnonymousNetwork } from "../../lambda/core/okta/anonymous-network.ts";
import type { GeoJudgement } from "../../lambda/core/profiles/judge-location.ts";
import type { PersonRow, Table } from "../../pages/report/report.ts";
import { createBoundedMap } from "./bounded-map.ts";
import { dayOf } from "./calendar.ts";
import { addNetwork, gravestNetworks, type NetworkCounts } from "./person-networks.ts";
import { tableOf } from "./rows.ts";

const maximumPersons = 20_000;
/** Networks of one person that are distinguished. */
const maximumNetworks = 10;

/** A person who came first in the last days is new, where the days before them are known. */
const newDays = 7;
const leastDays = 14;

/** A sign-in through an anonymous network. */
export interface PersonSignIn {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly succeeded: boolean;
  /** Null where no profile location of the person is known. */
  readonly judgement: GeoJudgement | null;
  /** The autonomous system or the prefix; null where Okta names none. */
  readonly networkKey: string | null;
  readonly network: Pick<AnonymousNetwork, "kinds" | "operators">;
}

interface PersonCounts {
  signIns: number;
  failed: number;
  alerts: number;
  judged: number;
  far: number;
  farthestKm: number | null;
  first: number;
  last: number;
  readonly through: NetworkCounts;
  /** The first and the last day of each network. */
  readonly networks: Map<string, { first: string; last: string }>;
}

/** Counts by person. */
export function createPersonTally() {
  const persons = createBoundedMap<string, PersonCounts>(maximumPersons, () => ({
    signIns: 0,
    failed: 0,
    alerts: 0,
    judged: 0,
    far: 0,
    farthestKm: null,
    first: Number.POSITIVE_INFINITY,
    last: Number.NEGATIVE_INFINITY,
    through: new Map(),
    networks: new Map(),
  }));
  let beyond = 0;
  return {
    countSignIn(person: string, signIn: PersonSignIn) {
      const counts = persons.of(person);
      if (counts === null) beyond += 1;
      else add(counts, signIn);
    },
    countAlert(person: string) {
      const counts = persons.of(person);
      if (counts !== null) counts.alerts += 1;
    },
    /** The persons who signed in through an anonymous network, as far as they are distinguished. */
    signedIn: () => [...persons.entries()].filter(([, { signIns }]) => signIns > 0).length + (beyond > 0 ? 1 : 0),
    /** @param to the last day; null where there is none. @param days from the first to the last */
    table(to: string | null, days: number): Table<PersonRow> {
      const newSince = to === null || days < leastDays ? null : Date.parse(to) - (newDays - 1) * 86_400_000;
      const rows = [...persons.entries()]
        .map(([person, counts]) => rowOf(person, counts, newSince))
        .sort((a, b) => b.alerts - a.alerts || (b.signIns ?? 0) - (a.signIns ?? 0) || (a.person < b.person ? -1 : 1));
      return tableOf(rows, beyond);
    },
  };
}

function add(counts: PersonCounts, { time, succeeded, judgement, networkKey, network }: PersonSignIn): void {
  counts.signIns += 1;
  if (!succeeded) counts.failed += 1;
  counts.first = Math.min(counts.first, time);
  counts.last = Math.max(counts.last, time);
  if (judgement !== null) {
    counts.judged += 1;
    if (judgement.verdict === "mismatch") counts.far += 1;
    if (judgement.distanceKm !== null)
      counts.farthestKm = Math.max(counts.farthestKm ?? 0, Math.round(judgement.distanceKm));
  }
  addNetwork(counts.through, network);
  if (networkKey === null) return;
  const name = JSON.stringify([networkKey, network.kinds.toSorted(), network.operators.toSorted()]);
  const known = counts.networks.get(name);
  const day = dayOf(time);
  if (known !== undefined) {
    if (day < known.first) known.first = day;
    if (day > known.last) known.last = day;
  } else if (counts.networks.size < maximumNetworks) counts.networks.set(name, { first: day, last: day });
}

function rowOf(person: string, counts: PersonCounts, newSince: number | null): PersonRow {
  const { signIns, failed, alerts, judged, far, farthestKm, first, last, through, networks } = counts;
  const isSeen = signIns > 0;
  return {
    person,
    signIns,
    failed,
    alerts,
    far: judged === 0 ? null : far,
    farthestKm,
    first: isSeen ? dayOf(first) : null,
    last: isSeen ? dayOf(last) : null,
    networks: gravestNetworks(through),
    isNew: newSince === null || !isSeen ? null : first >= newSince,
    isUsual: [...networks.values()].some((each) => each.first < each.last),
  };
}
