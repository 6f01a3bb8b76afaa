import { expect, test } from "vitest";

import { logRetentionSchema } from "../../../contract/features/logs.ts";
import { settingsSchema } from "../../../contract/features/settings.ts";
import { retentionFrom } from "./retention-from.ts";

test("settings nobody has touched keep logs as the defaults of the logs say", () => {
  expect(retentionFrom(settingsSchema.parse({}).logs)).toEqual(logRetentionSchema.parse({}));
});

test("every setting reaches its limit, and the widest ones are allowed", () => {
  const logs = { rotateAtMegabytes: 1.5, rotateAfterDays: 2, keepFiles: 3, keepDays: 4, totalMegabytes: 50 };
  expect(retentionFrom(settingsSchema.parse({ logs }).logs)).toEqual({
    maxFileBytes: 1_572_864,
    maxFileAgeHours: 48,
    keepFiles: 3,
    keepDays: 4,
    maxTotalBytes: 52_428_800,
  });
  const widest = {
    rotateAtMegabytes: 1_000,
    rotateAfterDays: 365,
    keepFiles: 100,
    keepDays: 3_650,
    totalMegabytes: 1_000_000,
  };
  expect(() => retentionFrom(settingsSchema.parse({ logs: widest }).logs)).not.toThrow();
  expect(settingsSchema.safeParse({ logs: { totalMegabytes: 9 } }).success).toBe(false);
});
