export interface LockFile {
  packages: Record<string, { version?: string; optionalDependencies?: Record<string, string>; [key: string]: unknown }>;
}

export function missingOptionalPackages(lock: LockFile): { path: string; by: string; version: string }[];
export function completeLock(lock: LockFile): LockFile;
