/** The part of dynalite that the embedded run uses; it ships no types. */
declare module "dynalite" {
  import type { Server } from "node:http";

  export default function dynalite(options?: { readonly createTableMs?: number }): Server;
}
