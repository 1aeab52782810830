import { type Cell, faultTable } from "./fault-table.ts";

const followedUp = { broken: ["dynamodb"], status: 204, alertsAtOnce: "proxied", parked: 1 } as const satisfies Omit<
  Cell,
  "fault"
>;

faultTable(20_000, [
  { ...followedUp, fault: { kind: "refuse" } },
  { ...followedUp, fault: { kind: "hang" } },
  { ...followedUp, fault: { kind: "hang", moment: "after" } },
  { ...followedUp, fault: { kind: "delay", milliseconds: 4_000 } },
  { ...followedUp, fault: { kind: "reset", moment: "before" } },
  { ...followedUp, fault: { kind: "reset", moment: "during" } },
  { ...followedUp, fault: { kind: "reset", moment: "after" } },
  { ...followedUp, fault: { kind: "serverError" } },
  { ...followedUp, fault: { kind: "serverError", moment: "after" } },
  { ...followedUp, fault: { kind: "throttle" } },
]);
