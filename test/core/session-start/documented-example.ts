import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import type { Json } from "../../fixtures/events.ts";

/** The rule of docs/detections.md about sessions, as a user copies it. */
export async function documentedExample(): Promise<Json> {
  const page = await readFile(new URL("../../../docs/detections.md", import.meta.url), "utf8");
  const [, section = ""] = page.split("\n### Session\n");
  const [, rule = ""] = /```yaml\n([\s\S]*?)```/.exec(section) ?? [];
  return parse(rule) as Json;
}
