import type { LogBatch, LogStream } from "../../../../contract/features/logs.ts";
import { readPreference, writePreference } from "../../lib/preferences.ts";
import type { LogWindow, WindowLine } from "./log-window.ts";

/** The last lines of a view as this browser saw them, for when the panel is opened without its server. */
export interface KeptLines {
  /** Milliseconds since 1970. */
  readonly savedAt: number;
  readonly streams: readonly LogStream[];
  readonly batch: LogBatch;
}

interface KeptView extends KeptLines {
  readonly sources: string;
}

interface KeptViews {
  /** Changes with every build, because an older build's lines may have another shape. */
  readonly build: string;
  /** Newest first. */
  readonly views: readonly KeptView[];
}

const name = "logs.last-lines";
const keepEveryMs = 5_000;
const maxViews = 6;
const maxLines = 100;
const maxTextLength = 400;
const build = import.meta.url;

/** Keeps the last lines of a view up to date until it is stopped. */
export interface LineKeeper {
  stop(): void;
}

/** A keeper of what `look` shows, looked at now and then; `null` while it is not the newest there is. */
export function createLineKeeper(
  sources: readonly string[],
  look: () => { window: LogWindow; streams: readonly LogStream[] } | null,
): LineKeeper {
  let version = -1;
  function keep(): void {
    const now = look();
    if (!now || now.window.version === version) return;
    ({ version } = now.window);
    keepLines(sources, now.window.lines, now.streams, Date.now());
  }
  const timer = setInterval(keep, keepEveryMs);
  addEventListener("pagehide", keep);
  return {
    stop() {
      keep();
      clearInterval(timer);
      removeEventListener("pagehide", keep);
    },
  };
}

/** Keeps the end of what a view shows; the views seen longest ago make room. */
export function keepLines(
  sources: readonly string[],
  lines: readonly WindowLine[],
  streams: readonly LogStream[],
  savedAt: number,
): void {
  if (lines.length === 0) return;
  const view = { sources: JSON.stringify(sources), savedAt, streams, batch: toBatch(lines.slice(-maxLines)) };
  const others = readViews().filter((other) => other.sources !== view.sources);
  const kept: KeptViews = { build, views: [view, ...others].slice(0, maxViews) };
  writePreference(name, kept);
}

/** What was kept of a view of the same processes. */
export function keptLines(sources: readonly string[]): KeptLines | null {
  const wanted = JSON.stringify(sources);
  return readViews().find((view) => view.sources === wanted) ?? null;
}

function readViews(): readonly KeptView[] {
  const kept = readPreference<KeptViews | null>(name, null);
  return kept?.build === build ? kept.views : [];
}

function toBatch(lines: readonly WindowLine[]): LogBatch {
  const files = new Map<string, { stream: string; file: string; index: number }>();
  const batch = lines.flatMap((line): LogBatch["lines"] => {
    if (line.notice) return [];
    const key = `${line.stream}:${line.file}`;
    const file = files.get(key) ?? { stream: line.stream, file: line.file, index: files.size };
    files.set(key, file);
    return [
      {
        file: file.index,
        offset: line.offset,
        bytes: line.bytes,
        time: line.time,
        level: line.level,
        text: line.text.slice(0, maxTextLength),
        ...(line.isContinuation ? { isContinuation: true } : {}),
        ...(line.cutBytes > 0 ? { cutBytes: line.cutBytes } : {}),
      },
    ];
  });
  return { files: [...files.values()].map(({ stream, file }) => ({ stream, file })), lines: batch };
}
