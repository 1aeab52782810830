import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/**
 * Writes a file of the project; or, to check it, writes nothing and names it where it differs, with exit code 1.
 *
 * @param name its path from the top of the project
 * @param fault what is said of one that differs, after its name
 */
export async function writeOrCheck(name: string, text: string, isCheck: boolean, fault: string): Promise<void> {
  const file = fileURLToPath(new URL(`../${name}`, import.meta.url));
  if (!isCheck) {
    await writeFile(file, text);
  } else if ((await readFile(file, "utf8").catch(() => "")) !== text) {
    process.stderr.write(`${name} ${fault}\n`);
    process.exitCode = 1;
  }
}
