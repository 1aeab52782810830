import type { AnonymousNetwork } from "../../lambda/core/okta/anonymous-network.ts";
import { type NetworkKind, networkKinds } from "../../lambda/core/okta/network-service.ts";
import type { Report } from "../../pages/report/report.ts";
import { createBoundedMap } from "./bounded-map.ts";
import { tableOf } from "./rows.ts";

/** Okta knows some hundred operators. */
const maximumOperators = 500;

/** Counts sign-ins by kind and operator of their anonymous network. */
export function createNetworkTally() {
  const create = () => ({ signIns: 0, persons: new Set<string>() });
  const kinds = createBoundedMap<NetworkKind | null, ReturnType<typeof create>>(networkKinds.length + 1, create);
  const operators = createBoundedMap<string | null, ReturnType<typeof create>>(maximumOperators, create);
  let beyond = 0;
  const add = (counts: ReturnType<typeof create> | null, person: string) => {
    if (counts === null) {
      beyond += 1;
      return;
    }
    counts.signIns += 1;
    counts.persons.add(person);
  };
  const named = <Name>(all: IterableIterator<[Name, ReturnType<typeof create>]>) =>
    [...all]
      .map(([name, { signIns, persons }]) => ({ name, signIns, persons: persons.size }))
      .sort((a, b) => b.signIns - a.signIns);
  return {
    count(network: Pick<AnonymousNetwork, "kinds" | "operators">, person: string) {
      for (const kind of network.kinds.length === 0 ? [null] : network.kinds) add(kinds.of(kind), person);
      for (const name of network.operators.length === 0 ? [null] : network.operators) add(operators.of(name), person);
    },
    summary: (): Pick<Report, "kinds" | "operators"> => ({
      kinds: named(kinds.entries()).map(({ name, ...counts }) => ({ kind: name, ...counts })),
      operators: tableOf(
        named(operators.entries()).map(({ name, ...counts }) => ({ operator: name, ...counts })),
        beyond,
      ),
    }),
  };
}
