/** Which clock the time column shows. */
export type LogTimes = "local" | "utc" | "off";

/** "14:02:10.123" on the chosen clock. */
export function formatLogTime(time: number, times: LogTimes): string {
  const date = new Date(time);
  const [hours, minutes, seconds, milliseconds] =
    times === "utc"
      ? [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds(), date.getUTCMilliseconds()]
      : [date.getHours(), date.getMinutes(), date.getSeconds(), date.getMilliseconds()];
  return `${two(hours)}:${two(minutes)}:${two(seconds)}.${String(milliseconds).padStart(3, "0")}`;
}

/** Date and time with its zone, for titles and copies: "2026-11-21 14:02:10.123 UTC". */
export function formatLogDate(time: number, times: LogTimes): string {
  const date = new Date(time);
  if (times === "utc") return date.toISOString().replace("T", " ").replace("Z", " UTC");
  const day = `${String(date.getFullYear())}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${formatLogTime(time, "local")}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
