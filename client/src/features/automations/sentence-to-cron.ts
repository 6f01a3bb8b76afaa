import { dayNames, monthNames, placeNames } from "./cron-words.ts";

/** What a sentence means, or what it lacks. */
export type SentenceResult = { ok: true; expression: string } | { ok: false; reason: string };

interface Days {
  dayOfMonth: string;
  month: string;
  dayOfWeek: string;
}

interface Clock {
  hour: number;
  minute: number;
}

const timeText = "(?:\\d{1,2}(?::\\d{2})?(?: ?[ap]m)?|noon|midnight)";
const windowPattern = new RegExp(`\\b(?:between|from) (${timeText}) (?:and|to|until|till) (${timeText})`);
const timesPattern = new RegExp(`(?:\\bat |@ ?|^| )(${timeText}(?: and (?:at )?${timeText})*)$`);
const minutePattern = /\bat (?:minute |:)(\d{1,2})\b/;
const everyPattern = /^(?:every|each) (?:(\d{1,4}) ?)?(second|minute|hour)s?\b/;
const monthsPattern = /\bin ((?:[a-z]+)(?: and [a-z]+)*)$/;
const anyDay: Days = { dayOfMonth: "*", month: "*", dayOfWeek: "*" };

const notUnderstood = "This was not understood. Say it like “every weekday at 09:30” or “every 15 minutes”.";

const refuse = (reason: string): SentenceResult => ({ ok: false, reason });

/** Turns "every weekday at 09:30" into "30 9 * * 1-5". Understands what `cronToSentence` says, and more. */
export function sentenceToCron(sentence: string): SentenceResult {
  const text = normalise(sentence);
  if (text === "") return refuse("Say when, like “every weekday at 09:30”.");
  const [withoutMonths, month] = takeMonths(text);
  const every = everyPattern.exec(withoutMonths);
  return every ? repeated(withoutMonths, every, month) : timed(withoutMonths, month);
}

