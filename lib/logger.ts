import { correlationId } from "./correlation.ts";
import { redact } from "./redact.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Record<string, string | number | boolean | null | undefined>;

/** One line per event. `fields` follow the message as key=value; an `error` field adds the stack on debug level only. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields & { cause?: never }, cause?: unknown): void;
  /** A logger whose lines start with `[scope]`. */
  child(scope: string): Logger;
}

const emoji: Record<LogLevel, string> = { debug: "🔍", info: "ℹ️ ", warn: "⚠️ ", error: "❌" };
const order: LogLevel[] = ["debug", "info", "warn", "error"];

export interface LoggerOptions {
  level?: LogLevel;
  scope?: string;
  /** Where a finished line goes; standard output and, from warnings on, standard error by default. */
  write?: (level: LogLevel, line: string) => void;
  /** Adds the time to each line; off under PM2, which adds it itself. */
  withTime?: boolean;
}

/** A logger that prints one redacted line per event: emoji, level, scope, correlation id, message, fields. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = "info", scope = "", write = writeToStreams, withTime = process.env["pm_id"] === undefined } = options;
  const least = order.indexOf(level);

  function print(at: LogLevel, message: string, fields: LogFields = {}, cause?: unknown): void {
    if (order.indexOf(at) < least) return;
    const id = correlationId();
    const parts = [emoji[at], at.padEnd(5), ...(scope ? [`[${scope}]`] : []), ...(id ? [`(${id})`] : []), message];
    for (const [key, value] of Object.entries(fields)) if (value !== undefined) parts.push(`${key}=${quote(value)}`);
    if (cause !== undefined) parts.push(`cause=${quote(describe(cause, level === "debug"))}`);
    const line = redact(parts.join(" ")).replaceAll("\n", "\\n");
    write(at, withTime ? `${new Date().toISOString()} ${line}` : line);
  }

  return {
    debug: (message, fields) => {
      print("debug", message, fields);
    },
    info: (message, fields) => {
      print("info", message, fields);
    },
    warn: (message, fields) => {
      print("warn", message, fields);
    },
    error: (message, fields, cause) => {
      print("error", message, fields, cause);
    },
    child: (name) => createLogger({ ...options, scope: scope ? `${scope}/${name}` : name }),
  };
}

/** A logger that prints nothing, for tests. */
export const silentLogger: Logger = createLogger({ write: () => undefined });

function writeToStreams(level: LogLevel, line: string): void {
  (level === "warn" || level === "error" ? process.stderr : process.stdout).write(`${line}\n`);
}

function quote(value: string | number | boolean | null): string {
  const text = String(value);
  return /^[\w./:@-]+$/.test(text) ? text : JSON.stringify(text);
}

function describe(cause: unknown, withStack: boolean): string {
  if (!(cause instanceof Error)) return String(cause);
  const inner = cause.cause === undefined ? "" : ` <- ${describe(cause.cause, withStack)}`;
  return `${(withStack ? cause.stack : undefined) ?? `${cause.name}: ${cause.message}`}${inner}`;
}
