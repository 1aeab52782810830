import { afterAll } from "vitest";

/*
 * Files that share a process find its environment as it was before the first one: tests set the variables of functions.
 */
const before = { ...process.env };
afterAll(() => {
  for (const name of Object.keys(process.env)) if (!Object.hasOwn(before, name)) delete process.env[name];
  Object.assign(process.env, before);
});