function normalise(sentence: string): string {
  return sentence
    .toLowerCase()
    .replace(/[.!;]+$/, "")
    .replaceAll(/\s*(?:,| & )\s*(?:and )?/g, " and ")
    .replace(/\b(hourly)\b/, "every hour")
    .replace(/\bo'?clock\b/, "")
    .replaceAll(/\s+/g, " ")
    .trim();
}

function takeMonths(text: string): [rest: string, month: string] {
  const found = monthsPattern.exec(text);
  const months = found?.[1]?.split(" and ").map((name) => indexOfName(monthNames, name) + 1);
  if (!found || months?.every((value) => value > 0) !== true) return [text, "*"];
  return [text.slice(0, found.index).trim(), months.toSorted((a, b) => a - b).join(",")];
}

/** "every 15 minutes between 09:00 and 17:00 on weekdays" */
function repeated(text: string, every: RegExpExecArray, month: string): SentenceResult {
  const step = Number(every[1] ?? 1);
  const unit = every[2];
  const size = unit === "hour" ? 24 : 60;
  if (step < 1 || (step > 1 && size % step !== 0))
    return refuse(
      `Cron starts anew each ${unit === "hour" ? "day" : unit === "minute" ? "hour" : "minute"}, so ${String(step)} ${String(unit)}s would not stay even. Use an interval instead.`,
    );
  let rest = text.slice(every[0].length).trim();
  const minute = minutePattern.exec(rest);
  if (minute) rest = cut(rest, minute);
  const window = windowPattern.exec(rest);
  if (window) rest = cut(rest, window);
  const days = daysOf(rest);
  if (!days) return refuse(notUnderstood);
  const tail = daysFields(days, month);
  const steps = step === 1 ? "*" : `*/${String(step)}`;
  if (unit === "second")
    return window || minute ? refuse("Seconds repeat all day long.") : accept(`${steps} * * ${tail}`);
  const from = window ? clockOf(window[1] ?? "") : null;
  const to = window ? clockOf(window[2] ?? "") : null;
  if (window && (!from || !to)) return refuse("These are no times of day.");
  if (unit === "hour") return hourly(steps, Number(minute?.[1] ?? from?.minute ?? 0), from, to, tail);
  if (minute) return refuse("Minutes repeat within the hour; leave “at minute” out.");
  if (!from || !to) return accept(`${steps} * ${tail}`);
  const last = to.hour === 0 ? 23 : to.hour - 1;
  if (from.minute !== 0 || to.minute !== 0 || last < from.hour)
    return refuse("Between whole hours of one day, like “between 09:00 and 17:00”.");
  return accept(`${steps} ${hours(from.hour, last)} ${tail}`);
}

function hourly(steps: string, minute: number, from: Clock | null, to: Clock | null, tail: string): SentenceResult {
  if (minute > 59) return refuse("An hour has the minutes 0 to 59.");
  if (!from || !to) return accept(`${String(minute)} ${steps} ${tail}`);
  if (to.hour <= from.hour || to.minute !== from.minute)
    return refuse("From one hour to a later one of the same day, like “from 09:15 to 17:15”.");
  const range = hours(from.hour, to.hour);
  return accept(`${String(minute)} ${steps === "*" ? range : `${range}${steps.slice(1)}`} ${tail}`);
}

/** "every monday and thursday at 08:00" */
function timed(text: string, month: string): SentenceResult {
  const found = timesPattern.exec(text) ?? new RegExp(`^(?:at )?(${timeText})(?= )`).exec(text);
  if (!found) return refuse(daysOf(text) ? "Say a time as well, like “at 09:00”." : notUnderstood);
  const times = (found[1] ?? "").split(/ and (?:at )?/).map(clockOf);
  const days = daysOf(cut(text, found));
  if (!days) return refuse(notUnderstood);
  const known = times.filter((time) => time !== null);
  if (known.length < times.length) return refuse("These are no times of day.");
  const minutes = new Set(known.map(({ minute }) => minute));
  if (minutes.size > 1) return refuse("Times with different minutes need one automation each.");
  const list = [...new Set(known.map(({ hour }) => hour))].toSorted((a, b) => a - b);
  return accept(`${String(known[0]?.minute ?? 0)} ${list.join(",")} ${daysFields(days, month)}`);
}

function daysFields(days: Days, month: string): string {
  return `${days.dayOfMonth} ${days.month === "*" ? month : days.month} ${days.dayOfWeek}`;
}

function daysOf(text: string): Days | null {
  const rest = text
    .replace(/^(?:(?:every|each) week|weekly|monthly|(?:every|each) month|yearly|(?:every|each) year) (?=on )/, "")
    .trim();
  if (["", "every day", "each day", "daily", "everyday", "all days"].includes(rest)) return anyDay;
  if (/^(?:on |every |each )?(?:week|work|working )days?$/.test(rest)) return { ...anyDay, dayOfWeek: "1-5" };
  if (/^(?:on |every |each |at )?weekends?(?: days?)?$/.test(rest)) return { ...anyDay, dayOfWeek: "0,6" };
  return weekdaysOf(rest) ?? monthDaysOf(rest) ?? placedDayOf(rest) ?? dateOf(rest) ?? eitherDayOf(rest);
}

/** "on the 1st of each month or on Monday": cron runs on a day that fits either. */
function eitherDayOf(text: string): Days | null {
  const [first = "", second = "", ...more] = text.split(" or ");
  if (second === "" || more.length > 0) return null;
  const [date, week] = [monthDaysOf(first), weekdaysOf(second) ?? daysOf(second)];
  if (!date || !week || week.dayOfWeek === "*" || week.dayOfMonth !== "*") return null;
  return { ...date, dayOfWeek: week.dayOfWeek };
}

function weekdaysOf(text: string): Days | null {
  const names = text.replace(/^(?:on|every|each) /, "");
  const range = /^([a-z]+) (?:to|through|until|-) ([a-z]+)$/.exec(names);
  if (range) {
    const [from, to] = [dayIndex(range[1] ?? ""), dayIndex(range[2] ?? "")];
    return from < 0 || to < 0 ? null : { ...anyDay, dayOfWeek: `${String(from)}-${String(to === 0 ? 7 : to)}` };
  }
  const days = names.split(/ and (?:on )?/).map(dayIndex);
  return days.some((day) => day < 0) ? null : { ...anyDay, dayOfWeek: days.toSorted((a, b) => a - b).join(",") };
}

function monthDaysOf(text: string): Days | null {
  if (/^on the last day of (?:each|every|the) month$/.test(text)) return { ...anyDay, dayOfMonth: "L" };
  const found = /^on the (.+?)(?: day)? of (?:each|every|the) month$/.exec(text);
  const days = found?.[1]
    ?.split(/ and (?:the )?/)
    .map((item) => Number(/^(\d{1,2})(?:st|nd|rd|th)?$/.exec(item)?.[1] ?? 0));
  if (days?.every((day) => day >= 1 && day <= 31) !== true) return null;
  return { ...anyDay, dayOfMonth: days.toSorted((a, b) => a - b).join(",") };
}

function placedDayOf(text: string): Days | null {
  const found = /^on the (\w+) (\w+) of (?:each|every|the) month$/.exec(text);
  if (!found) return null;
  const place = indexOfName(placeNames, found[1] ?? "") + 1;
  const day = dayIndex(found[2] ?? "");
  if (day < 0 || (place === 0 && found[1] !== "last")) return null;
  return { ...anyDay, dayOfWeek: `${String(day)}#${place === 0 ? "L" : String(place)}` };
}

function dateOf(text: string): Days | null {
  const found =
    /^(?:on )?(?:the )?(\d{1,2})(?:st|nd|rd|th)?(?: of)? ([a-z]+)$/.exec(text) ??
    /^(?:on )?(?<month>[a-z]+) (?:the )?(?<day>\d{1,2})(?:st|nd|rd|th)?$/.exec(text);
  if (!found) return null;
  const day = Number(found.groups?.["day"] ?? found[1]);
  const month = indexOfName(monthNames, found.groups?.["month"] ?? found[2] ?? "") + 1;
  return month < 1 || day < 1 || day > 31 ? null : { dayOfMonth: String(day), month: String(month), dayOfWeek: "*" };
}

function clockOf(text: string): Clock | null {
  if (text === "noon") return { hour: 12, minute: 0 };
  if (text === "midnight") return { hour: 0, minute: 0 };
  const found = /^(\d{1,2})(?::(\d{2}))?(?: ?([ap])m)?$/.exec(text);
  if (!found) return null;
  const [hour, minute] = [Number(found[1]), Number(found[2] ?? 0)];
  if (minute > 59 || hour > (found[3] === undefined ? 23 : 12) || (found[3] !== undefined && hour === 0)) return null;
  return { hour: found[3] === undefined ? hour : (hour % 12) + (found[3] === "p" ? 12 : 0), minute };
}

function indexOfName(names: readonly string[], text: string): number {
  return text.length < 3 ? -1 : names.findIndex((name) => name.toLowerCase().startsWith(text));
}

function dayIndex(text: string): number {
  return indexOfName(dayNames, text.replace(/(?<=day)s$/, ""));
}

function cut(text: string, found: RegExpExecArray): string {
  return `${text.slice(0, found.index)} ${text.slice(found.index + found[0].length)}`.replaceAll(/\s+/g, " ").trim();
}

function hours(from: number, to: number): string {
  return from === to ? String(from) : `${String(from)}-${String(to)}`;
}

function accept(expression: string): SentenceResult {
  return { ok: true, expression };
}
