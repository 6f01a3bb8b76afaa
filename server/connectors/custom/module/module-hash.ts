import { createHash } from "node:crypto";

/** Of all files a module is made of, in the order of their names; the program that builds modules makes it in the same way. */
export function moduleHash(files: readonly { file: string; text: string }[]): string {
  const hash = createHash("sha256");
  for (const { file, text } of files.toSorted((a, b) => (a.file < b.file ? -1 : 1)))
    hash.update(`${file}\0${createHash("sha256").update(text).digest("hex")}\n`);
  return hash.digest("hex");
}
