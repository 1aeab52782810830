import type { Service } from "./emulators.ts";
import type { Fault, FaultProxy } from "./fault-proxy.ts";
import type { LocalRoutes } from "./http-front.ts";

interface Chaos {
  readonly service: Service;
  readonly fault: Fault;
}

const down: Fault = { kind: "refuse" };
/** Longer than Okta's time-out. */
const slow: Fault = { kind: "delay", milliseconds: 4_000 };

/** The services of the embedded run that can fail, by name. */
export const chaosFaults = {
  sns: { service: "sns", fault: down },
  dynamodb: { service: "dynamodb", fault: down },
  sqs: { service: "sqs", fault: down },
  "slow-sns": { service: "sns", fault: slow },
  "slow-dynamodb": { service: "dynamodb", fault: slow },
  "slow-sqs": { service: "sqs", fault: slow },
} as const satisfies Record<string, Chaos>;

/** A fault by name: `sns`, `slow-dynamodb`... */
export type ChaosName = keyof typeof chaosFaults;

/** Whether a fault of this name exists. */
export function isChaosName(name: string): name is ChaosName {
  return Object.hasOwn(chaosFaults, name);
}

/** `PUT` starts a fault and `DELETE` ends it, while the run goes on. */
export function chaosRoutes(faults: Readonly<Record<Service, FaultProxy>>): LocalRoutes {
  return Object.fromEntries(
    Object.entries(chaosFaults).flatMap(([name, { service, fault }]) => {
      const set = (wanted: Fault | null) => () => {
        faults[service].set(wanted);
        return { [service]: wanted };
      };
      return [
        [`PUT /_local/chaos/${name}`, set(fault)],
        [`DELETE /_local/chaos/${name}`, set(null)],
      ];
    }),
  );
}
