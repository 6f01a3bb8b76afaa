import { Cron } from "croner";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { cronInWords, cronToSentence } from "./cron-to-sentence.ts";
import { clock, dayNames, listed, monthNames, ordinal } from "./cron-words.ts";
import { sentenceToCron } from "./sentence-to-cron.ts";

function cronOf(sentence: string): string {
  const result = sentenceToCron(sentence);
  return result.ok ? result.expression : `refused: ${result.reason}`;
}

const several = <T>(values: readonly T[]): fc.Arbitrary<T[]> =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });

const field = (min: number, max: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constant("*"),
    fc.integer({ min, max }).map(String),
    fc.constantFrom("*/2", "*/5", "*/6", "*/15", "*/7"),
    fc
      .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
      .map(([a, b]) => `${String(Math.min(a, b))}-${String(Math.max(a, b))}`),
  );

describe("sentences and cron", () => {
  it.each([
    ["every weekday at 09:30", "30 9 * * 1-5"],
    ["every 15 minutes", "*/15 * * * *"],
    ["every minute", "* * * * *"],
    ["every 10 seconds", "*/10 * * * * *"],
    ["every Monday and Thursday at 08:00", "0 8 * * 1,4"],
    ["on the 1st of each month at 06:00", "0 6 1 * *"],
    ["on the 1st and 15th of each month at 06:00", "0 6 1,15 * *"],
    ["on the last day of each month at 23:45", "45 23 L * *"],
    ["on the first Monday of each month at 09:00", "0 9 * * 1#1"],
    ["on the last Friday of each month at 17:00", "0 17 * * 5#L"],
    ["every year on 24 December at 18:00", "0 18 24 12 *"],
    ["every day at 09:00, 12:00 and 17:00", "0 9,12,17 * * *"],
    ["every hour", "0 * * * *"],
    ["every 6 hours at minute 20", "20 */6 * * *"],
    ["every 15 minutes between 09:00 and 17:00 on weekdays", "*/15 9-16 * * 1-5"],
    ["every hour from 09:15 to 17:15 on weekdays", "15 9-17 * * 1-5"],
    ["every weekend day at 10:00 in July and August", "0 10 * 7,8 0,6"],
  ])("“%s” is %s, both ways", (sentence, expression) => {
    expect(cronOf(sentence)).toBe(expression);
    expect(cronToSentence(expression)).toBe(sentence);
  });

  it.each([
    ["weekdays at 9:30am", "30 9 * * 1-5"],
    ["Daily at noon.", "0 12 * * *"],
    ["at midnight", "0 0 * * *"],
    ["9pm every Friday", "0 21 * * 5"],
    ["Mondays, Wednesdays and Fridays at 7", "0 7 * * 1,3,5"],
    ["monday to friday at 18:05", "5 18 * * 1-5"],
    ["on the 3rd of every month at 12am", "0 0 3 * *"],
    ["hourly", "0 * * * *"],
    ["on March 1 at 08:00", "0 8 1 3 *"],
    ["every week on sunday at 20:00", "0 20 * * 0"],
    ["  EVERY   5  MINUTES ", "*/5 * * * *"],
  ])("understands “%s”", (sentence, expression) => {
    expect(cronOf(sentence)).toBe(expression);
  });

  it.each([
    ["every 7 minutes", "interval"],
    ["every day", "time"],
    ["every day at 25:00", "times of day"],
    ["every day at 09:30 and 17:00", "different minutes"],
    ["when the moon is full at 09:00", "not understood"],
    ["every other blue moon", "not understood"],
    ["", "Say when"],
  ])("refuses “%s” and says what is missing", (sentence, reason) => {
    expect(cronOf(sentence)).toContain(reason);
  });

  it.each([
    ["@daily", "every day at 00:00"],
    ["0 0 * * 7", "every Sunday at 00:00"],
    ["0 9 * * MON-FRI", "every weekday at 09:00"],
    ["30 4 1 1,7 *", "on the 1st of each month at 04:30 in January and July"],
    ["1-30/5 0 * * *", "at minute 1-30/5, hour 0"],
    ["0 0 1 * 1", "on the 1st of each month or on Monday at 00:00"],
    ["0 12 13 * 1-5", "on the 13th of each month or on weekdays at 12:00"],
    ["*/5 1-3 */2 6 2", "at minute */5, hour 1-3, day of month */2 or day of week 2, month 6"],
    ["not cron", "cron not cron"],
  ])("says %s in words", (expression, words) => {
    expect(cronInWords(expression)).toBe(words);
  });

  it("every sentence it can say it understands, with the same meaning", () => {
    const time = fc
      .tuple(
        fc.uniqueArray(fc.integer({ min: 0, max: 23 }), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 0, max: 59 }),
      )
      .map(([hours, minute]) => `at ${listed(hours.map((hour) => clock(hour, minute)))}`);
    const days = fc.oneof(
      fc.constantFrom("every day", "every weekday", "every weekend day", "on the last day of each month"),
      several(dayNames).map((names) => `every ${listed(names)}`),
      fc
        .uniqueArray(fc.integer({ min: 1, max: 31 }), { minLength: 1, maxLength: 3 })
        .map((dates) => `on the ${listed(dates.map(ordinal))} of each month`),
    );
    const months = fc.option(
      several(monthNames).map((names) => ` in ${listed(names)}`),
      { nil: "" },
    );
    fc.assert(
      fc.property(days, time, months, (day, at, month) => {
        const expression = cronOf(`${day} ${at}${month}`);
        const said = cronToSentence(expression);
        expect(said).not.toBeNull();
        expect(cronOf(said ?? "")).toBe(expression);
        expect(new Cron(expression, { mode: "5-or-6-parts", paused: true }).nextRuns(3).length).toBeGreaterThanOrEqual(
          0,
        );
      }),
      { numRuns: 400 },
    );
  });

  it("what it says of any expression means the same to croner", () => {
    const from = new Date("2026-11-21T12:00:00Z");
    const runs = (expression: string): string[] =>
      new Cron(expression, { timezone: "UTC", mode: "5-or-6-parts", paused: true })
        .nextRuns(5, from)
        .map((run) => run.toISOString());
    fc.assert(
      fc.property(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6), (...parts) => {
        const expression = parts.join(" ");
        const sentence = cronToSentence(expression);
        fc.pre(sentence !== null);
        const result = sentenceToCron(sentence);
        expect(result.ok ? runs(result.expression) : result.reason).toEqual(runs(expression));
      }),
      { numRuns: 300 },
    );
  });
});
