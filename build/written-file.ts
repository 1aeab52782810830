import { readFile, rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/**
 * Writes a file of the project where it differs; or, to check it, writes nothing and names it where it differs, with exit code 1.
 *
 * @param name its path from the top of the project
 * @param fault what is said of one that differs, after its name
 */
export async function writeOrCheck(name: string, text: string, isCheck: boolean, fault: string): Promise<void> {
  const file = fileURLToPath(new URL(`../${name}`, import.meta.url));
  if ((await readFile(file, "utf8").catch(() => "")) === text) return;
  if (isCheck) {
    process.stderr.write(`${name} ${fault}\n`);
    process.exitCode = 1;
    return;
  }
  // Whatever ends the program meanwhile, the file is whole.
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
  process.stderr.write(`${name} is written anew\n`);
}
