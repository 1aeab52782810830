import { type NetworkKind, networkKinds } from "../../lambda/core/okta/network-service.ts";
import type { PersonNetwork } from "../../pages/report/report.ts";

/** Networks of one person that are distinguished; of more, the gravest are kept. */
const maximumNetworks = 10;
const maximumShown = 3;

/** The anonymous networks of one person, with how often each came. */
export type NetworkCounts = Map<string, { readonly network: PersonNetwork; count: number }>;

/** Counts a network. Its kinds and operators may come in any order. */
export function addNetwork(counts: NetworkCounts, { kinds, operators }: PersonNetwork): void {
  const network = { kinds: kinds.toSorted((a, b) => gravityOf(b) - gravityOf(a)), operators: operators.toSorted() };
  const key = JSON.stringify([network.kinds, network.operators]);
  const known = counts.get(key);
  if (known !== undefined) {
    known.count += 1;
    return;
  }
  if (counts.size >= maximumNetworks) {
    const [least, { network: harmless }] = [...counts].reduce((a, b) => (byGravity(a[1], b[1]) <= 0 ? b : a));
    if (gravestOf(network) <= gravestOf(harmless)) return;
    counts.delete(least);
  }
  counts.set(key, { network, count: 1 });
}

/** The networks to show: the gravest kind first, then the most frequent, at most three. */
export function gravestNetworks(counts: NetworkCounts): readonly PersonNetwork[] {
  return [...counts.values()]
    .sort(byGravity)
    .slice(0, maximumShown)
    .map(({ network }) => network);
}

type Counted = NonNullable<ReturnType<NetworkCounts["get"]>>;

const byGravity = (a: Counted, b: Counted) => gravestOf(b.network) - gravestOf(a.network) || b.count - a.count;

/** The gravity of a network's gravest kind; that of one without a kind is the least. */
const gravestOf = ({ kinds: [first] }: PersonNetwork) => (first === undefined ? -1 : gravityOf(first));

const gravityOf = (kind: NetworkKind) => networkKinds.indexOf(kind);
