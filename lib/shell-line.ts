/** Words as a line for a POSIX shell that takes each for exactly what it is; one that needs no quotes stays as it is. */
export function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}

/** One of them. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./^-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
