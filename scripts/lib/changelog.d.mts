export function releaseChangelog(
  changelog: string,
  version: string,
  date: string,
): { changelog: string; notes: string } | null;
