import { z } from "zod";

export { systemClock } from "../../lib/clock.ts";
export { openJsonLog } from "../../lib/json-log.ts";
export { openJsonStore } from "../../lib/json-store.ts";
export { silentLogger } from "../../lib/logger.ts";

export const counters = z.record(z.string(), z.int());

/** A row as wide as one of the action history. */
export const row = z.strictObject({
  at: z.iso.datetime(),
  who: z.string(),
  action: z.string(),
  outcome: z.enum(["done", "refused", "failed"]),
  details: z.record(z.string(), z.string()),
});
