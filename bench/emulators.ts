import { startEmulators } from "../local/emulators.ts";

/*
 * The emulators in a process of their own, with each call delayed by the milliseconds of the first argument, so that
 * they do not compete with the measured process. Writes its environment on standard output, and stops with its parent.
 */

const emulators = await startEmulators();
for (const proxy of Object.values(emulators.faults)) {
  proxy.set({ kind: "delay", milliseconds: Number(process.argv[2]) });
}
process.stdout.write(`environment ${JSON.stringify(emulators.environment)}\n`);
process.once("disconnect", () => process.exit());
