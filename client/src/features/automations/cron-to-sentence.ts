import { clock, dayNames, listed, monthNames, nicknames, ordinal, placeNames } from "./cron-words.ts";

interface Fields {
  second: string;
  minute: string;
  hour: string;
  dayOfMonth: string;
  month: string;
  dayOfWeek: string;
}

/** Says "30 9 * * 1-5" as "every weekday at 09:30"; `null` for an expression it has no sentence for. */
export function cronToSentence(expression: string): string | null {
  const fields = split(expression);
  if (!fields) return null;
  const days = isEitherDay(fields) ? eitherDayText(fields) : daysText(fields);
  if (days === null) return null;
  const repeated = repeatedText(fields);
  if (repeated !== null) return [repeated, days.repeated, days.months].filter((part) => part !== "").join(" ");
  const times = timesText(fields);
  if (times === null) return null;
  return [days.timed, times, days.months].filter((part) => part !== "").join(" ");
}

/** The same, or, when there is no sentence, the fields one by one: never empty, whatever the expression is. */
export function cronInWords(expression: string): string {
  const sentence = cronToSentence(expression);
  if (sentence !== null) return sentence;
  const fields = split(expression);
  if (!fields) return `cron ${expression.trim()}`;
  const { second, minute, hour, dayOfMonth, month, dayOfWeek } = fields;
  const day = fieldText("day of month", dayOfMonth);
  const weekday = fieldText("day of week", dayOfWeek);
  const parts = [
    second === "0" ? "" : fieldText("second", second),
    fieldText("minute", minute) || "every minute",
    fieldText("hour", hour),
    isEitherDay(fields) ? `${day} or ${weekday}` : day,
    fieldText("month", month),
    isEitherDay(fields) ? "" : weekday,
  ].filter((text) => text !== "");
  return `at ${parts.join(", ")}`;
}

function fieldText(name: string, value: string): string {
  return value === "*" ? "" : `${name} ${value}`;
}

function any(field: string): string {
  return field === "?" || field === "*/1" ? "*" : field;
}

function split(expression: string): Fields | null {
  const text = expression.trim().toLowerCase();
  const parts = (nicknames[text] ?? text).split(/\s+/);
  if (parts.length === 5) parts.unshift("0");
  if (parts.length !== 6) return null;
  const [second = "", minute = "", hour = "", dayOfMonth = "", month = "", dayOfWeek = ""] = parts;
  return {
    second,
    minute: any(minute),
    hour: any(hour),
    dayOfMonth: any(dayOfMonth),
    month: named(any(month), monthNames, 1),
    dayOfWeek: named(any(dayOfWeek), dayNames, 0),
  };
}

/** "mon-fri" → "1-5". */
function named(field: string, names: readonly string[], first: number): string {
  return field.replaceAll(/[a-z]{3}/g, (name) => {
    const index = names.findIndex((candidate) => candidate.toLowerCase().startsWith(name));
    return index < 0 ? name : String(index + first);
  });
}

function stepOf(field: string, size: number): number | null {
  if (field === "*") return 1;
  const step = Number(/^\*\/(\d{1,2})$/.exec(field)?.[1] ?? 0);
  return step > 1 && size % step === 0 ? step : null;
}

function single(field: string, max: number): number | null {
  return /^\d{1,2}$/.test(field) && Number(field) <= max ? Number(field) : null;
}

function every(step: number, unit: string): string {
  return step === 1 ? `every ${unit}` : `every ${String(step)} ${unit}s`;
}

function repeatedText({ second, minute, hour }: Fields): string | null {
  const seconds = stepOf(second, 60);
  if (seconds !== null) return minute === "*" && hour === "*" ? every(seconds, "second") : null;
  if (second !== "0") return null;
  const range = /^(\d{1,2})(?:-(\d{1,2}))?(?:\/(\d{1,2}))?$/.exec(hour);
  const [from, to] = [Number(range?.[1]), Number(range?.[2] ?? range?.[1])];
  const isRange = range !== null && from <= to && to <= 23;
  const minutes = stepOf(minute, 60);
  if (minutes !== null) {
    if (hour === "*") return every(minutes, "minute");
    if (!isRange || range[3] !== undefined) return null;
    return `${every(minutes, "minute")} between ${clock(from, 0)} and ${clock((to + 1) % 24, 0)}`;
  }
  const at = single(minute, 59);
  if (at === null) return null;
  const step = stepOf(hour, 24);
  if (step !== null) return every(step, "hour") + (at === 0 ? "" : ` at minute ${String(at)}`);
  const rangeStep = Number(range?.[3] ?? 1);
  if (!isRange || from === to || 24 % rangeStep !== 0) return null;
  return `${every(rangeStep, "hour")} from ${clock(from, at)} to ${clock(to, at)}`;
}

