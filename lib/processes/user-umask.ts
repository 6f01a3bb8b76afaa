/** What this process began with, once it keeps its own files private. */
let ofUser: number | null = null;

/** From now on what this process makes is its owner's alone, whatever modes libraries ask for. */
export function keepFilesPrivate(): void {
  const before = process.umask(0o077);
  ofUser ??= before;
}

/**
 * Runs `work` with the mask the user has: for programs, which inherit it, and for what is made in the user's own folders. It must
 * not wait for anything, since the mask is that of the whole process.
 */
export function withUserUmask<T>(work: () => T): T {
  if (ofUser === null) return work();
  const own = process.umask(ofUser);
  try {
    return work();
  } finally {
    process.umask(own);
  }
}

/** Mode of a new file in a folder of the user. */
export function userFileMode(): number {
  return 0o666 & ~(ofUser ?? process.umask());
}
