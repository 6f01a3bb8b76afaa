import { logRetentionSchema, type LogRetention } from "../../../contract/features/logs.ts";
import type { Settings } from "../../../contract/features/settings.ts";

/** How logs are kept, from the settings of the panel and our defaults. */
export function retentionFrom(logs: Settings["logs"]): LogRetention {
  const { rotateAtMegabytes, rotateAfterDays, keepFiles, keepDays, totalMegabytes } = logs;
  return logRetentionSchema.parse({
    maxFileBytes: Math.round(rotateAtMegabytes * 1024 * 1024),
    maxFileAgeHours: rotateAfterDays * 24,
    keepFiles,
    keepDays,
    maxTotalBytes: totalMegabytes * 1024 * 1024,
  });
}