function timesText({ second, minute, hour }: Fields): string | null {
  const at = single(minute, 59);
  const hours = numbers(hour, 0, 23);
  if (second !== "0" || at === null || hours === null) return null;
  return `at ${listed(hours.map((value) => clock(value, at)))}`;
}

interface DaysText {
  /** Before a time: "every weekday". */
  timed: string;
  /** After "every 15 minutes": "on weekdays". */
  repeated: string;
  /** "in March and June" */
  months: string;
}

function daysText({ dayOfMonth, month, dayOfWeek }: Fields): DaysText | null {
  const monthList = month === "*" ? [] : numbers(month, 1, 12);
  if (monthList === null || (dayOfMonth !== "*" && dayOfWeek !== "*")) return null;
  const names = monthList.map((value) => monthNames[value - 1] ?? "");
  const months = names.length === 0 ? "" : `in ${listed(names)}`;
  if (dayOfMonth === "*" && dayOfWeek === "*") return { timed: "every day", repeated: "", months };
  if (dayOfWeek !== "*") {
    const [timed, repeated] = weekText(dayOfWeek);
    return timed === "" ? null : { timed, repeated, months };
  }
  const dates = dayOfMonth === "l" ? [] : numbers(dayOfMonth, 1, 31);
  if (dates === null) return null;
  const [name] = names;
  const [date] = dates;
  if (names.length === 1 && name !== undefined && dates.length === 1 && date !== undefined) {
    const text = `on ${String(date)} ${name}`;
    return { timed: `every year ${text}`, repeated: text, months: "" };
  }
  const text = `on the ${date === undefined ? "last day" : listed(dates.map(ordinal))} of each month`;
  return { timed: text, repeated: text, months };
}

/** Cron runs on a day that fits either field when both are given. */
function isEitherDay({ dayOfMonth, dayOfWeek }: Fields): boolean {
  return dayOfMonth !== "*" && dayOfWeek !== "*" && !dayOfWeek.includes("+");
}

function eitherDayText(fields: Fields): DaysText | null {
  const dates = daysText({ ...fields, dayOfWeek: "*", month: "*" });
  const week = daysText({ ...fields, dayOfMonth: "*" });
  if (dates === null || week === null || week.repeated === "every day") return null;
  const text = `${dates.repeated} or ${week.repeated}`;
  return { timed: text, repeated: text, months: week.months };
}

function weekText(field: string): [timed: string, repeated: string] {
  const placed = /^([0-7])#([1-5l])$/.exec(field) ?? /^([0-7])(l)$/.exec(field);
  if (placed) {
    const place = placed[2] === "l" ? "last" : placeNames[Number(placed[2]) - 1];
    const text = `on the ${place ?? ""} ${dayNames[Number(placed[1]) % 7] ?? ""} of each month`;
    return [text, text];
  }
  const days = numbers(field, 0, 7);
  if (days === null) return ["", ""];
  const set = [...new Set(days.map((day) => day % 7))].toSorted((a, b) => a - b);
  const key = set.join("");
  if (key === "0123456") return ["every day", "every day"];
  if (key === "12345") return ["every weekday", "on weekdays"];
  if (key === "06") return ["every weekend day", "on weekends"];
  const text = listed(set.map((day) => dayNames[day] ?? ""));
  return [`every ${text}`, `on ${text}`];
}

/** "1-3,5" → [1, 2, 3, 5]; `null` for anything else. */
function numbers(field: string, min: number, max: number): number[] | null {
  const found = new Set<number>();
  for (const part of field.split(",")) {
    const range = /^(\d{1,2})(?:-(\d{1,2}))?$/.exec(part);
    if (!range) return null;
    const [from, to] = [Number(range[1]), Number(range[2] ?? range[1])];
    if (from < min || to > max || to < from) return null;
    for (let value = from; value <= to; value += 1) found.add(value);
  }
  return [...found].toSorted((a, b) => a - b);
}
