import { type Cell, faultTable } from "./fault-table.ts";

/** The malformed event cannot be parked, so that Okta is asked to deliver again; the alert is out all the same. */
const sqs = { broken: ["sqs"], status: 503, alertsAtOnce: "both", parked: 0 } as const satisfies Omit<Cell, "fault">;
/** An alert can neither be published nor parked. */
const both = { broken: ["sns", "sqs"], status: 503, alertsAtOnce: "none", parked: 0 } as const;
/** The alert is out, and its undecided rules can be neither decided nor parked. */
const stores = { broken: ["dynamodb", "sqs"], status: 503, alertsAtOnce: "proxied", parked: 0 } as const;
const all = { broken: ["dynamodb", "sns", "sqs"], status: 503, alertsAtOnce: "none", parked: 0 } as const;

faultTable(4_000, [
  { ...sqs, fault: { kind: "refuse" } },
  { ...sqs, fault: { kind: "hang" } },
  { ...sqs, fault: { kind: "reset", moment: "before" } },
  { ...sqs, fault: { kind: "reset", moment: "after" } },
  { ...sqs, fault: { kind: "serverError" } },
  { ...sqs, fault: { kind: "throttle" } },
  { ...both, fault: { kind: "refuse" } },
  { ...both, fault: { kind: "hang" } },
  { ...both, fault: { kind: "serverError" } },
  { ...stores, fault: { kind: "refuse" }, mayRepeat: true },
  { ...stores, fault: { kind: "hang" }, mayRepeat: true },
  { ...all, fault: { kind: "refuse" } },
  { ...all, fault: { kind: "hang" } },
]);
