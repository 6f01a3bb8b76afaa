import type { LogLevelName } from "../../../contract/features/logs.ts";

/** What one line says about itself, before it is redacted. */
export interface LineFacts {
  /** Milliseconds since 1970, or `null` when the line carries no time. */
  time: number | null;
  /** Characters of the time PM2 put before the line; they are no part of what the program printed. */
  prefixLength: number;
  level: LogLevelName;
  isContinuation: boolean;
}

const timePattern =
  /^\[?(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?( ?(?:Z|[+-]\d\d:?\d\d))?\]?(: |:$)?/;
const jsonTimePattern = /"(?:time|timestamp|ts|@timestamp)"\s*:\s*(?:(\d{13})(?:\.\d+)?[,}]|"([^"]{19,35})")/;

/** Reads time, level and grouping of one line (without its line end). Looks at its first 400 characters only. */
export function readLine(line: string): LineFacts {
  const { time, prefixLength } = readTime(line);
  const start = stripAnsi(line.slice(prefixLength, prefixLength + 400));
  return {
    time: time ?? readJsonTime(start),
    prefixLength,
    level: readLevel(start),
    isContinuation: isContinuation(start),
  };
}

function readTime(line: string): { time: number | null; prefixLength: number } {
  const first = line.charCodeAt(0);
  const isDigitOrBracket = (first >= 48 && first <= 57) || first === 91;
  const match = isDigitOrBracket ? timePattern.exec(line.slice(0, 48)) : null;
  if (!match) return { time: null, prefixLength: 0 };
  const [whole, year, month, day, hour, minute, second, fraction = "", zone = "", end] = match;
  const parts = [year, month, day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const milliseconds = Number(fraction.padEnd(3, "0").slice(0, 3));
  const local: [number, number, number, number, number, number, number] = [
    parts[0],
    parts[1] - 1,
    parts[2],
    parts[3],
    parts[4],
    parts[5],
    milliseconds,
  ];
  const offset = zoneOffsetMs(zone.trim());
  const time = offset === null ? new Date(...local).getTime() : Date.UTC(...local) - offset;
  return { time: Number.isNaN(time) ? null : time, prefixLength: end === undefined || first === 91 ? 0 : whole.length };
}

function zoneOffsetMs(zone: string): number | null {
  if (zone === "") return null;
  if (zone === "Z") return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith("-") ? -minutes : minutes) * 60_000;
}

function readJsonTime(start: string): number | null {
  if (!start.startsWith("{")) return null;
  const match = jsonTimePattern.exec(start);
  if (!match) return null;
  const time = match[1] === undefined ? Date.parse(match[2] ?? "") : Number(match[1]);
  return Number.isNaN(time) ? null : time;
}

const levelOf: Record<string, LogLevelName> = {
  fatal: "error",
  critical: "error",
  crit: "error",
  panic: "error",
  severe: "error",
  emerg: "error",
  alert: "error",
  error: "error",
  err: "error",
  warn: "warn",
  warning: "warn",
  info: "info",
  notice: "info",
  http: "info",
  log: "info",
  debug: "debug",
  trace: "debug",
  verbose: "debug",
  silly: "debug",
};

const emojiLevels: readonly [string, LogLevelName][] = [
  ["❌", "error"],
  ["⚠", "warn"],
  ["ℹ", "info"],
  ["🔍", "debug"],
];

const jsonLevel = /"(?:level|severity|lvl|levelname)"\s*:\s*(?:"(\w+)"|(\d{1,2})\b)/;
const keyLevel = /\b(?:level|lvl|severity)=["']?(\w+)/i;
const upperLevel =
  /(?:^|[\s[(|<])(FATAL|CRITICAL|CRIT|PANIC|SEVERE|EMERG|ERROR|ERR|WARN|WARNING|INFO|NOTICE|DEBUG|TRACE|VERBOSE)(?=$|[\s\]):|>!,])/;
const lowerLevel =
  /(?:^|[\s[(|<])(fatal|critical|panic|error|err|warn|warning|info|notice|http(?!:\/\/)|debug|trace|verbose|silly)(?=[\]):|>])/i;
const leadingWord = /^(?:\p{Extended_Pictographic}\ufe0f?\s*)?(fatal|error|warn|warning|info|debug|trace|verbose)\s/iu;
const npmLevel = /^(?:npm|pnpm|yarn) (error|ERR!|warn|WARN|notice|info)\b/;
const failure = /^(?:\w+:\d+\s+)?(?:Uncaught )?(?:[A-Z][A-Za-z]*(?:Error|Exception)\b|Traceback \(most recent|panic: )/;

/** Finds the level a line claims in its first characters, without ANSI codes. */
export function readLevel(start: string): LogLevelName {
  for (const [emoji, level] of emojiLevels) if (start.startsWith(emoji)) return level;
  if (start.startsWith("{")) {
    const match = jsonLevel.exec(start);
    if (match)
      return match[2] === undefined ? (levelOf[(match[1] ?? "").toLowerCase()] ?? "other") : fromNumber(match[2]);
  }
  const head = start.slice(0, 160);
  if (failure.test(head)) return "error";
  const word =
    leadingWord.exec(head)?.[1] ??
    npmLevel.exec(head)?.[1]?.replace("!", "") ??
    upperLevel.exec(head)?.[1] ??
    keyLevel.exec(head)?.[1] ??
    lowerLevel.exec(head)?.[1];
  return (word === undefined ? undefined : levelOf[word.toLowerCase()]) ?? "other";
}

/** Numbers of pino and bunyan: 10 trace … 60 fatal. */
function fromNumber(digits: string): LogLevelName {
  const level = Number(digits);
  if (level >= 50) return "error";
  if (level >= 40) return "warn";
  return level >= 30 ? "info" : "debug";
}

const continuation =
  /^(?:\t|\s{4,}\S|\s+at \S|\s*\^+\s*$|\s*Caused by: |\s*\.\.\. \d+ more|\s+File "|\s{2,}\[?(?:cause|code|errno|syscall|address|port|path|stack)\]?: |[}\])]+[;,]?\s*$|goroutine \d+ )/;

/** True for a line that belongs to the one above it: stack frames, indented details, the closing bracket of an object. */
export function isContinuation(start: string): boolean {
  return continuation.test(start);
}

// Control sequences (CSI), operating system commands such as titles and links (OSC), and two-character escapes.
const ansiPattern = new RegExp(
  [
    "\\u001b\\[[0-?]*[ -/]*[@-~]",
    "\\u001b\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)?",
    "\\u001b[PX^_][^\\u001b]*(?:\\u001b\\\\)?",
    "\\u001b[ -/]*[0-OQ-WYZ\\\\`-~]",
    "\\u009b[0-?]*[ -/]*[@-~]",
  ].join("|"),
  "g",
);

/** Text without ANSI escape sequences. */
export function stripAnsi(text: string): string {
  return text.includes("\u001b") || text.includes("\u009b") ? text.replace(ansiPattern, "") : text;
}
