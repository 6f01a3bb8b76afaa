import { logRetentionSchema, type LogRetention } from "../../../contract/features/logs.ts";
import type { Settings } from "../../../contract/features/settings.ts";

/** How logs are kept, from the settings of the panel and our defaults. */
export function retentionFrom({ rotateAtMegabytes, keepFiles, keepDays }: Settings["logs"]): LogRetention {
  return logRetentionSchema.parse({
    maxFileBytes: Math.round(rotateAtMegabytes * 1024 * 1024),
    keepFiles,
    keepDays,
  });
}
