import { mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";

import { metricsSchema, type Metrics } from "../../../contract/features/processes.ts";
import { readWhole, replaceFile, systemDisk } from "../../../lib/durable-file.ts";
import type { Logger } from "../../../lib/logger.ts";
import { stepMs, type MetricsRing } from "./metrics-ring.ts";

export interface MetricsFileOptions {
  /** Absolute path; nothing but this program reads it. */
  file: string;
  ring: MetricsRing;
  now: () => number;
  logger: Logger;
  /** A minute by default. */
  everyMs?: number;
}

const maxBytes = 16 * 1024 * 1024;

/**
 * Keeps the last hour of CPU and memory over a restart: reads what an earlier run left, then writes each minute and when
 * stopped. A file that is missing, damaged or from the future costs the curves and nothing else.
 */
export async function keepMetrics(options: MetricsFileOptions): Promise<{ stop(): Promise<void> }> {
  const { file, ring, now, logger, everyMs = 60_000 } = options;
  await restore();
  let writing = Promise.resolve();
  const save = (): Promise<void> => {
    writing = writing.then(write);
    return writing;
  };
  const timer = setInterval(() => void save(), everyMs).unref();
  return {
    stop() {
      clearInterval(timer);
      return save();
    },
  };

  async function restore(): Promise<void> {
    try {
      const found = await readWhole(systemDisk, file, maxBytes);
      if (found === null) return;
      const metrics: Metrics = metricsSchema.parse(JSON.parse(found.bytes.toString("utf8")));
      const ageMs = now() - Date.parse(metrics.until);
      if (metrics.stepMs === stepMs && ageMs >= -2 * stepMs) ring.restore(metrics);
    } catch (error) {
      logger.warn("The curves of the last hour could not be read; they start anew", { file, cause: String(error) });
      await rm(file, { force: true }).catch(() => {
        logger.debug("The damaged file could not be removed", { file });
      });
    }
  }

  async function write(): Promise<void> {
    try {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await replaceFile(systemDisk, file, JSON.stringify(ring.read(now(), () => true)));
    } catch (error) {
      logger.warn("The curves of the last hour could not be kept", { file, cause: String(error) });
    }
  }
}
