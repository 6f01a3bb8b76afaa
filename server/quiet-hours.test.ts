import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { isQuiet, quietUntil } from "./quiet-hours.ts";

const zone = "Europe/Berlin";
const until = (from: string, to: string, now: string): string | null => {
  const at = quietUntil({ from, to }, Date.parse(now), zone);
  return at === null ? null : new Date(at).toISOString();
};

describe("quiet hours", () => {
  it("end on the wall clock, over midnight too", () => {
    expect(until("22:30", "07:00", "2026-05-04T19:00:00Z")).toBeNull();
    expect(until("22:30", "07:00", "2026-05-04T20:30:00Z")).toBe("2026-05-05T05:00:00.000Z");
    expect(until("22:30", "07:00", "2026-05-05T04:59:59Z")).toBe("2026-05-05T05:00:00.000Z");
    expect(until("22:30", "07:00", "2026-05-05T05:00:00Z")).toBeNull();
    expect(until("12:00", "13:00", "2026-05-05T10:15:20Z")).toBe("2026-05-05T11:00:00.000Z");
    expect(until("12:00", "12:00", "2026-05-05T10:00:00Z")).toBeNull();
  });

  it("end at the right moment when the clocks change", () => {
    expect(until("22:00", "07:00", "2026-03-28T22:00:00Z")).toBe("2026-03-29T05:00:00.000Z");
    expect(until("22:00", "07:00", "2026-10-24T21:00:00Z")).toBe("2026-10-25T06:00:00.000Z");
    // 02:30 does not exist that night: the next minute that does is 03:00.
    expect(until("01:00", "02:30", "2026-03-29T00:10:00Z")).toBe("2026-03-29T01:00:00.000Z");
  });

  it("are over at the moment they name, and hold until the minute before", () => {
    const time = fc
      .integer({ min: 0, max: 24 * 60 - 1 })
      .map(
        (minutes) => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`,
      );
    const moment = fc.integer({ min: Date.parse("2026-01-01"), max: Date.parse("2027-01-01") });
    fc.assert(
      fc.property(time, time, moment, (from, to, now) => {
        const end = quietUntil({ from, to }, now, zone);
        expect(end !== null).toBe(isQuiet({ from, to }, now, zone));
        if (end === null) return;
        expect(end).toBeGreaterThan(now);
        expect(end - now).toBeLessThanOrEqual(25 * 3_600_000);
        expect(isQuiet({ from, to }, end, zone)).toBe(false);
        expect(isQuiet({ from, to }, Math.max(now, end - 60_000), zone)).toBe(true);
      }),
    );
  });
});
