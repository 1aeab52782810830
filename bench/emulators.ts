import { startEmulators } from "../local/emulators.ts";

/*
 * The emulators in a process of their own, with each call delayed by the milliseconds of the first argument, so that
 * they do not compete with the measured process. Writes its environment on standard output, and stops with its parent. It answers each
 * message with the milliseconds of processor that it has taken so far; one that is a number is the delay from then on.
 */

const emulators = await startEmulators();
delayCalls(Number(process.argv[2]));
process.stdout.write(`environment ${JSON.stringify(emulators.environment)}\n`);
process.on("message", (milliseconds) => {
  if (typeof milliseconds === "number") delayCalls(milliseconds);
  const { user, system } = process.cpuUsage();
  process.send?.((user + system) / 1_000);
});
process.once("disconnect", () => process.exit());

function delayCalls(milliseconds: number): void {
  for (const proxy of Object.values(emulators.faults)) proxy.set({ kind: "delay", milliseconds });
}
