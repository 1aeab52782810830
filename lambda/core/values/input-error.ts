/** Input that cannot be used: a file, a setting, an option. The message has the fault, its place, and the remedy. */
export class InputError extends Error {
  override readonly name: string = "InputError";
}
