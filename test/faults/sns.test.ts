import { type Cell, faultTable } from "./fault-table.ts";

const parked = { broken: ["sns"], status: 204, alertsAtOnce: "none", parked: 1 } as const satisfies Omit<Cell, "fault">;

faultTable(20_000, [
  { ...parked, fault: { kind: "refuse" } },
  { ...parked, fault: { kind: "hang" } },
  { ...parked, fault: { kind: "hang", moment: "after" }, mayRepeat: true },
  { ...parked, fault: { kind: "delay", milliseconds: 4_000 }, mayRepeat: true },
  { ...parked, fault: { kind: "reset", moment: "before" } },
  { ...parked, fault: { kind: "reset", moment: "during" }, mayRepeat: true },
  { ...parked, fault: { kind: "reset", moment: "after" }, mayRepeat: true },
  { ...parked, fault: { kind: "serverError" } },
  { ...parked, fault: { kind: "serverError", moment: "after" }, mayRepeat: true },
  { ...parked, fault: { kind: "throttle" } },
]);
