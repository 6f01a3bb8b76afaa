import * as fc from "fast-check";
import { expect, test } from "vitest";

import { createCallDays } from "./rate-limit.ts";

const hourMs = 3_600_000;

test.each([
  ["UTC", "2026-05-04T12:00:00Z", "2026-05-05T00:00:00Z"],
  ["Europe/Berlin", "2026-05-04T12:00:00Z", "2026-05-04T22:00:00Z"],
  ["Europe/Berlin", "2026-05-04T21:59:59.999Z", "2026-05-04T22:00:00Z"],
  ["Europe/Berlin", "2026-05-04T22:00:00Z", "2026-05-05T22:00:00Z"],
  // The clock is set forward: the day has 23 hours; and back: it has 25.
  ["Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"],
  ["Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"],
  ["Asia/Kathmandu", "2026-05-04T18:14:59Z", "2026-05-04T18:15:00Z"],
  ["America/Los_Angeles", "2026-01-01T07:00:00Z", "2026-01-01T08:00:00Z"],
])("in %s the day of %s ends at %s", (zone, now, end) => {
  expect(new Date(createCallDays(zone).nextDayMs(Date.parse(now))).toISOString()).toBe(new Date(end).toISOString());
});

test("whenever it is, the next day is another one, the moment before is not, and no day has more than 27 hours", () => {
  const zones = fc.constantFrom("UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia");
  const times = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2035, 0, 1) });
  fc.assert(
    fc.property(zones, times, (zone, now) => {
      const days = createCallDays(zone);
      const next = days.nextDayMs(now);
      expect(days.dayOf(next)).not.toBe(days.dayOf(now));
      expect(days.dayOf(next - 1)).toBe(days.dayOf(now));
      expect(next - now).toBeLessThanOrEqual(27 * hourMs);
    }),
  );
});
