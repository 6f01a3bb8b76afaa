import { createMarkReader } from "./session-marks.ts";
import type { SessionOptions, SessionRecord } from "./session.ts";

export interface SessionReports {
  /** Reads the next bytes of output. */
  scan(bytes: Uint8Array): void;
  /** The running command has ended, or its session with it. */
  finishCommand(exitCode: number | null): void;
}

/** Takes what a program reports in its output – title, folder, bell, commands – into the record of its session. */
export function createSessionReports(
  options: Pick<SessionOptions, "record" | "clock" | "listener" | "nonce">,
): SessionReports {
  const { record, clock, listener, nonce } = options;
  let startFolder = "";
  let isNamed = false;

  function note<K extends "title" | "folder" | "lastBellAt">(field: K, value: SessionRecord[K]): void {
    if (record[field] === value) return;
    record[field] = value;
    listener.onChange();
  }

  function finishCommand(exitCode: number | null): void {
    const running = record.runningCommand;
    if (!running) return;
    record.runningCommand = null;
    if (isNamed) {
      listener.onCommand({
        at: running.startedAt,
        command: running.text,
        folder: startFolder,
        exitCode,
        durationMs: Math.max(0, clock.now() - Date.parse(running.startedAt)),
        sessionId: record.id,
      });
    }
    listener.onChange();
  }

  const marks = createMarkReader(nonce, {
    onTitle: (title) => {
      note("title", title);
    },
    onBell: () => {
      // A program that rings without end is told of once a second.
      note("lastBellAt", new Date(Math.floor(clock.now() / 1000) * 1000).toISOString());
    },
    onFolder: (folder) => {
      note("folder", folder);
    },
    onCommandStart: (text) => {
      if (record.runningCommand && text === "") return;
      record.runningCommand = { text: text === "" ? "command" : text, startedAt: new Date(clock.now()).toISOString() };
      startFolder = record.folder;
      isNamed = text !== "";
      listener.onChange();
    },
    onCommandEnd: finishCommand,
  });
  return {
    scan: (bytes) => {
      marks.scan(bytes);
    },
    finishCommand,
  };
}
