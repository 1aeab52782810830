import { startEmulators } from "../local/emulators.ts";

/*
 * The emulators in a process of their own, each call held up by as many milliseconds as the first argument says, so that
 * what is measured does not compete with them. Writes its environment on standard output, and stops with its parent.
 */

const emulators = await startEmulators();
for (const proxy of Object.values(emulators.faults)) {
  proxy.set({ kind: "delay", milliseconds: Number(process.argv[2]) });
}
process.stdout.write(`environment ${JSON.stringify(emulators.environment)}\n`);
process.once("disconnect", () => process.exit());
